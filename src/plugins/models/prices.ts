/**
 * What calls cost. Prices are in US dollars for a million LLM tokens, as the providers published them by March 2026 for plain
 * requests; a node's own `price` comes first. Models whose price depends on the length of a request aren't in the table.
 */

export interface Price {
  readonly input_usd_per_million: number
  readonly output_usd_per_million: number
}

type Row = readonly [model: string, input: number, output: number]

const TABLE: { readonly [provider: string]: readonly Row[] } = {
  openai: [
    ['gpt-5.1', 1.25, 10],
    ['gpt-5', 1.25, 10],
    ['gpt-5-mini', 0.25, 2],
    ['gpt-5-nano', 0.05, 0.4],
    ['gpt-4.1', 2, 8],
    ['gpt-4.1-mini', 0.4, 1.6],
    ['gpt-4.1-nano', 0.1, 0.4],
    ['gpt-4o', 2.5, 10],
    ['gpt-4o-mini', 0.15, 0.6],
    ['o3', 2, 8],
    ['o3-mini', 1.1, 4.4],
    ['o4-mini', 1.1, 4.4],
  ],
  anthropic: [
    ['claude-opus-4-6', 5, 25],
    ['claude-opus-4-5', 5, 25],
    ['claude-opus-4-1', 15, 75],
    ['claude-sonnet-4-6', 3, 15],
    ['claude-sonnet-4-5', 3, 15],
    ['claude-haiku-4-5', 1, 5],
    ['claude-3-5-haiku', 0.8, 4],
  ],
  google: [
    ['gemini-2.5-flash', 0.3, 2.5],
    ['gemini-2.5-flash-lite', 0.1, 0.4],
  ],
}

/** `-2025-08-07` and `-20250929` name a version of a model. */
const VERSION = /-(?:\d{4}-\d{2}-\d{2}|\d{8})$/

/** The price of a model by its provider's name for it, with or without a date behind; null if the table doesn't have it. */
export function listedPrice(provider: string, model: string): Price | null {
  const name = model.replace(VERSION, '')
  const row = TABLE[provider]?.find(([listed]) => listed === name)
  return row === undefined ? null : { input_usd_per_million: row[1], output_usd_per_million: row[2] }
}

export function costOf(price: Price, input_tokens: number, output_tokens: number): number {
  const { input_usd_per_million, output_usd_per_million } = price
  return (input_tokens * input_usd_per_million + output_tokens * output_usd_per_million) / 1_000_000
}

/** What providers put around messages: roles, and their own words for structured output. */
const AROUND_TOKENS = 2_000

/** The most that a request with these texts can cost: no LLM token stands for less than a byte. */
export function mostOf(price: Price, texts: readonly string[], max_output_tokens: number): number {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return costOf(price, bytes + AROUND_TOKENS, max_output_tokens)
}
