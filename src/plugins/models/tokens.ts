/** How many LLM tokens a provider says that it counted. What isn't a number that can be is as if it weren't there. */
import { isMap, type JsonMap } from './json-map.ts'
import type { Format } from './reading.ts'

export interface Tokens {
  readonly input?: number
  readonly output?: number
  /** What the provider says that it charged, in US dollars. */
  readonly cost_usd?: number
}

/** More than any model takes or gives. */
const MOST_TOKENS = 1e9

export function tokensOf(format: Format, body: JsonMap): Tokens {
  const { input, output, cost_usd } = COUNTS[format](body)
  // A prompt has LLM tokens, so none means that nobody counted.
  if (!input && !output) return cost_usd === undefined ? {} : { cost_usd }
  return {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...(cost_usd === undefined ? {} : { cost_usd }),
  }
}

type Counts = { readonly [name in keyof Tokens]-?: number | undefined }

const COUNTS: { readonly [format in Format]: (body: JsonMap) => Counts } = {
  chat(body) {
    const usage = usageOf(body)
    const input = count(usage.prompt_tokens) ?? count(usage.input_tokens)
    const told = count(usage.completion_tokens) ?? count(usage.output_tokens)
    const total = count(usage.total_tokens)
    const rest = total !== undefined && input !== undefined && total >= input ? total - input : undefined
    return { input, output: told ?? rest, cost_usd: costOf(usage) }
  },
  anthropic({ usage }) {
    const told = isMap(usage) ? usage : {}
    const input = sum(told.input_tokens, told.cache_creation_input_tokens, told.cache_read_input_tokens)
    return { input, output: count(told.output_tokens), cost_usd: undefined }
  },
  google({ usageMetadata }) {
    const told = isMap(usageMetadata) ? usageMetadata : {}
    const output = sum(told.candidatesTokenCount ?? 0, told.thoughtsTokenCount)
    return { input: count(told.promptTokenCount), output, cost_usd: undefined }
  },
  bedrock({ usage }) {
    const told = isMap(usage) ? usage : {}
    const input = sum(told.inputTokens, told.cacheReadInputTokens, told.cacheWriteInputTokens)
    return { input, output: count(told.outputTokens), cost_usd: undefined }
  },
}

/** Some put it into the choice, or under a name of their own. */
function usageOf(body: JsonMap): JsonMap {
  const [choice] = Array.isArray(body.choices) ? body.choices : []
  const groq = isMap(body.x_groq) ? body.x_groq.usage : undefined
  return [body.usage, groq, isMap(choice) ? choice.usage : undefined].find(isMap) ?? {}
}

/** A whole number, also as a text or with a fraction; more than is so is never charged. */
function count(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number' || !(number >= 0 && number <= MOST_TOKENS)) return undefined
  return Math.ceil(number)
}

/** Of what there is; unknown if the first isn't there, or another is none that can be. */
function sum(first: unknown, ...more: readonly unknown[]): number | undefined {
  const counts = [first, ...more.filter(each => each !== undefined && each !== null)].map(count)
  return counts.reduce((all, each) => (all === undefined || each === undefined ? undefined : all + each))
}

/** OpenRouter's; with a key of one's own at the provider behind it, what that charges comes on top. */
function costOf({ cost, is_byok, cost_details }: JsonMap): number | undefined {
  const own = amount(cost)
  const upstream = isMap(cost_details) ? amount(cost_details.upstream_inference_cost) : undefined
  return own !== undefined && is_byok === true ? own + (upstream ?? 0) : own
}

function amount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,9}(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && number >= 0 && number < 1e6 ? number : undefined
}
