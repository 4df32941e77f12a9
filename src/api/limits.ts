/** What guards and limits of a run did. */
import { z } from 'zod'
import { Count, RunId, Time } from './common.ts'

/** One that must hold before anything is published. */
export const Guard = z.object({
  key: z.string().describe('as the pipeline file has it: `guards.failed`, `sources.NAME.guards.min_rows`'),
  written: z.boolean().describe('false: the file says nothing, and this holds all the same'),
  source: z.string().nullable().describe('whose records it counts; null: those of all'),
  counts: z.enum(['rejected', 'failed', 'ingested', 'records']),
  threshold: z.string().describe('as words: `5 %`, `at least 10`'),
  counted: Count,
  of: Count.nullable().describe('of so many; null where it asks for a number of rows'),
  state: z.enum(['off', 'open', 'held', 'broken']).describe('open: it isn’t judged yet'),
  did: z.enum(['nothing', 'stopped', 'overruled']).describe('overruled: it was set otherwise when the run was resumed'),
})
export type Guard = z.infer<typeof Guard>

/** What holds for one service; times in milliseconds. */
export const ServiceLimit = z.object({
  service: z.string(),
  per_minute: Count.nullable(),
  concurrency: Count,
  breaker: z.object({ failures: Count, give_up_after_ms: Count }).nullable().describe('null: off'),
  max_wait_ms: Count,
})
export type ServiceLimit = z.infer<typeof ServiceLimit>

export const Interruption = z.object({
  stopped_at: Time.nullable().describe('null: its process was gone'),
  status: z.enum(['failed', 'cancelled']).nullable(),
  reason: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  resumed_at: Time.nullable(),
})
export type Interruption = z.infer<typeof Interruption>

export const Limits = z.object({
  run: RunId,
  said: z
    .object({
      guards: z.array(Guard).describe('empty in a re-run, which replaces nothing'),
      services: z.array(ServiceLimit),
      spend_usd: z.number().nullable(),
    })
    .nullable()
    .describe('null where the plan is erased, depends on variables, or the reader may not see it'),
  spent_usd: z.number(),
  at_risk_usd: z.number().nullable().describe('what calls without a record may cost at most; null where it is erased'),
  interruptions: z.array(Interruption),
  holds: z.literal(true),
})
export type Limits = z.infer<typeof Limits>
