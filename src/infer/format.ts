/** Which of the sources reads a file: by what its beginning holds, and by its name where that leaves a choice. */
import { extname } from 'node:path'
import type { CustodyError } from '../model/error.ts'
import { JsonTextError, parseStrict } from '../model/json.ts'
import { isObject, type Json } from '../model/row.ts'
import { unpackedName } from '../plugins/sources/compression.ts'
import { foreignInput } from '../plugins/sources/foreign-input.ts'
import { type Dialect, sniffDialect } from './dialect.ts'
import { type JsonBeginning, jsonBeginning } from './json-places.ts'
import { placeOf, type Sample, windowOf } from './sample.ts'

export type Format =
  /** `dialect`: null for a table of one column. */
  | { readonly kind: 'csv'; readonly dialect: Dialect | null }
  | { readonly kind: 'jsonl' }
  | { readonly kind: 'json'; readonly pointer: string; readonly others: readonly string[] }
  | { readonly kind: 'text' }

/** Those that are no text beside them. */
export type FormatName = Format['kind'] | 'excel' | 'parquet'

/** What somebody knows already. */
export interface Known {
  readonly format?: FormatName | undefined
  /** Of a table: what stands between cells. */
  readonly delimiter?: string | undefined
  /** Whether its first record names the columns. */
  readonly header?: boolean | undefined
}

/** Files with such names are tables, even if all they have is one column. */
const TABLES: ReadonlySet<string> = new Set(['.csv', '.tsv', '.tab', '.psv', '.ssv'])
/** And these are lines of JSON, even if there is one only. */
const LINES: ReadonlySet<string> = new Set(['.jsonl', '.ndjson', '.jsonlines'])
/** A table in a file that isn't named as one must leave no doubt. */
const SURE_SCORE = 0.5
const LEAST_RECORDS = 3
/** Lines that are tried as JSON. */
const LINES_LOOKED_AT = 20

/** @throws CustodyError CUSTODY_INPUT_FORMAT if it holds nothing that has fields. */
export async function formatOf(sample: Sample, known: Known): Promise<Format> {
  const ending = extname(unpackedName(sample.path)).toLowerCase()
  const window = await windowOf(sample)
  const text = window.decodeLossy(window.at, window.text.length).trimStart()
  const forced = known.delimiter === undefined ? known.format : 'csv'
  if (forced === 'text') return { kind: 'text' }
  if (forced === 'jsonl') return { kind: 'jsonl' }
  if (forced !== 'csv' && (forced === 'json' || /^[[{]/.test(text))) {
    const json = jsonFormat(sample, text, ending)
    if (json !== null || forced === 'json') return inUtf8(sample, json ?? { kind: 'json', pointer: '', others: [] })
  }
  const is_table = forced === 'csv' || TABLES.has(ending)
  const dialect = await sniffDialect(sample, is_table, known.delimiter)
  if (dialect !== null && (is_table || isSure(dialect))) return { kind: 'csv', dialect }
  return is_table ? { kind: 'csv', dialect: null } : { kind: 'text' }
}

function isSure({ score, matching, records }: Dialect): boolean {
  return score >= SURE_SCORE && matching >= LEAST_RECORDS && matching * 10 >= records.length * 9
}

/** null if it is no JSON. */
function jsonFormat(sample: Sample, text: string, ending: string): Format | null {
  const lines = text.split(/\r\n|\n|\r/, LINES_LOOKED_AT).filter(line => line.trim() !== '')
  const values = lines.map(jsonIn)
  const good = values.filter(value => value !== undefined)
  const objects = good.filter(isObject)
  if ((lines.length > 1 || LINES.has(ending)) && good.length * 2 >= lines.length) {
    if (objects.length > 0) return { kind: 'jsonl' }
    throw noFields(sample, 'has JSON values on its lines that are no objects, and so have no fields')
  }
  const beginning = jsonBeginning(text)
  const one_line = lines.length === 1 && objects.length === 1 && sample.whole
  if (one_line && ending !== '.json' && beginning.places.length === 0) return { kind: 'jsonl' }
  return documentFormat(sample, beginning)
}

function documentFormat(sample: Sample, { root, places, several }: JsonBeginning): Format | null {
  if (root === 'broken' || root === 'other' || several) return null
  const [best, ...others] = places
  if (root === 'array') {
    if (places.some(({ pointer }) => pointer === '')) return { kind: 'json', pointer: '', others: [] }
    throw noFields(sample, 'is a JSON array without objects in it, so that its elements have no fields')
  }
  return { kind: 'json', pointer: best?.pointer ?? '', others: others.map(({ pointer }) => pointer) }
}

function noFields(sample: Sample, what: string): CustodyError {
  const hint = 'Make an object of each value first; or read lines as texts, with --format text.'
  return foreignInput(placeOf(sample), { what, hint })
}

/** Sources of JSON know no other encodings. */
function inUtf8(sample: Sample, format: Format): Format {
  const { kind, label } = sample.encoding
  if (kind !== 'guess' || !label.startsWith('utf-16')) return format
  const what = 'is JSON in UTF-16, and has no byte order mark that says so'
  throw foreignInput(placeOf(sample), { what, hint: 'Convert the file to UTF-8.' })
}

function jsonIn(line: string): Json | undefined {
  try {
    return parseStrict(line)
  } catch (error) {
    if (error instanceof JsonTextError) return error.code === 'JSON_SYNTAX' ? undefined : {}
    throw error
  }
}
