/**
 * A sheet as a table: a header, then a record for each row that has a value in it.
 *
 * SHEET-TABLE-1. A value is never dropped in silence: what stands beside the columns rejects its record.
 */
import { newRow, type Row } from '../../model/row.ts'
import type { RowSchema } from '../../model/schema.ts'
import type { SourceColumn } from '../../sdk/spec.ts'
import { type InputPlace, inputName, sourceError } from '../sources/byte-reader.ts'
import { columnsOf, numberedColumns } from '../sources/csv-header.ts'
import type { Problem } from '../sources/one-file.ts'
import type { OpenTable, TableRecord } from '../sources/table-source.ts'
import { type CellRange, columnName, MAX_COLUMNS } from './cell-address.ts'
import { CellProblem, type CellRules, type Column, cellValue, columnFor, shownCell } from './cell-values.ts'
import type { MergedCells } from './merged-cells.ts'
import type { SheetCell, SheetRow } from './sheet.ts'

export const TABLE_ERRORS = {
  MERGED_CELL:
    'A cell of the record is merged with others, so that it isn’t clear whose value it is; `merged_cells` can say.',
  CELL_OUTSIDE_COLUMNS: 'A value stands in a column that the header doesn’t name; `range` can leave the column out.',
}

export interface TableRules extends CellRules {
  readonly range: CellRange
  readonly header: boolean
  readonly columns: readonly string[] | null
  readonly normalise: boolean
  readonly merged_cells: 'reject' | 'fill' | 'first'
  readonly schema: RowSchema
}

/** How far a position of the sheet's text is in the file's bytes. */
export type OffsetOf = (position: number) => number

interface Columns {
  /** Of the sheet, from 1. */
  readonly left: number
  readonly all: readonly Column[]
  readonly head: readonly SourceColumn[] | null
  readonly warnings: readonly string[]
}

/** @throws CustodyError CUSTODY_SOURCE if the header can't be one. */
export async function openSheet(
  rows: AsyncIterable<readonly SheetRow[]>,
  merged: MergedCells,
  rules: TableRules,
  offsetOf: OffsetOf,
  place: InputPlace,
): Promise<OpenTable & { readonly isEmpty: boolean }> {
  const iterator = rowsWithin(rows, rules.range)[Symbol.asyncIterator]()
  const first = await iterator.next()
  const rest = first.done === true ? [] : first.value
  const [row] = rest
  const columns = row === undefined ? noColumns(rules) : columnsFrom(row, rules, place)
  const data = rules.header ? rest.slice(1) : rest
  const builder = new RecordBuilder(columns, merged, rules)
  const builtOf = (some: readonly SheetRow[]) =>
    some.flatMap(each => builder.record(each, offsetOf(each.position)) ?? [])
  return {
    isEmpty: row === undefined,
    columns: columns.head,
    warnings: columns.warnings,
    async *records(skip) {
      let left = skip
      let some: readonly SheetRow[] = data
      for (;;) {
        const records = builtOf(some)
        if (records.length > left) yield records.slice(left)
        left = Math.max(0, left - records.length)
        const next = await iterator.next()
        if (next.done === true) return
        some = next.value
      }
    },
    async close() {
      await iterator.return?.(undefined)
    },
  }
}

/** Rows of the range that have a cell in it, with those cells; the first chunk has one at least. */
async function* rowsWithin(rows: AsyncIterable<readonly SheetRow[]>, range: CellRange) {
  const { top, bottom, left, right } = range
  const isWithin = ({ column }: SheetCell) => column >= left && column <= right
  for await (const some of rows) {
    const within: SheetRow[] = []
    for (const row of some) {
      if (row.number < top || row.number > bottom) continue
      const cells = row.cells.every(isWithin) ? row.cells : row.cells.filter(isWithin)
      if (cells.some(isFilled)) within.push(cells === row.cells ? row : { ...row, cells })
    }
    if (within.length > 0) yield within
    if ((some.at(-1)?.number ?? 0) >= bottom) return
  }
}

const isFilled = (cell: SheetCell) => cell.kind !== 'text' || cell.text !== ''

function noColumns({ header, columns, schema, range }: TableRules): Columns {
  const names = header ? [] : (columns ?? [])
  return {
    left: range.left,
    all: names.map(name => columnFor(name, schema.fields.get(name))),
    head: null,
    warnings: [],
  }
}

