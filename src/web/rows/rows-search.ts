/** What stands in the URL of rows: which rows, with the keys of the API, which columns, and where one is. */
import type { Query } from '../app/client.ts'
import type { SearchWords } from '../app/search-words.ts'

/** Of several values of one key any must hold. */
const MANY = ['source', 'node', 'edge', 'sink', 'outcome', 'cause', 'class', 'error_code', 'branch', 'value'] as const
const ONE = ['since', 'until', 'min_cost_usd', 'max_cost_usd', 'min_duration_us', 'text', 'where'] as const
export type ManyKey = (typeof MANY)[number]
type OneKey = (typeof ONE)[number]
export type FilterKey = ManyKey | OneKey

type RowsFilter = { readonly [key in ManyKey]?: readonly string[] } & { readonly [key in OneKey]?: string }

export interface RowsSearch extends RowsFilter {
  /** Fields of the data that are shown, in their order; absent: chosen by what the rows hold. */
  readonly columns?: readonly string[]
  /** Of the row that one is at: how many of those that fit stand before it. */
  readonly at?: number
}

/** More rows than a run has: what stands beyond is the last one, wherever that is. */
const MOST_ROWS = 2 ** 31

const isMany = (key: string): key is ManyKey => MANY.some(each => each === key)

/** Whatever stands in a URL, as far as it is known here. */
export function rowsSearchOf(raw: { readonly [key: string]: unknown }): RowsSearch {
  const search: { [key: string]: string | readonly string[] | number } = {}
  for (const key of [...MANY, 'columns'] as const) {
    const values = textsOf(raw[key])
    if (values.length > 0) search[key] = values
  }
  for (const key of ONE) {
    const [value] = textsOf(raw[key])
    if (value !== undefined) search[key] = value
  }
  const [at] = textsOf(raw.at)
  if (at !== undefined && /^\d{1,15}$/.test(at)) search.at = Math.min(Number(at), MOST_ROWS)
  return search
}

function textsOf(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = values.flatMap(each => {
    if (typeof each === 'string') return each
    return typeof each === 'number' || typeof each === 'boolean' ? String(each) : []
  })
  return [...new Set(texts.filter(each => each !== ''))]
}

/** As the URL has it. */
export function wordsOf({ at, ...search }: RowsSearch): SearchWords {
  const words = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))
  return at === undefined ? words : { ...words, at: String(at) }
}

/** For the URL of a row: the filter, and its place among those that fit. */
export function rowWords({ columns: _, ...filter }: RowsSearch, at: number): SearchWords {
  return wordsOf({ ...filter, at })
}

/** The filter alone, as a question to the server. */
export function filterQuery(search: RowsSearch): Query {
  return Object.fromEntries([...MANY, ...ONE].flatMap(key => (search[key] === undefined ? [] : [[key, search[key]]])))
}

export interface Condition {
  readonly key: FilterKey
  readonly value: string
}

/** Each value of each key, in the order of the keys. */
export function conditionsOf(search: RowsSearch): readonly Condition[] {
  return [
    ...MANY.flatMap(key => (search[key] ?? []).map(value => ({ key, value }))),
    ...ONE.flatMap(key => {
      const value = search[key]
      return value === undefined ? [] : [{ key, value }]
    }),
  ]
}

/** From the first row again, since others fit now. */
export function withCondition(search: RowsSearch, { key, value }: Condition): RowsSearch {
  const { at: _, ...others } = search
  if (!isMany(key)) return rowsSearchOf({ ...others, [key]: value })
  return rowsSearchOf({ ...others, [key]: [...(search[key] ?? []), value] })
}

export function withoutCondition(search: RowsSearch, { key, value }: Condition): RowsSearch {
  const { at: _, ...others } = search
  if (!isMany(key)) return rowsSearchOf({ ...others, [key]: undefined })
  return rowsSearchOf({ ...others, [key]: search[key]?.filter(each => each !== value) })
}

/** All but the columns. */
export function withoutFilter({ columns }: RowsSearch): RowsSearch {
  return columns === undefined ? {} : { columns }
}

/** What is typed in the box of the search: `field=value` asks for a field, anything else for text anywhere. */
export function searched(typed: string): Condition | null {
  const text = typed.trim()
  if (text === '') return null
  const [, field = '', value = ''] = /^([\p{L}_][\p{L}\p{N}_.$-]*)\s*=\s*(.+)$/u.exec(text) ?? []
  return field === '' ? { key: 'text', value: text } : { key: 'value', value: `${field}=${value}` }
}

/** `row 17`, `#17`, or a number too short to be looked for as text: the row of that number. null: it names none. */
export function rowNamed(typed: string): string | null {
  const [, named, number = ''] = /^(row\s*|#\s*)?(\d{1,15})$/i.exec(typed.trim().replaceAll(',', '')) ?? []
  const is_row = named !== undefined || number.length < LEAST_TEXT
  return is_row && Number(number) > 0 ? String(Number(number)) : null
}

/** The least that an index of three characters can be asked. */
export const LEAST_TEXT = 3
