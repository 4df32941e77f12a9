/** Options of everything that asks a model: which one, where, with what key and settings, at what price. */
import { BlockList, isIP } from 'node:net'
import { z } from 'zod'
import { parseDuration } from '../../model/duration.ts'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { weakSecrets } from '../secrets.ts'
import { headerProblems } from '../web/headers.ts'
import { endpointOf } from './endpoint.ts'
import { extraBodyProblems } from './extra-body.ts'
import { listedPrice, type Price } from './prices.ts'
import { formatOf } from './reading.ts'

export const PROVIDERS = [
  'openai',
  'azure',
  'anthropic',
  'google',
  'amazon-bedrock',
  'openrouter',
  'compatible',
] as const
export type Provider = (typeof PROVIDERS)[number]

const OUTPUT_LIMITS = ['max_tokens', 'max_completion_tokens'] as const
export type OutputLimit = (typeof OUTPUT_LIMITS)[number]

const price = z.strictObject({
  input_usd_per_million: z.number().min(0).describe('US dollars for a million LLM tokens of input'),
  output_usd_per_million: z.number().min(0).describe('US dollars for a million LLM tokens of output'),
})

const azure = z.strictObject({
  resource: z.string().min(1).describe('Name of the Azure OpenAI resource'),
  api_version: z.string().min(1).optional().describe('`v1` if absent'),
})

const aws = z.strictObject({
  region: z.string().min(1).describe('Such as `eu-central-1`'),
  access_key_id: z.string().min(1).optional().describe('With `secret_access_key`, where there is no `api_key`'),
  secret_access_key: z.string().min(1).optional(),
  session_token: z.string().min(1).optional(),
})

const TIMEOUT_MAX_MS = 3_600_000
const isTimeout = (text: string): boolean => {
  const ms = parseDuration(text) ?? 0
  return ms > 0 && ms <= TIMEOUT_MAX_MS
}

export const modelOptions = {
  provider: z.enum(PROVIDERS).describe('`compatible` is any server that speaks OpenAI’s chat completions'),
  model: z.string().min(1).describe('The provider’s name for the model; with `azure` the name of the deployment'),
  base_url: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where the API is, up to `/v1`; `compatible` needs it, others have their own. Put a secret part in as a secret',
    ),
  api_key: z.string().min(1).optional().describe('Write `{secret: NAME}`'),
  headers: z
    .record(z.string().min(1), z.string())
    .optional()
    .describe('Headers to send besides, never recorded; those that are secret as `{secret: NAME}`'),
  azure: azure.optional().describe('With `provider: azure`: `resource`, and `api_version` if it isn’t `v1`'),
  aws: aws
    .optional()
    .describe(
      'With `provider: amazon-bedrock`: `region`, and `access_key_id` with `secret_access_key` where there is no `api_key`',
    ),
  service: z.string().min(1).optional().describe('Its name in `limits.services`; the provider’s name if absent'),
  temperature: z.number().min(0).max(2).optional().describe('The provider’s own if absent, like the next three'),
  top_p: z.number().gt(0).max(1).optional(),
  seed: z.int().optional(),
  reasoning: z.enum(['none', 'minimal', 'low', 'medium', 'high']).optional().describe('How much a model is to reason'),
  max_output_tokens: z.int().min(1).default(1024).describe('The most that an answer, reasoning included, may have'),
  output_limit: z
    .enum(OUTPUT_LIMITS)
    .optional()
    .describe(
      'What `max_output_tokens` is called in requests, if the service wants another name: `max_completion_tokens` for `azure` and for OpenAI itself if absent, else `max_tokens`',
    ),
  body: z
    .record(z.string().min(1), z.json())
    .optional()
    .describe('More for the body of each request, such as `{top_k: 20}`; secrets may be in it'),
  accept_finish_reasons: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Reasons to end, by the service’s words, that make a whole answer as well; `none` for answers that give none',
    ),
  structured: z
    .enum(['schema', 'json', 'text'])
    .default('schema')
    .describe(
      'How the model gets the schema: `schema`, as the provider’s structured output; `json`, in the system prompt, with its JSON mode; `text`, in the system prompt only',
    ),
  timeout: z
    .string()
    .refine(isTimeout, { error: 'write a duration up to 1h, such as 30s' })
    .default('2m')
    .describe('For one answer; up to `1h`'),
  price: price
    .optional()
    .describe('`input_usd_per_million` and `output_usd_per_million`; comes before the built-in price'),
}
const shape = z.strictObject(modelOptions)
export type ModelOptions = z.output<typeof shape>

/** A warning: each row would pay for the same answer. */
export function sameForAll(path: OptionProblem['path']): OptionProblem {
  return {
    path,
    message: 'no field of the row is in the prompt: the same is asked for every row',
    hint: 'a field is written {{ name }}, the whole row {{ row }}',
    severity: 'warning',
  }
}

