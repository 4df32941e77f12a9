/** From what the cells of all columns have in common to types, and to the words and conventions that the whole file keeps to: pure. */
import { COMPACT, type DateFinding } from './date-evidence.ts'
import { decideNothings } from './decide-nothings.ts'
import { chooseConvention, type NumberType, numberType } from './decide-numbers.ts'
import type { DeclaredType } from './declarable.ts'
import { describe } from './describe.ts'
import type { FieldFinding } from './finding.ts'
import type { Convention, Numbers } from './number-evidence.ts'
import type { TextColumn } from './text-column.ts'
import { type TruthWords, truthWords } from './words.ts'

/** What a column is, if words for nothing are left out. */
export type Kind =
  | { readonly kind: 'boolean'; readonly words: TruthWords }
  | { readonly kind: 'date'; readonly pattern: string; readonly iso: boolean }
  | { readonly kind: 'number'; readonly type: NumberType; readonly numbers: Numbers }
  | { readonly kind: 'json'; readonly type: 'array' | 'object' }
  | { readonly kind: 'text' }
  /** No value but words for nothing. */
  | { readonly kind: 'empty' }

export interface TableFinding {
  readonly fields: readonly FieldFinding[]
  readonly convention: Convention
  readonly null_values: readonly string[]
  readonly true_values: readonly string[]
  readonly false_values: readonly string[]
  readonly doubts: readonly string[]
}

/** @param delimiter what stands between cells: files with semicolons more often have decimal commas */
export function decideTable(columns: readonly TextColumn[], delimiter: string): TableFinding {
  const { convention, doubts } = chooseConvention(
    columns.filter(column => firstKind(column) === null),
    delimiter,
  )
  const kinds = columns.map(column => firstKind(column) ?? kindOf(column, convention))
  const nothings = decideNothings(columns, kinds)
  const fields = columns.map((column, index) => {
    const kind = kinds[index] ?? { kind: 'text' }
    const blocked = [...column.nothings].filter(([word]) => !nothings.has(word))
    const solid = kind.kind === 'text' || kind.kind === 'empty' || blocked.length === 0
    return fieldOf(column, solid ? kind : { kind: 'text' }, nothings, kind, convention)
  })
  const used = fields.map((field, index) => ({ field, kind: kinds[index] }))
  const words = used.flatMap(({ field, kind }) =>
    kind?.kind === 'boolean' && field.types[0] === 'boolean' ? kind.words : [],
  )
  return {
    fields,
    convention: used.some(({ field, kind }) => kind?.kind === 'number' && field.types[0] === kind.type)
      ? convention
      : { decimal: '.' },
    null_values: [...nothings].sort(),
    true_values: unique(words.flatMap(({ yes }) => yes)),
    false_values: unique(words.flatMap(({ no }) => no)),
    doubts,
  }
}

const unique = (words: readonly string[]) => [...new Set(words)].sort()

/** What needs no look at numbers; null for all others. */
function firstKind(column: TextColumn): Kind | null {
  if (column.values === 0) return { kind: 'empty' }
  const words = column.truths === null ? null : truthWords(column.truths)
  if (words !== null) return { kind: 'boolean', words }
  const date = column.dates.misses.count === 0 ? column.dates.finding : NO_DATE
  if (date.kind === 'pattern' && isMeant(date.pattern, column))
    return { kind: 'date', pattern: date.pattern, iso: date.iso }
  return column.json === 'array' || column.json === 'object' ? { kind: 'json', type: column.json } : null
}

const NO_DATE: DateFinding = { kind: 'none' }

/** Eight digits are a date only in a column that says so. */
function isMeant(pattern: string, { field }: TextColumn): boolean {
  return pattern !== COMPACT || /dat|day|tag|(?:^|_)dt|jour|fecha|giorno/i.test(field)
}

function kindOf(column: TextColumn, convention: Convention): Kind {
  const numbers = column.numbers.under(convention)
  if (numbers === null || numbers.misses.count > 0 || column.numbers.zero_led.count > 0) return { kind: 'text' }
  const type = numberType(numbers, column)
  return type === null ? { kind: 'text' } : { kind: 'number', type, numbers }
}

const TYPES: { readonly [kind in Exclude<Kind['kind'], 'number' | 'json'>]: DeclaredType } = {
  boolean: 'boolean',
  date: 'string',
  text: 'string',
  empty: 'string',
}

/** @param natural what the column would be if its words for nothing were null */
function fieldOf(
  column: TextColumn,
  kind: Kind,
  nothings: ReadonlySet<string>,
  natural: Kind,
  convention: Convention,
): FieldFinding {
  const type = kind.kind === 'number' || kind.kind === 'json' ? kind.type : TYPES[kind.kind]
  const missing =
    column.empty + [...column.nothings].reduce((sum, [word, { count }]) => sum + (nothings.has(word) ? count : 0), 0)
  const optional = missing > 0 || column.total === 0 || (type !== 'string' && column.quoted_empty.count > 0)
  const fraction = kind.kind === 'number' && kind.type !== 'integer' && kind.type !== 'big_integer'
  const unique = column.total > 1 && column.values === column.total && !column.uniqueness.twice && !fraction
  return {
    field: column.field,
    ...(column.header === column.field ? {} : { header: column.header }),
    types: [type],
    optional,
    ...(kind.kind === 'date' && !kind.iso ? { date_format: kind.pattern } : {}),
    unique,
    ...describe(column, { kind, natural, nothings, convention, unique, missing }),
  }
}
