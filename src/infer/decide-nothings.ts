/** Which words stand for nothing in a file: an option of the whole source, so that one word must mean the same in all columns. */
import type { Kind } from './decide.ts'
import type { TextColumn } from './text-column.ts'
import { isPlainlyNothing } from './words.ts'

/**
 * A word is taken for nothing where it is all that keeps a column from being numbers, dates or the like. It isn't if it may be a
 * value of its own in another column: `none` among texts, `NA` among codes of two letters.
 */
export function decideNothings(columns: readonly TextColumn[], kinds: readonly Kind[]): ReadonlySet<string> {
  const needed = new Set<string>()
  for (const [index, column] of columns.entries()) {
    const kind = kinds[index]?.kind
    if (kind !== 'text' && kind !== 'empty') for (const word of column.nothings.keys()) needed.add(word)
  }
  const texts = columns.filter((_column, index) => kinds[index]?.kind === 'text')
  const isValue = (word: string) => texts.some(column => column.nothings.has(word) && couldMean(word, column))
  return new Set([...needed].filter(word => isPlainlyNothing(word) || !isValue(word)))
}

function couldMean(word: string, { few }: TextColumn): boolean {
  if (/^(?:none|unknown|unbekannt|missing|nil)$/i.test(word)) return true
  const others = [...few.counts.keys()].filter(value => value !== word)
  return /^[A-Z]{2}$/.test(word) && others.length > 1 && others.every(value => /^[A-Z]{2}$/.test(value))
}
