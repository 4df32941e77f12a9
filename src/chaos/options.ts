/** The options of a chaos peer, with their defaults. */
import { z } from 'zod'
import { CustodyError } from '../model/error.ts'
import type { Json } from '../model/row.ts'
import { compilePattern, isPattern } from '../sdk/expression.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'

/** What an answer is made from. */
export interface Question {
  /** The text of the last message of the user. */
  readonly prompt: string
  /** The body of the request. */
  readonly body: { readonly [key: string]: Json }
}
/** A text is the answer as it stands, everything else is sent as JSON text. The same question should get the same. */
export type AnswerFunction = (question: Question) => Json

const patternOption = z.string().superRefine((source, issues) => {
  const compiled = compilePattern(source)
  if (!isPattern(compiled)) issues.addIssue({ code: 'custom', message: compiled.problem })
})

const answerOption = z.json().describe('A text, or a value that is sent as JSON; `{{ prompt }}` in texts is replaced')

/** `model` is the name that the request gives; without it a rule is for all models. */
export const RULES = z.array(
  z.strictObject({ model: z.string().optional(), match: patternOption, answer: answerOption }),
)

const rate = z.number().min(0).max(1).default(0)

const faultsOption = z
  .strictObject(Object.fromEntries(FAULT_KINDS.map(kind => [kind, rate])) as Record<FaultKind, typeof rate>)
  .superRefine((rates, issues) => {
    // Ten times 0.1 is a little more than 1.
    if (Object.values(rates).reduce((sum, each) => sum + each) > 1 + 1e-9)
      issues.addIssue({ code: 'custom', message: 'the probabilities add up to more than 1' })
  })

const latencyOption = z
  .strictObject({
    min_ms: z.number().min(0).max(3_600_000).default(0),
    max_ms: z.number().min(0).max(3_600_000).default(0),
    distribution: z.enum(['uniform', 'exponential']).default('uniform'),
  })
  .refine(({ min_ms, max_ms }) => min_ms <= max_ms, { message: 'min_ms is greater than max_ms' })

const burstOption = z.union([
  z.strictObject({ requests: z.int().min(1) }),
  z.strictObject({ duration_ms: z.number().positive() }),
])

const retryAfterOption = z.strictObject({
  form: z.enum(['none', 'seconds', 'date']).default('seconds'),
  seconds: z.int().min(0).default(1),
})

const dripOption = z.strictObject({
  bytes: z.int().min(1).default(16),
  pause_ms: z.number().min(0).max(3_600_000).default(20),
})

export const CHAOS_OPTIONS = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('The address to listen on'),
  port: z.int().min(0).max(65_535).default(0).describe('The port to listen on; 0 takes one that is free'),
  seed: z.int().default(1).describe('Another seed: other requests meet faults, and made answers are others'),
  latency: latencyOption
    .prefault({})
    .describe(
      'How long an answer takes, from `min_ms` to `max_ms`. `exponential`: mostly short, `min_ms` and a quarter of the range on average',
    ),
  faults: faultsOption.prefault({}).describe('The probability of each fault; together at most 1'),
  faulty_attempts: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('So many times the same request may meet a fault; from then on it meets none'),
  burst: burstOption
    .default({ requests: 1 })
    .describe(
      'What a `rate_limited` begins: `{ requests }`, so many requests in a row, itself included, or `{ duration_ms }`',
    ),
  retry_after: retryAfterOption
    .prefault({})
    .describe('The `Retry-After` of status 429; beyond `per_minute` it gives the true wait instead of `seconds`'),
  statuses: z
    .array(z.int().min(500).max(599))
    .min(1)
    .default([500, 502, 503, 529])
    .describe('What a `server_error` is, one as likely as the other'),
  drip: dripOption.prefault({}).describe('Size of the pieces of a `drip`, and the pause after each'),
  per_minute: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('How many requests are let through in any 60 seconds; those beyond get status 429'),
  answers: RULES.default([]).describe(
    'The `answer` of the first rule is given whose pattern `match` (RE2) is found in the prompt, and whose `model`, if it names one, is asked',
  ),
  answer: z
    .union([z.custom<AnswerFunction>(value => typeof value === 'function', 'must be a function'), answerOption])
    .optional()
    .describe('The answer where no rule matches; without, one is made that fits the request'),
  keep: z.int().min(0).default(100_000).describe('How many requests are kept in `requests`; the oldest go first'),
})

export type ChaosOptions = z.input<typeof CHAOS_OPTIONS>
export type ChaosSettings = z.output<typeof CHAOS_OPTIONS>

/** Fills in the defaults. @throws CustodyError CUSTODY_ARGUMENT with all that is wrong. */
export function chaosSettings(options: ChaosOptions): ChaosSettings {
  const parsed = CHAOS_OPTIONS.safeParse(options)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the options'}: ${message}`)
  throw new CustodyError('CUSTODY_ARGUMENT', `the chaos peer can’t be started: ${problems.join('; ')}`, {
    hint: 'docs/chaos-peer.md lists the options.',
  })
}
