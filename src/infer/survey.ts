/** Reads all records of a file, and asks every question of each of its values: one pass, in bounded memory. */
import type { Row } from '../model/row.ts'
import type { Cell } from '../plugins/sources/csv-scanner.ts'
import type { SourceColumn } from '../sdk/spec.ts'
import { Budget } from './distinct.ts'
import type { LineName } from './examples.ts'
import { JsonColumn } from './json-column.ts'
import { type ValuesOf, withLargeIntegers } from './large-integers.ts'
import { type Options, type Reading, type ReadWhole, readWhole } from './reading.ts'
import { TextColumn } from './text-column.ts'

export interface TableSurvey extends ReadWhole {
  readonly options: Options
  readonly columns_seen: readonly TextColumn[]
}

/** Of a file whose cells are texts. */
export async function surveyTable(reading: Reading): Promise<TableSurvey> {
  const budget = new Budget()
  let columns: TextColumn[] = []
  const named = (names: readonly SourceColumn[]) => {
    columns = names.map(({ field, header }) => new TextColumn(field, header, budget))
  }
  const whole = await readWhole(reading, null, {
    onColumns: named,
    onRow: (row, line) => {
      if (columns.length === 0) named(Object.keys(row).map(field => ({ field, header: field })))
      for (const column of columns) column.add(cellOf(row, column.field), line)
    },
  })
  return { ...whole, options: reading.options, columns_seen: columns }
}

function cellOf(row: Row, field: string): Cell {
  const cell = row[field]
  return typeof cell === 'string' ? cell : null
}

export interface ValuesSurvey extends ReadWhole {
  /** In the order in which records first have them; at most so many. */
  readonly columns_seen: readonly JsonColumn[]
  /** Records that were taken, or will be with a schema. */
  readonly rows: number
  /** Whether there were too many fields to tell them apart. */
  readonly overflown: boolean
}

/** Fields of JSON objects: more are data of their own, used as keys. */
export const MOST_FIELDS = 500

/** Of a file whose values have types. */
export async function surveyValues(reading: Reading): Promise<ValuesSurvey> {
  const budget = new Budget()
  const columns = new Map<string, JsonColumn>()
  let overflown = false
  let rows = 0
  const take = (row: ValuesOf, line: LineName) => {
    rows += 1
    for (const field in row) {
      let column = columns.get(field)
      if (column === undefined && columns.size < MOST_FIELDS) {
        column = new JsonColumn(field, budget)
        columns.set(field, column)
      }
      const value = row[field]
      if (column === undefined || value === undefined) overflown = true
      else column.add(value, line)
    }
  }
  const whole = await readWhole(reading, null, {
    onRow: take,
    // With its field declared it is taken.
    onReject: (raw, code, line) => {
      const row = code === 'JSON_INTEGER_TOO_LARGE' && typeof raw === 'string' ? withLargeIntegers(raw) : null
      if (row !== null) take(row, line)
    },
  })
  return { ...whole, columns_seen: [...columns.values()], rows, overflown }
}
