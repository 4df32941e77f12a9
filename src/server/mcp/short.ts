/**
 * Answers made short enough for an assistant to read, and a note of what was left out for that.
 *
 * SHORT-1. What is left is as it was, but for texts that end with a mark of how much is missing, and lists that end early.
 * SHORT-2. Each place where something is missing is named, up to a limit; how many there are is always said.
 */

export interface Left {
  /** Where: `tokens[0].visits`. */
  readonly at: string
  /** How much of it is left out: characters of a text, members of a list. */
  readonly left_out: number
}

export interface Shortened {
  readonly answer: unknown
  readonly cut: readonly Left[]
  /** How many places there are, those that aren't listed among them. */
  readonly places: number
}

interface Limits {
  readonly text: number
  readonly list: number
}

/** The first ones that make an answer short enough are taken. */
const LIMITS: readonly Limits[] = [
  { text: 2_000, list: 100 },
  { text: 600, list: 40 },
  { text: 200, list: 15 },
  { text: 80, list: 5 },
  { text: 40, list: 2 },
]
/** Of an answer as JSON: some 10,000 LLM tokens. */
const MOST_UNITS = 40_000
const MOST_LISTED = 20

export function shortened(answer: unknown): Shortened {
  let best: Shortened = { answer: null, cut: [], places: 0 }
  for (const limits of LIMITS) {
    const cut: Left[] = []
    best = { answer: short(answer, '', limits, cut), cut: cut.slice(0, MOST_LISTED), places: cut.length }
    if (JSON.stringify(best.answer).length <= MOST_UNITS) break
  }
  return best
}

function short(value: unknown, at: string, limits: Limits, cut: Left[]): unknown {
  if (typeof value === 'string') return shortText(value, at, limits, cut)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    if (value.length > limits.list) cut.push({ at, left_out: value.length - limits.list })
    return value.slice(0, limits.list).map((each, i) => short(each, `${at}[${i}]`, limits, cut))
  }
  const members = Object.entries(value)
  // An object with very many fields is data, as a list is.
  const most = limits.list * 4
  if (members.length > most) cut.push({ at, left_out: members.length - most })
  return Object.fromEntries(
    members.slice(0, most).map(([key, own]) => [key, short(own, at === '' ? key : `${at}.${key}`, limits, cut)]),
  )
}

/** No letter is cut in two. */
function shortText(text: string, at: string, { text: most }: Limits, cut: Left[]): string {
  if (text.length <= most) return text
  const kept = text.slice(0, /[\uD800-\uDBFF]/.test(text[most - 1] ?? '') ? most - 1 : most)
  cut.push({ at, left_out: text.length - kept.length })
  return `${kept}… [${text.length - kept.length} more characters]`
}
