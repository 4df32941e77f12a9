/** What stands in the URL of a comparison. */
import { manyOf, oneOf, type SearchWords } from '../app/search-words.ts'

export interface CompareSearch {
  readonly old: string | null
  readonly new: string | null
  /** Fields by whose values rows are matched; none: by number. */
  readonly key: readonly string[]
  /** Place of the group whose rows are listed. */
  readonly group: number
  /** A row of the old run whose stories stand side by side, and that of the new run. */
  readonly row: number | null
  readonly row_new: number | null
}

export function compareSearchOf(words: SearchWords): CompareSearch {
  const number = (key: string) => {
    const text = oneOf(words, key)
    return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
  }
  const row = number('row')
  return {
    old: oneOf(words, 'old'),
    new: oneOf(words, 'new'),
    key: manyOf(words, 'key'),
    group: number('group') ?? 0,
    row,
    row_new: number('row_new') ?? row,
  }
}

export function compareWords(search: Partial<CompareSearch>): SearchWords {
  const words: { [key: string]: string | readonly string[] } = {}
  for (const [key, value] of Object.entries(search)) {
    if (value === null || value === undefined || (key === 'group' && value === 0)) continue
    if (key === 'row_new' && value === search.row) continue
    words[key] = typeof value === 'number' ? String(value) : value
  }
  return words
}