/** What each provider needs, and what it has no use for. */
export function modelProblems(options: ModelOptions, secrets: readonly SecretOption[]): readonly OptionProblem[] {
  const { provider, base_url, api_key, aws: amazon } = options
  const problems: OptionProblem[] = [
    ...headerProblems(options.headers ?? {}, undefined),
    ...extraBodyProblems(options),
    ...weakSecrets(options, secrets),
  ]
  const need = (holds: boolean, name: string, message: string, hint?: string) => {
    if (!holds) problems.push({ path: [name], message, ...(hint === undefined ? {} : { hint }) })
  }
  need(provider !== 'compatible' || base_url !== undefined, 'base_url', '`compatible` needs a `base_url`')
  need(
    isLikelyUrl(base_url),
    'base_url',
    '`base_url` isn’t the URL of a web server',
    'such as http://127.0.0.1:8080/v1',
  )
  const keyed = provider !== 'compatible' && provider !== 'amazon-bedrock'
  need(
    !keyed || api_key !== undefined,
    'api_key',
    `\`${provider}\` needs an \`api_key\``,
    'write api_key: {secret: NAME}, with the name of the environment variable that holds the key',
  )
  need(provider === 'azure' || options.azure === undefined, 'azure', `\`${provider}\` has no use for \`azure\``)
  need(provider === 'amazon-bedrock' || amazon === undefined, 'aws', `\`${provider}\` has no use for \`aws\``)
  if (provider === 'azure')
    need((options.azure === undefined) !== (base_url === undefined), 'azure', 'Azure needs `azure` or a `base_url`')
  if (provider === 'amazon-bedrock') {
    need(amazon !== undefined, 'aws', 'Bedrock needs `aws` with a region')
    const pair = amazon?.access_key_id !== undefined && amazon.secret_access_key !== undefined
    const message = 'Bedrock needs an `api_key`, or in `aws` an access key’s id and secret'
    need(amazon === undefined || pair !== (api_key !== undefined), 'api_key', message)
  }
  need(
    formatOf(provider) === 'chat' || options.output_limit === undefined,
    'output_limit',
    `\`${provider}\` has no use for \`output_limit\``,
  )
  return problems
}

/** Where a file is only checked, a word that looks like no URL stands for a secret that isn't set. */
const isLikelyUrl = (text: string | undefined) => text === undefined || !/[:/.]/.test(text) || endpointOf(text) !== null

export const serviceOf = ({ service, provider }: ModelOptions): string => service ?? provider

export const timeoutOf = ({ timeout }: ModelOptions): number => parseDuration(timeout) ?? 0

/** Versions of Azure's API before this one don't know it. */
const AZURE_KNOWS_COMPLETION = '2024-09-01'

/** Null: as the library says, which goes by the names of OpenAI's models. */
export function outputLimitOf({
  output_limit,
  provider,
  base_url,
  azure,
  reasoning,
}: ModelOptions): OutputLimit | null {
  if (output_limit !== undefined) return output_limit
  // A deployment has its own name, which says nothing about the model.
  if (provider === 'azure')
    return /^\d{4}-/.test(azure?.api_version ?? '') && (azure?.api_version ?? '') < AZURE_KNOWS_COMPLETION
      ? 'max_tokens'
      : 'max_completion_tokens'
  const reasons = reasoning !== undefined && reasoning !== 'none'
  return provider === 'openai' && (base_url === undefined || reasons) ? 'max_completion_tokens' : null
}

// ── the price ───────────────────────────────────────────────────────────────────────────────────────────────────────

const FREE: Price = { input_usd_per_million: 0, output_usd_per_million: 0 }

/** Null if it isn't known. A server of one's own costs nothing by itself. */
export function priceOf({ price: own, provider, model, base_url }: ModelOptions): Price | null {
  if (own !== undefined) return own
  if (provider === 'compatible') return isNear(base_url) ? FREE : null
  return listedPrice(provider, model)
}

export function unpriced(options: ModelOptions): string | null {
  if (priceOf(options) !== null) return null
  return `there is no built-in price for ${options.provider} ${options.model}: write \`price\``
}

const NEAR = new BlockList()
NEAR.addSubnet('127.0.0.0', 8)
NEAR.addSubnet('10.0.0.0', 8)
NEAR.addSubnet('172.16.0.0', 12)
NEAR.addSubnet('192.168.0.0', 16)
NEAR.addAddress('::1', 'ipv6')
NEAR.addSubnet('fc00::', 7, 'ipv6')

/** This machine, a private address, or a name without a dot, as the services of a compose file have. */
function isNear(base_url: string | undefined): boolean {
  const url = endpointOf(base_url)?.url
  if (url === undefined || url === null) return false
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  return family === 0 ? !host.includes('.') : NEAR.check(host, family === 6 ? 'ipv6' : 'ipv4')
}
