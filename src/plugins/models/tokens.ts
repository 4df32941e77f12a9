/** How many LLM tokens a provider says that it counted. An impossible number counts as missing. */
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
    const output = count(usage.completion_tokens) ?? count(usage.output_tokens)
    const total = count(usage.total_tokens)
    const rest = total !== undefined && input !== undefined && total >= input ? total - input : undefined
    return { input, output: output ?? rest, cost_usd: costOf(usage) }
  },
  anthropic({ usage }) {
    const counts = isMap(usage) ? usage : {}
    const input = sum(counts.input_tokens, counts.cache_creation_input_tokens, counts.cache_read_input_tokens)
    return { input, output: count(counts.output_tokens), cost_usd: undefined }
  },
  google({ usageMetadata }) {
    const counts = isMap(usageMetadata) ? usageMetadata : {}
    const output = sum(counts.candidatesTokenCount ?? 0, counts.thoughtsTokenCount)
    return { input: count(counts.promptTokenCount), output, cost_usd: undefined }
  },
  bedrock({ usage }) {
    const counts = isMap(usage) ? usage : {}
    const input = sum(counts.inputTokens, counts.cacheReadInputTokens, counts.cacheWriteInputTokens)
    return { input, output: count(counts.outputTokens), cost_usd: undefined }
  },
}

/** Some put it into the choice, or under a name of their own. */
function usageOf(body: JsonMap): JsonMap {
  const [choice] = Array.isArray(body.choices) ? body.choices : []
  const groq = isMap(body.x_groq) ? body.x_groq.usage : undefined
  return [body.usage, groq, isMap(choice) ? choice.usage : undefined].find(isMap) ?? {}
}

/** A whole number, also where it comes as a text or with a fraction, which is rounded up. */
function count(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number' || !(number >= 0 && number <= MOST_TOKENS)) return undefined
  return Math.ceil(number)
}

/** The sum of the counts that are there; unknown if the first is missing, or any is impossible. */
function sum(first: unknown, ...more: readonly unknown[]): number | undefined {
  const counts = [first, ...more.filter(each => each !== undefined && each !== null)].map(count)
  return counts.reduce((all, each) => (all === undefined || each === undefined ? undefined : all + each))
}

/** OpenRouter's charge; with the user's own key at the provider behind it, that provider's charge comes on top. */
function costOf({ cost, is_byok, cost_details }: JsonMap): number | undefined {
  const own = amount(cost)
  const upstream = isMap(cost_details) ? amount(cost_details.upstream_inference_cost) : undefined
  return own !== undefined && is_byok === true ? own + (upstream ?? 0) : own
}

function amount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,9}(\.\d+)?$/.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && number >= 0 && number < 1e6 ? number : undefined
}
