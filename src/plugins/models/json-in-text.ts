/**
 * JSON in a model's answer, among what models write around it: their thoughts, a fence of Markdown, a sentence before or behind.
 * Broken JSON isn't repaired, and where two values differ neither is taken.
 */
import { canonicalize } from '../../model/canonical.ts'
import { JsonTextError, parseStrict } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'

/** `value`: the candidates, all different. */
export type FoundJson = { readonly values: readonly Json[] } | { readonly problem: string }

export function jsonIn(text: string): FoundJson {
  const bare = withoutThoughts(text.replace(/^\ufeff/, '')).trim()
  const whole = parsed(bare)
  if (whole !== undefined) return { values: [unwrapped(whole)] }
  for (const pieces of [fenced(bare), objectsIn(bare)]) {
    const values = distinct(pieces.flatMap(objectOf))
    if (values.length > 0) return { values }
  }
  return { problem: problemOf(bare) }
}

const THOUGHTS = /^\s*<(think|thinking|thought|reasoning|reflection)>[\s\S]*?<\/\1>/i
/** Where a server puts the opening mark into the prompt, only the closing one comes back. */
const THOUGHTS_END = /^[^{}]*?<\/(?:think|thinking)>/i

const withoutThoughts = (text: string): string => {
  const rest = text.replace(THOUGHTS, '')
  return rest === text ? text.replace(THOUGHTS_END, '') : rest
}

function parsed(text: string): Json | undefined {
  try {
    return parseStrict(text.trim())
  } catch (error) {
    if (error instanceof JsonTextError) return undefined
    throw error
  }
}

/** The object that a piece of text is: what else is JSON among words, as a number in a fence, isn't the answer. */
function objectOf(piece: string): readonly Json[] {
  const value = unwrapped(parsed(piece) ?? null)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? [value] : []
}

/** JSON within a JSON text, and the only element of a list, stand for what they hold. */
function unwrapped(value: Json): Json {
  if (typeof value === 'string') {
    const inner = parsed(value)
    return typeof inner === 'object' && inner !== null ? inner : value
  }
  if (!Array.isArray(value) || value.length !== 1) return value
  const [only] = value
  return typeof only === 'object' && only !== null ? only : value
}

/** What stands in fences of three signs or more, the last of which may have no end. */
function fenced(text: string): readonly string[] {
  const pieces: string[] = []
  const fence = /(?:^|[\r\n:])[ \t]*(`{3,}|~{3,})[ \t]*([\w+-]*)/g
  for (let open = fence.exec(text); open !== null; open = fence.exec(text)) {
    const [, mark = ''] = open
    const start = open.index + open[0].length
    const end = text.indexOf(mark, start)
    pieces.push(text.slice(start, end === -1 ? text.length : end))
    if (end === -1) break
    fence.lastIndex = end + mark.length
  }
  return pieces
}

/** Objects that stand among words, each as long as its braces say; those inside of others don't count. */
function objectsIn(text: string): readonly string[] {
  const pieces: string[] = []
  let start = text.indexOf('{')
  while (start !== -1) {
    const end = endOfObject(text, start)
    if (end === null) break
    pieces.push(text.slice(start, end))
    start = text.indexOf('{', end)
  }
  return pieces
}

/** Behind the brace that closes the one at `start`; null if none does. */
function endOfObject(text: string, start: number): number | null {
  let depth = 0
  let quoted = false
  for (let i = start; i < text.length; i++) {
    const sign = text[i]
    if (quoted) {
      if (sign === '\\') i++
      else if (sign === '"') quoted = false
    } else if (sign === '"') quoted = true
    else if (sign === '{') depth++
    else if (sign === '}' && --depth === 0) return i + 1
  }
  return null
}

function distinct(values: readonly Json[]): readonly Json[] {
  const seen = new Map(values.map(value => [canonicalize(value), value]))
  return [...seen.values()]
}

/** What is wrong with the text as it stands. */
function problemOf(text: string): string {
  try {
    parseStrict(text)
    return 'it has no JSON object'
  } catch (error) {
    return `it isn’t valid JSON: ${error instanceof Error ? error.message : String(error)}`
  }
}
