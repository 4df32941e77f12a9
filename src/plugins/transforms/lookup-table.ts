/** Tables for `lookup`: read whole when the node is created, and indexed by their key columns. */
import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { CustodyError } from '../../model/error.ts'
import { parseStrict } from '../../model/json.ts'
import { nearestNames } from '../../model/nearest.ts'
import type { Json, Row } from '../../model/row.ts'
import { readCsvTable } from '../sources/csv-table.ts'

export type TableFormat = 'csv' | 'json' | 'jsonl'

/** By the ending of the path; others are taken for CSV. */
export function formatOf(path: string): TableFormat {
  const ending = extname(path).toLowerCase()
  if (ending === '.json') return 'json'
  return ending === '.jsonl' || ending === '.ndjson' ? 'jsonl' : 'csv'
}

export interface TableOptions {
  readonly path: string
  readonly format: TableFormat
  readonly delimiter: string | undefined
  /** Columns that make the key, in order. */
  readonly key: readonly string[]
  /** Folder of the pipeline file. */
  readonly folder: string
  readonly node: string
}

export interface LookupTable {
  readonly columns: readonly string[]
  find(key: readonly Json[]): Row | undefined
}

interface Records {
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  /** Where each stands: `line 5`. */
  readonly place: (index: number) => string
}

/**
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE if the file can't be read, CUSTODY_PLUGIN_OPTIONS if a key
 *   column isn't there, is empty in some record, or if two records have the same key.
 */
export async function loadTable(options: TableOptions): Promise<LookupTable> {
  const records = await readRecords(options)
  for (const column of options.key) requireColumn(options, records.columns, column)
  const index = new Map<string, number>()
  for (const [i, row] of records.rows.entries()) {
    const key = keyText(options.key.map(column => row[column] ?? null))
    if (key === null)
      wrong(options, `${records.place(i)} has no key: ${options.key.join(', ')} must be texts or numbers`)
    const first = index.get(key)
    if (first !== undefined) {
      const shown = options.key.map(column => `${column} ${JSON.stringify(row[column])}`).join(', ')
      wrong(options, `the key ${shown} on ${records.place(i)} is on ${records.place(first)} already`)
    }
    index.set(key, i)
  }
  return {
    columns: records.columns,
    find(key) {
      const text = keyText(key)
      const found = text === null ? undefined : index.get(text)
      return found === undefined ? undefined : records.rows[found]
    },
  }
}

/** Numbers and texts that are written alike are the same key: tables of texts are matched by rows with numbers. */
function keyText(values: readonly Json[]): string | null {
  const texts: string[] = []
  for (const value of values) {
    if (value === null || typeof value === 'object') return null
    texts.push(String(value))
  }
  return texts.length === 1 ? (texts[0] as string) : JSON.stringify(texts)
}

export function requireColumn(options: TableOptions, columns: readonly string[], column: string): void {
  if (columns.includes(column)) return
  const [nearest] = nearestNames(column, columns)
  const all = columns.length === 0 ? 'It has no columns.' : `Its columns: ${columns.join(', ')}.`
  wrong(options, `there is no column ${column}`, nearest === undefined ? all : `Did you mean ${nearest}? ${all}`)
}

function wrong(options: TableOptions, problem: string, hint?: string): never {
  throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', `${options.path}: ${problem}.`, {
    where: { node: options.node, path: options.path },
    hint: hint ?? 'Fix the table, or choose other columns as the key.',
  })
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

async function readRecords(options: TableOptions): Promise<Records> {
  if (options.format === 'csv') {
    const { path, folder, node, delimiter } = options
    const layout = { delimiter: delimiter ?? (extname(path).toLowerCase() === '.tsv' ? 'tab' : ',') }
    const { columns, rows, lines } = await readCsvTable({ path, folder, node }, layout)
    return { columns, rows, place: i => `line ${lines[i]}` }
  }
  const text = await readText(options)
  const { values, place } = options.format === 'json' ? jsonArray(options, text) : jsonLines(options, text)
  const columns = new Set<string>()
  for (const [i, value] of values.entries()) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      unreadable(options, `${place(i)} isn’t an object`)
    for (const column of Object.keys(value)) columns.add(column)
  }
  return { columns: [...columns], rows: values as readonly Row[], place }
}

async function readText(options: TableOptions): Promise<string> {
  const file = resolve(options.folder, options.path)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      return unreadable(options, 'it isn’t a readable UTF-8 file', error)
    throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `${options.path} doesn’t exist.`, {
      where: { node: options.node, path: options.path },
    })
  }
}

interface Values {
  readonly values: readonly Json[]
  readonly place: (index: number) => string
}

function jsonArray(options: TableOptions, text: string): Values {
  const value = parse(options, text, 'it')
  if (!Array.isArray(value)) return unreadable(options, 'it isn’t a JSON list of objects')
  return { values: value as readonly Json[], place: i => `record ${i + 1}` }
}

function jsonLines(options: TableOptions, text: string): Values {
  const values: Json[] = []
  const lines: number[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    values.push(parse(options, line, `line ${i + 1}`))
    lines.push(i + 1)
  }
  return { values, place: i => `line ${lines[i]}` }
}

function parse(options: TableOptions, text: string, place: string): Json {
  try {
    return parseStrict(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return unreadable(options, `${place} isn’t valid JSON: ${reason}`, error)
  }
}

function unreadable(options: TableOptions, problem: string, cause?: unknown): never {
  throw new CustodyError('CUSTODY_SOURCE', `${options.path}: ${problem}.`, {
    where: { node: options.node, path: options.path },
    hint: 'Fix the file.',
    cause,
  })
}
