/** Tables for `lookup`: read whole when the node is created, and indexed by their key columns. */
import { extname } from 'node:path'
import { keyValue } from '../../model/decimal-text.ts'
import { CustodyError } from '../../model/error.ts'
import { JsonTextError, parseStrict } from '../../model/json.ts'
import { nearestNames } from '../../model/nearest.ts'
import type { Json, Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import { ByteReader, type InputPlace, sourceError, whereOf } from '../sources/byte-reader.ts'
import { unpackedName } from '../sources/compression.ts'
import type { TableOptions as CsvTableOptions } from '../sources/csv-options.ts'
import { type BadRecord, readCsvTable } from '../sources/csv-table.ts'

export type TableFormat = 'csv' | 'json' | 'jsonl'

/** By the ending of the path, that of a compressed file left away; others are taken for CSV. */
export function formatOf(path: string): TableFormat {
  const ending = endingOf(path)
  if (ending === '.json') return 'json'
  return ending === '.jsonl' || ending === '.ndjson' ? 'jsonl' : 'csv'
}

const endingOf = (path: string) => extname(unpackedName(path)).toLowerCase()

export interface TableOptions {
  readonly place: InputPlace
  readonly format: TableFormat
  /** How a CSV file is to be read. */
  readonly csv: CsvTableOptions
  /** Types of columns of a CSV file, and all columns that must be there. */
  readonly schema: RowSchema
  /** Columns that make the key, in order. */
  readonly key: readonly string[]
  /** Places in these where the row's field or the column has decimals: 1.5 and 1.50 are the same key there. */
  readonly by_value: readonly number[]
}

/** `twice`: two records have the key, at these places · `unknown`: none has it that could be read, and this one couldn't. */
export type Found =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'missing' }
  | { readonly kind: 'twice'; readonly places: readonly [string, string] }
  | { readonly kind: 'unknown'; readonly bad: string }

export interface LookupTable {
  readonly columns: readonly string[]
  find(key: readonly Json[]): Found
}

interface Records {
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  /** Where each stands: `line 5`. */
  readonly place: (index: number) => string
  /** The others, each with its place and what is wrong with it. */
  readonly bad: readonly string[]
}

const MISSING: Found = { kind: 'missing' }

/**
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT, CUSTODY_UNCLOSED_QUOTE if the file can't be read,
 *   CUSTODY_PLUGIN_OPTIONS if a key column isn't there.
 */
export async function loadTable(options: TableOptions): Promise<LookupTable> {
  const records = await readRecords(options)
  for (const column of options.key) requireColumn(options, records.columns, column)
  const index = new Map<string, number>()
  const twice = new Map<string, readonly [string, string]>()
  const bad = [...records.bad]
  for (const [i, row] of records.rows.entries()) {
    const key = keyText(
      options.key.map(column => row[column] ?? null),
      options.by_value,
    )
    const first = key === null ? undefined : index.get(key)
    if (key === null) bad.push(`${records.place(i)} (no key: ${options.key.join(', ')} must be texts or numbers)`)
    else if (first === undefined) index.set(key, i)
    else if (!twice.has(key)) twice.set(key, [records.place(first), records.place(i)])
  }
  const [first_bad] = bad
  const more = bad.length > 1 ? ` and ${bad.length - 1} more` : ''
  const absent: Found = first_bad === undefined ? MISSING : { kind: 'unknown', bad: first_bad + more }
  return {
    columns: records.columns,
    find(key) {
      const text = keyText(key, options.by_value)
      // What is no key at all is in no record, whatever stands there.
      if (text === null) return MISSING
      const places = twice.get(text)
      if (places !== undefined) return { kind: 'twice', places }
      const row = records.rows[index.get(text) ?? -1]
      return row === undefined ? absent : { kind: 'row', row }
    },
  }
}

