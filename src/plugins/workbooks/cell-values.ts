/** What a row of a pipeline gets of a cell: its value, or why there is none. */
import type { Json } from '../../model/row.ts'
import { exactType, type FieldSchema } from '../../model/schema.ts'
import type { Problem } from '../sources/one-file.ts'
import { columnName } from './cell-address.ts'
import { type DateKind, dateText } from './serial-date.ts'
import type { SheetCell } from './sheet.ts'

export const CELL_ERRORS = {
  ERROR_CELL:
    'A cell has an error in place of a value, such as `#DIV/0!`; `error_cells` can take it for nothing or for text.',
  FORMULA_NOT_CALCULATED:
    'A cell has a formula, and the program that wrote the workbook has calculated no value for it: open and save it in one that does.',
  DATE_OUT_OF_RANGE: 'A cell that is formatted as a date has a number that is none.',
  CELL_INVALID:
    'A cell has what no program should write: a number that is none, a text that isn’t there, half of a character.',
}

export interface CellRules {
  readonly is_1904: boolean
  /** By the formats of cells. */
  readonly kinds: readonly (DateKind | null)[]
  readonly error_cells: 'reject' | 'null' | 'text'
}

/** How the numbers of a field are taken: as they are, as texts, or as texts with the digits that Excel itself counts on. */
type NumbersAs = 'number' | 'text' | 'exact'

export interface Column {
  readonly field: string
  readonly numbers: NumbersAs
}

/** Of a field that the schema declares, or doesn't. */
export function columnFor(field: string, declared: FieldSchema | undefined): Column {
  if (declared === undefined) return { field, numbers: 'number' }
  if (exactType(declared.schema) !== null) return { field, numbers: 'exact' }
  const { type } = declared.schema
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  const text = types.includes('string') && !types.includes('number') && !types.includes('integer')
  return { field, numbers: text ? 'text' : 'number' }
}

/** A value, or why there is none; a class, so that it can't be mistaken for one. */
export class CellProblem {
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

/** More digits than these are remains of calculations with doubles: Excel shows no more, and compares by them. */
const DIGITS = 15

export function cellValue(
  cell: SheetCell,
  { field, numbers }: Column,
  rules: CellRules,
  row: number,
): Json | CellProblem {
  switch (cell.kind) {
    case 'text':
      if (!cell.text.isWellFormed()) return wrong(cell, field, row, 'CELL_INVALID', 'has half of a character in it')
      return cell.text === '' ? null : cell.text
    case 'number':
      return numberValue(cell, { field, numbers }, rules, row)
    case 'boolean':
      return numbers === 'text' ? String(cell.value) : cell.value
    case 'date':
      return cell.text
    case 'pending':
      return wrong(cell, field, row, 'FORMULA_NOT_CALCULATED', 'has a formula without a calculated value')
    case 'error':
      if (rules.error_cells === 'null') return null
      if (rules.error_cells === 'text') return cell.text
      return wrong(cell, field, row, 'ERROR_CELL', `has the error ${cell.text}`)
    case 'broken':
      return wrong(cell, field, row, 'CELL_INVALID', `has ${JSON.stringify(cell.text)}, which stands for nothing`)
  }
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/

function numberValue(
  cell: SheetCell & { readonly kind: 'number' },
  { field, numbers }: Column,
  rules: CellRules,
  row: number,
): Json | CellProblem {
  const value = Number(cell.text)
  if (!Number.isFinite(value) || !NUMBER.test(cell.text))
    return wrong(cell, field, row, 'CELL_INVALID', `has ${JSON.stringify(cell.text)} as a number`)
  const kind = rules.kinds[cell.style] ?? null
  if (kind !== null) {
    const text = dateText(value, kind, rules.is_1904)
    return text ?? wrong(cell, field, row, 'DATE_OUT_OF_RANGE', `has the number ${cell.text}, which is no date`)
  }
  if (numbers === 'exact') return String(Number(value.toPrecision(DIGITS)))
  if (numbers === 'text') return String(value)
  return value === 0 ? 0 : value
}

function wrong(cell: SheetCell, field: string, row: number, code: string, what: string): CellProblem {
  return new CellProblem({ code, message: `the cell ${columnName(cell.column)}${row} ${what}`, field })
}

/** What a cell shows of itself, in a record that is rejected. */
export function shownCell(cell: SheetCell): Json {
  if (cell.kind === 'pending') return null
  if (cell.kind === 'boolean') return cell.value
  const number = cell.kind === 'number' ? Number(cell.text) : Number.NaN
  return Number.isFinite(number) ? number : cell.text.toWellFormed()
}
