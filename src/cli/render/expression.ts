/** An expression with the values that it saw in place of the fields: `row.amount >= 5000` as `62000 >= 5000`. */
import type { Json } from '../../model/row.ts'
import { shorten, valueText } from './text.ts'

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
 * `.`; other paths are shown as `missing`.
 */
export function withValues(expression: string, values: { readonly [path: string]: Json }): string {
  let result = ''
  let at = 0
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(expression); found !== null; found = TOKEN.exec(expression)) {
    if (found[0] !== 'row' || /[.\w]\s*$/.test(expression.slice(0, found.index))) continue
    const path = longestPath(expression, found.index + 3, values)
    if (path === null) continue
    result += expression.slice(at, found.index) + path.text
    at = path.end
    TOKEN.lastIndex = path.end
  }
  return result + expression.slice(at)
}

function longestPath(
  expression: string,
  start: number,
  values: { readonly [path: string]: Json },
): { readonly text: string; readonly end: number } | null {
  const steps: string[] = []
  let known: { text: string; end: number } | null = null
  let end = start
  STEP.lastIndex = start
  for (let step = STEP.exec(expression); step !== null; step = STEP.exec(expression)) {
    end = STEP.lastIndex
    steps.push(step[1] ?? step[2] ?? step[3] ?? '')
    const path = steps.join('.')
    if (!Object.hasOwn(values, path)) continue
    const value = shorten(valueText(values[path]), LONGEST_VALUE)
    known = { text: isNegative(values[path]) ? `(${value})` : value, end }
  }
  if (known !== null) return known
  return steps.length === 0 ? null : { text: 'missing', end }
}

function isNegative(value: Json | undefined): boolean {
  return typeof value === 'number' && value < 0
}