/** Numbers and texts that are written alike are the same key: tables of texts are matched by rows with numbers. */
function keyText(values: readonly Json[], by_value: readonly number[]): string | null {
  const texts: string[] = []
  for (const [i, value] of values.entries()) {
    if (value === null || typeof value === 'object') return null
    texts.push(String(keyValue(String(value), by_value.includes(i))))
  }
  return texts.length === 1 ? (texts[0] as string) : JSON.stringify(texts)
}

export function requireColumn(options: TableOptions, columns: readonly string[], column: string): void {
  if (columns.includes(column)) return
  const [nearest] = nearestNames(column, columns)
  const all = columns.length === 0 ? 'It has no columns.' : `Its columns: ${columns.join(', ')}.`
  wrong(options, `there is no column ${column}`, nearest === undefined ? all : `Did you mean ${nearest}? ${all}`)
}

function wrong({ place }: TableOptions, problem: string, hint: string): never {
  throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', `${place.path}: ${problem}.`, { where: whereOf(place), hint })
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function readRecords(options: TableOptions): Promise<Records> {
  if (options.format === 'csv') return readCsvRecords(options)
  const text = await readText(options)
  const { values, place, bad } = options.format === 'json' ? jsonArray(options, text) : jsonLines(text)
  const columns = new Set<string>()
  const rows: Row[] = []
  const places: string[] = []
  const wrong = [...bad]
  for (const [i, value] of values.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      wrong.push(`${place(i)} (not an object)`)
      continue
    }
    // cast: no list, see above; the compiler doesn't take read-only lists for lists
    rows.push(value as Row)
    places.push(place(i))
    for (const column of Object.keys(value)) columns.add(column)
  }
  return { columns: [...columns], rows, place: i => places[i] ?? '', bad: wrong }
}

async function readCsvRecords({ place, csv, schema }: TableOptions): Promise<Records> {
  const tabs = endingOf(place.path) === '.tsv' ? { delimiter: 'tab' } : {}
  const { columns, rows, lines, bad } = await readCsvTable(place, { ...tabs, ...csv }, schema)
  const sentence = ({ line, code, message }: BadRecord) => `line ${line} (${code}: ${message})`
  return { columns, rows, place: i => `line ${lines[i]}`, bad: bad.map(sentence) }
}

/** JSON is UTF-8. */
async function readText(options: TableOptions): Promise<string> {
  const reader = await ByteReader.open(options.place, { hashes: false })
  const pieces: Uint8Array[] = []
  try {
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) pieces.push(bytes)
  } finally {
    await reader.close()
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
  } catch (error) {
    return unreadable(options, 'it isn’t valid UTF-8', error)
  }
}

interface Values {
  readonly values: readonly Json[]
  readonly place: (index: number) => string
  readonly bad: readonly string[]
}

function jsonArray(options: TableOptions, text: string): Values {
  const value = parsed(text)
  if ('problem' in value) return unreadable(options, `it isn’t valid JSON: ${value.problem}`)
  if (!Array.isArray(value.json)) return unreadable(options, 'it isn’t a JSON list of objects')
  return { values: value.json, place: i => `record ${i + 1}`, bad: [] }
}

function jsonLines(text: string): Values {
  const values: Json[] = []
  const lines: number[] = []
  const bad: string[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const value = parsed(line)
    if ('problem' in value) bad.push(`line ${i + 1} (not valid JSON: ${value.problem})`)
    else {
      values.push(value.json)
      lines.push(i + 1)
    }
  }
  return { values, place: i => `line ${lines[i]}`, bad }
}

function parsed(text: string): { readonly json: Json } | { readonly problem: string } {
  try {
    return { json: parseStrict(text) }
  } catch (error) {
    if (error instanceof JsonTextError) return { problem: error.message }
    throw error
  }
}

function unreadable({ place }: TableOptions, problem: string, cause?: unknown): never {
  throw sourceError(place, `${place.path}: ${problem}.`, 'Fix the file.', cause)
}