function columnsFrom(row: SheetRow, rules: TableRules, place: InputPlace): Columns {
  const { range, schema } = rules
  const filled = row.cells.filter(isFilled)
  const last = filled.at(-1)?.column ?? range.left
  const right = range.right < MAX_COLUMNS ? range.right : last
  if (!rules.header) {
    const width = right - range.left + 1
    const declared = schema.closed && schema.fields.size > 0 ? [...schema.fields.keys()] : null
    const names = rules.columns ?? declared ?? numberedColumns(width)
    return {
      left: range.left,
      all: names.map(name => columnFor(name, schema.fields.get(name))),
      head: null,
      warnings: [],
    }
  }
  const left = range.left > 1 || range.right < MAX_COLUMNS ? range.left : (filled[0]?.column ?? range.left)
  const headers = Array.from({ length: right - left + 1 }, (_, i) => headerAt(row.cells, left + i))
  const named = columnsOf(headers, { normalise: rules.normalise, declared: [...schema.fields.keys()] })
  if (typeof named === 'string') throw sourceError(place, `${inputName(place)}: ${named}`, 'Rename one of the two.')
  const { names, numbered } = named
  const warnings =
    numbered.length === 0
      ? []
      : [
          `${place.path} has columns that would be the same field as another one, and got numbers: ${numbered.join(', ')}`,
        ]
  return {
    left,
    all: names.map(name => columnFor(name, schema.fields.get(name))),
    head: names.map((field, i) => ({ field, header: headers[i] ?? '' })),
    warnings,
  }
}

function headerAt(cells: readonly SheetCell[], column: number): string {
  const cell = cells.find(each => each.column === column)
  const shown = cell === undefined ? null : shownCell(cell)
  return shown === null ? '' : String(shown)
}

class RecordBuilder {
  readonly #columns: Columns
  readonly #merged: MergedCells
  readonly #rules: TableRules
  /** Cells in the upper left of merged ones, which give all of these their value. */
  readonly #anchors = new Map<CellRange, SheetCell | null>()

  constructor(columns: Columns, merged: MergedCells, rules: TableRules) {
    this.#columns = columns
    this.#merged = merged
    this.#rules = rules
  }

  /** Null: nothing stands in its columns. */
  record(given: SheetRow, offset: number): TableRecord | null {
    const { number: line } = given
    const merges = this.#merged.at(line).filter(range => this.#concerns(range))
    const row = merges.length > 0 && this.#rules.merged_cells === 'fill' ? this.#filled(given, merges) : given
    const placed = { line, offset }
    const problem = this.#problem(row, merges)
    if (problem !== null) return { kind: 'reject', ...placed, raw: this.#shown(row), problem }
    const values = this.#values(row)
    if (values === null) return null
    return values instanceof CellProblem
      ? { kind: 'reject', ...placed, raw: this.#shown(row), problem: values.problem }
      : { kind: 'row', ...placed, row: values }
  }

  #concerns({ left, right }: CellRange): boolean {
    const { left: first, all } = this.#columns
    return right >= first && left < first + all.length
  }

  #problem({ number, cells }: SheetRow, merges: readonly CellRange[]): Problem | null {
    const { left, all } = this.#columns
    const [merge] = merges
    if (merge !== undefined && this.#rules.merged_cells === 'reject') {
      const field = all[Math.max(0, merge.left - left)]?.field
      const range = `${columnName(merge.left)}${merge.top}:${columnName(merge.right)}${merge.bottom}`
      return {
        code: 'MERGED_CELL',
        message: `the cells ${range} are merged`,
        ...(field === undefined ? {} : { field }),
      }
    }
    const outside = cells.find(each => isFilled(each) && (each.column < left || each.column >= left + all.length))
    if (outside === undefined) return null
    const message = `the cell ${columnName(outside.column)}${number} has a value, and no column is named there`
    return { code: 'CELL_OUTSIDE_COLUMNS', message }
  }

  /** Null where all are empty. */
  #values({ number, cells }: SheetRow): Row | CellProblem | null {
    const { left, all } = this.#columns
    const row = newRow()
    let any = false
    for (const { field } of all) row[field] = null
    for (const cell of cells) {
      const column = all[cell.column - left]
      if (column === undefined) continue
      const value = cellValue(cell, column, this.#rules, number)
      if (value instanceof CellProblem) return value
      if (value !== null) any = true
      row[column.field] = value
    }
    return any ? row : null
  }

  #shown({ cells }: SheetRow): Row {
    const { left, all } = this.#columns
    const row = newRow()
    for (const cell of cells) {
      const name = all[cell.column - left]?.field ?? columnName(cell.column)
      row[name] = shownCell(cell)
    }
    return row
  }

  /** The row with the value of each range of merged cells in all of its cells. */
  #filled({ number, cells, position }: SheetRow, merges: readonly CellRange[]): SheetRow {
    const by_column = new Map(cells.map(cell => [cell.column, cell]))
    for (const open of this.#anchors.keys()) if (open.bottom < number) this.#anchors.delete(open)
    for (const range of merges) {
      if (!this.#anchors.has(range))
        this.#anchors.set(range, number === range.top ? (by_column.get(range.left) ?? null) : null)
      const anchor = this.#anchors.get(range) ?? null
      for (let column = range.left; column <= range.right; column++) {
        if (anchor === null) by_column.delete(column)
        else by_column.set(column, { ...anchor, column })
      }
    }
    return { number, position, cells: [...by_column.values()].sort((a, b) => a.column - b.column) }
  }
}
