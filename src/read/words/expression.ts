/** An expression with the values that it saw in place of the fields: `row.amount >= 5000` as `62000 >= 5000`. */
import type { Json } from '../../model/row.ts'
import type { Seen } from '../explain/story.ts'
import { printable, valueText } from './text.ts'
import type { Wording } from './wording.ts'

/**
 * Tokens of CEL that matter here: texts (raw, triple-quoted ones included), names, numbers. What stands in a text is
 * never replaced.
 */
const TOKEN =
  /(?:[rR][bB]?|[bB][rR])(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"]*"|'[^']*')|[bB]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|[A-Za-z_][A-Za-z0-9_]*|[0-9.]+(?:[eE][+-]?[0-9]+)?[uU]?/g
const STEP = /\s*(?:\.\s*\??([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_]|\s*\()|\[\s*\??(?:"([^"\\]*)"|'([^'\\]*)')\s*\])/y
const LONGEST_VALUE = 40

/**
 * `expression` with each path of `row` replaced by its value. `values` has those that were there, by their keys joined with
 * `.`; other paths are shown as `missing`. Decimals stand without quotes, as numbers do.
 */
export function withValues(
  expression: string,
  values: Seen['values'],
  { decimals = [], started_at }: Omit<Seen, 'values'>,
  cut: Wording['cut'],
): string {
  let result = ''
  let at = 0
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(expression); found !== null; found = TOKEN.exec(expression)) {
    if (/[.\w]\s*$/.test(expression.slice(0, found.index))) continue
    const path = pathAt(expression, found[0], found.index + found[0].length, { values, decimals, started_at, cut })
    if (path === null) continue
    result += expression.slice(at, found.index) + path.text
    at = path.end
    TOKEN.lastIndex = path.end
  }
  return result + expression.slice(at)
}

interface Replaced {
  readonly text: string
  readonly end: number
}

interface ValuesSeen {
  readonly values: Seen['values']
  readonly decimals: readonly string[]
  readonly cut: Wording['cut']
}

function pathAt(
  expression: string,
  name: string,
  start: number,
  { started_at, ...seen }: ValuesSeen & { readonly started_at?: string | undefined },
): Replaced | null {
  if (name === 'row') return longestPath(expression, start, seen)
  if (name !== 'run' || started_at === undefined) return null
  STEP.lastIndex = start
  return STEP.exec(expression)?.[1] === 'started_at' ? { text: started_at, end: STEP.lastIndex } : null
}

function longestPath(expression: string, start: number, { values, decimals, cut }: ValuesSeen): Replaced | null {
  const steps: string[] = []
  let known: { text: string; end: number } | null = null
  let end = start
  STEP.lastIndex = start
  for (let step = STEP.exec(expression); step !== null; step = STEP.exec(expression)) {
    end = STEP.lastIndex
    steps.push(step[1] ?? step[2] ?? step[3] ?? '')
    const path = steps.join('.')
    if (!Object.hasOwn(values, path)) continue
    const of = values[path]
    const decimal = typeof of === 'string' && decimals.includes(path) ? of : null
    const value = cut(decimal === null ? valueText(of) : printable(decimal), LONGEST_VALUE)
    known = { text: isNegative(of) || decimal?.startsWith('-') === true ? `(${value})` : value, end }
  }
  if (known !== null) return known
  return steps.length === 0 ? null : { text: 'missing', end }
}

function isNegative(value: Json | undefined): boolean {
  return typeof value === 'number' && value < 0
}
