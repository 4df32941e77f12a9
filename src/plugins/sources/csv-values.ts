/**
 * What cells say beyond RFC 4180: words for nothing, for true and false, numbers and dates as people write them. Cells are written
 * anew as the schema reads them, each field by what it is declared to be; the record's own text stays as it is.
 */
import { CustodyError } from '../../model/error.ts'
import type { FieldSchema } from '../../model/schema.ts'
import { cellConverter } from '../../sdk/cell.ts'
import { compileDatePattern } from '../../sdk/expression.ts'
import type { Cell } from './csv-scanner.ts'

export interface ValueRules {
  readonly null_values: readonly string[]
  readonly true_values: readonly string[]
  readonly false_values: readonly string[]
  readonly decimal: '.' | ','
  readonly thousands?: string | undefined
  readonly date_format: { readonly [field: string]: string }
}

/** A cell that is not what its field must be. */
export interface CellProblem {
  readonly code: 'CSV_NUMBER' | 'CSV_DATE'
  readonly message: string
  readonly field: string
}

export const VALUE_ERRORS = {
  CSV_NUMBER: 'A cell of a numeric field isn’t a number as `decimal` and `thousands` say.',
  CSV_DATE: 'A cell isn’t a date as the field’s `date_format` says.',
}

/** Writes the cells of a record anew, in place; the first that can't be, if one can't. */
export type CellRules = (cells: Cell[]) => CellProblem | null

/** Undefined: the cell isn't what it should be. */
type CellRule = (cell: string) => Cell | undefined

/** Null if cells stay as they are. @param names of the columns, in order @param declared fields of the schema */
export function cellRules(
  rules: ValueRules,
  names: readonly string[],
  declared: ReadonlyMap<string, FieldSchema>,
): CellRules | null {
  const nothing = new Set(rules.null_values)
  const columns = names.map(name => ({ name, rule: ruleOf(rules, name, declared.get(name)) }))
  if (nothing.size === 0 && columns.every(({ rule }) => rule === null)) return null
  return cells => {
    for (const [index, { name, rule }] of columns.entries()) {
      const cell = cells[index] ?? null
      if (cell === null) continue
      if (nothing.has(cell)) {
        cells[index] = null
        continue
      }
      if (rule === null || cell === '') continue
      const value = rule(cell)
      if (value === undefined) return problemOf(rules, name, cell)
      cells[index] = value
    }
    return null
  }
}

/**
 * Options without a meaning for what is declared are refused: nobody would see that they do nothing.
 * @throws CustodyError CUSTODY_PLUGIN_OPTIONS.
 */
export function refuseUnused(rules: ValueRules, declared: ReadonlyMap<string, FieldSchema>, node: string): void {
  const types = new Set([...declared.values()].flatMap(typesOf))
  const numbers = rules.decimal === ',' ? 'decimal' : rules.thousands === undefined ? null : 'thousands'
  const words = rules.true_values.length > 0 ? 'true_values' : rules.false_values.length > 0 ? 'false_values' : null
  if (numbers !== null && !hasNumbers([...types])) refuse(numbers, 'numbers', 'number', node)
  if (words !== null && !types.has('boolean')) refuse(words, 'booleans', 'boolean', node)
}

function refuse(option: string, what: string, type: string, node: string): never {
  const message = `${option} is about fields that are declared as ${what}, and none is`
  const hint = `Declare them: of a source in its schema (fields: { NAME: ${type} }), of a table in types. Or remove ${option}.`
  throw new CustodyError('CUSTODY_PLUGIN_OPTIONS', message, { where: { node }, hint })
}

const hasNumbers = (types: readonly string[]) =>
  ['number', 'integer', 'decimal', 'big_integer'].some(type => types.includes(type))

const typesOf = ({ schema }: FieldSchema): readonly string[] => cellConverter(schema).type.split('|')

function ruleOf(rules: ValueRules, name: string, declared: FieldSchema | undefined): CellRule | null {
  const pattern = Object.hasOwn(rules.date_format, name) ? rules.date_format[name] : undefined
  if (pattern !== undefined) {
    const date = compileDatePattern(pattern)
    return typeof date === 'string' ? null : cell => date(cell) ?? undefined
  }
  if (declared === undefined) return null
  const types = typesOf(declared)
  const texts = types.includes('string')
  const number = hasNumbers(types) ? numberRule(rules, texts) : null
  const truth = types.includes('boolean') ? truthRule(rules) : null
  if (number === null || truth === null) return number ?? truth
  return cell => {
    const word = truth(cell)
    return word === cell ? number(cell) : word
  }
}

/** Words become `true` and `false`; others stay, for the schema to judge. */
function truthRule({ true_values, false_values }: ValueRules): CellRule | null {
  if (true_values.length === 0 && false_values.length === 0) return null
  const words = new Map([
    ...true_values.map(word => [word, 'true'] as const),
    ...false_values.map(word => [word, 'false'] as const),
  ])
  return cell => words.get(cell) ?? cell
}

/** What people group digits with where they write a blank. */
const BLANKS = ' \u00a0\u202f'

/** @param texts whether the field may be a text, too: then what is no number is one */
function numberRule({ decimal, thousands }: ValueRules, texts: boolean): CellRule | null {
  if (decimal === '.' && thousands === undefined) return null
  const group = thousands === undefined ? null : thousands === ' ' ? `[${BLANKS}]` : RegExp.escape(thousands)
  // Groups of three; with commas, as in India, of two before the last one, too.
  const by_three = group === null ? '' : `|\\d{1,3}(?:${group}\\d{3})+`
  const grouped = thousands === ',' ? `${by_three}|\\d{1,2}(?:,\\d{2})+,\\d{3}` : by_three
  const number = new RegExp(`^-?(?:\\d+${grouped})(?:${RegExp.escape(decimal)}\\d+)?(?:[eE][+-]?\\d+)?$`, 'u')
  const groups = group === null ? null : new RegExp(group, 'gu')
  return cell => {
    if (!number.test(cell)) return texts ? cell : undefined
    const plain = groups === null ? cell : cell.replace(groups, '')
    return decimal === '.' ? plain : plain.replace(',', '.')
  }
}

/** A value in a message, cut where it is long. */
const shown = (cell: string) => JSON.stringify(cell.length > 60 ? `${cell.slice(0, 60)}…` : cell)

function problemOf({ decimal, thousands = '', date_format }: ValueRules, field: string, cell: string): CellProblem {
  const is = `${field} is ${shown(cell)}`
  if (Object.hasOwn(date_format, field))
    return { code: 'CSV_DATE', message: `${is}; a date must look like ${date_format[field]}`, field }
  return { code: 'CSV_NUMBER', message: `${is}; a number must look like -1${thousands}234${decimal}5`, field }
}
