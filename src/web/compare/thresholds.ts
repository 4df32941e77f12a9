/** Numbers in an expression, each to be changed by itself. */

/** A number in an expression, where it can be changed by itself. */
interface Threshold {
  readonly at: number
  readonly text: string
}

/** Texts, names and what belongs to them are passed over. */
export function thresholdsIn(expression: string): readonly Threshold[] {
  const found = expression.matchAll(
    /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_][\w.]*|(?<![\w.\])])-?\d+(?:\.\d+)?|\d+(?:\.\d+)?/g,
  )
  return [...found].filter(([text]) => /^-?\d/.test(text)).map(({ 0: text, index }) => ({ at: index, text }))
}

/** What a number is compared with, or added to, as the expression has it: its last words before the number. */
export function wordsBefore(expression: string, { at }: Threshold): string {
  return /\S*\s*\S*\s*$/.exec(expression.slice(0, at))?.[0].trim() ?? ''
}

export function withThreshold(expression: string, { at, text }: Threshold, to: string): string {
  return `${expression.slice(0, at)}${to}${expression.slice(at + text.length)}`
}
