/** Records of a database as rows: what is declared of a field decides between the forms that a value can have. */

import { canonicalize, NotJsonError } from '../../model/canonical.ts'
import type { DeclaredNumbers } from '../../model/json.ts'
import { type Json, type MutableRow, newRow } from '../../model/row.ts'
import { exactType, type FieldSchema, type RowSchema } from '../../model/schema.ts'
import { numbersIn } from '../../sdk/exact-numbers.ts'
import type { SourceRecord, SourceReject } from '../../sdk/spec.ts'
import { type Cell, type Column, type Record as DatabaseRecord, type NumbersOf, Unfit } from '../databases/database.ts'
import { jsonCell } from '../databases/values.ts'
import { MAX_RECORD_UNITS } from './file-source.ts'

export const SQL_VALUE = 'SQL_VALUE'
const SQL_ROW = 'SQL_ROW'
export const SQL_ROW_ERRORS = {
  [SQL_VALUE]:
    'A value can’t be held by a row: infinity or NaN, a date outside of the years 1 to 9999, JSON that readers would read differently; `raw` has its text.',
  [SQL_ROW]: 'The row is longer than 16 MiB as JSON, or nested too deeply; `raw` has its beginning.',
}

type Fit = (cell: Json) => Cell

/** How values of columns become fields. */
export class RowMaker {
  readonly #columns: readonly Column[]
  readonly #fits: ReadonlyArray<Fit | null>

  constructor(columns: readonly Column[], { fields }: RowSchema) {
    this.#columns = columns
    this.#fits = columns.map(({ name }) => fitOf(fields.get(name)))
  }

  /** A record with what is behind it, and the text that its hash is made of. */
  make(
    record: DatabaseRecord,
    positionBehind: (line: string) => Json,
  ): { readonly item: SourceRecord; readonly line: string } {
    const row = newRow() as MutableRow
    let unfit: { readonly field: string; readonly value: Unfit } | null = null
    for (let i = 0; i < this.#columns.length; i++) {
      const field = this.#columns[i]?.name ?? ''
      const fit = this.#fits[i]
      const cell = record[i] ?? null
      const value = cell === null || cell instanceof Unfit || fit === null || fit === undefined ? cell : fit(cell)
      if (value instanceof Unfit) unfit ??= { field, value }
      row[field] = value instanceof Unfit ? value.text : value
    }
    let line: string
    try {
      line = canonicalize(row)
    } catch (error) {
      if (!(error instanceof NotJsonError)) throw error
      line = canonicalize(error.message)
      return { item: rejected(SQL_ROW, error.message, null, positionBehind(line)), line }
    }
    const position = positionBehind(line)
    if (line.length > MAX_RECORD_UNITS)
      return {
        item: rejected(SQL_ROW, 'the row is longer than 16 MiB', line.slice(0, 1024).toWellFormed(), position),
        line,
      }
    if (unfit === null) return { item: { kind: 'row', line: 0, row, position }, line }
    const { field, value } = unfit
    return {
      item: { ...rejected(SQL_VALUE, `the value of ${field} can’t be held: ${value.why}`, row, position), field },
      line,
    }
  }
}

const rejected = (code: string, message: string, raw: Json, position: Json): SourceReject => ({
  kind: 'reject',
  line: 0,
  raw,
  code,
  message,
  position,
})

/** What the schema says of numbers in JSON. */
export function numbersOf({ fields }: RowSchema): NumbersOf {
  const known = new Map<string, DeclaredNumbers | null>()
  for (const [name, { schema }] of fields) known.set(name, numbersIn(schema))
  return column => known.get(column) ?? null
}

const INTEGER = /^-?\d+(?:\.0+)?$/
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function fitOf(declared: FieldSchema | undefined): Fit | null {
  if (declared === undefined || exactType(declared.schema) !== null) return null
  const { type } = declared.schema
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  if (types.includes('string')) return null
  if (types.includes('object') || types.includes('array')) {
    const numbers = numbersIn(declared.schema)
    return cell => (typeof cell === 'string' ? jsonCell(cell, numbers) : cell)
  }
  if (types.includes('boolean')) return cell => (cell === 0 || cell === 1 ? cell === 1 : cell)
  if (types.includes('number'))
    return cell => (typeof cell === 'string' && NUMBER.test(cell) ? asNumber(cell, false) : cell)
  if (types.includes('integer'))
    return cell => (typeof cell === 'string' && INTEGER.test(cell) ? asNumber(cell, true) : cell)
  return null
}

/** What no number can be stays a text, which the schema refuses. */
function asNumber(text: string, is_integer: boolean): Json {
  const number = Number(text)
  return (is_integer ? Number.isSafeInteger(number) : Number.isFinite(number)) ? number + 0 : text
}
