/** The `pivot` aggregate. */
import { z } from 'zod'
import { keyValue } from '../../model/decimal-text.ts'
import type { Json, Row } from '../../model/row.ts'
import { exactType, type FieldSchema, type RowSchema } from '../../model/schema.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { type Amounts, amountsOf } from './amounts.ts'
import { type Group, groupRow, groupRows, valueKey } from './groups.ts'
import {
  fieldList,
  fieldName,
  fieldSchema,
  groupBy,
  groupFields,
  groupIssues,
  groupRequirements,
  groupSchema,
  INTEGER,
  namedTwice,
} from './options.ts'
import { NOT_NUMBER, NUMBER_TOO_LARGE, notNumber } from './values.ts'

const NUMERIC = ['sum', 'mean', 'min', 'max'] as const

const pivotOptions = z.strictObject({
  group_by: groupBy,
  column: fieldName.describe('The field whose values are the names of the new fields'),
  value: fieldName.describe('The field whose values stand in them'),
  combine: z
    .enum(['only', 'first', 'last', 'count', ...NUMERIC])
    .default('only')
    .describe('What several values for one place become; with `only` they are an error'),
  prefix: z.string().default('').describe('Stands before each of these names'),
  columns: fieldList
    .optional()
    .describe(
      'The names of the new fields, in order, if they are to be the same for each batch; another name is an error then',
    ),
  max_columns: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('More names than this in one batch are an error (default: 1000); for names that aren’t listed'),
})
type PivotOptions = z.output<typeof pivotOptions>
type Combine = PivotOptions['combine']

/** The name that a value gives to a field; null if it gives none. */
type Naming = (value: Json | undefined) => string | null

const isNumeric = (combine: Combine): combine is (typeof NUMERIC)[number] => NUMERIC.some(each => each === combine)

/** The name that a value gives to a field; null if it gives none. */
function columnOf(value: Json | undefined, prefix: string): string | null {
  if (typeof value === 'string') return value === '' ? null : prefix + value
  return typeof value === 'number' || typeof value === 'boolean' ? prefix + valueKey(value) : null
}

/** `columnOf` of each value. Decimals of one amount give one name: the one that is listed, else, if their scale isn't known, the shortest. */
function namesBy({ column, prefix, columns = [] }: PivotOptions, input: RowSchema): Naming {
  const exact = exactType(fieldSchema(column, input).schema)
  if (exact?.type !== 'decimal') return value => columnOf(value, prefix)
  const amountOf = (value: Json) => columnOf(keyValue(value, true), prefix)
  const listed = new Map<string | null, string>()
  // Of two that are listed for one amount the first has it.
  for (const name of columns.toReversed())
    if (name.startsWith(prefix)) listed.set(amountOf(name.slice(prefix.length)), name)
  return (value = null) => {
    const amount = amountOf(value)
    if (amount === null) return null
    return listed.get(amount) ?? (exact.scale === null ? amount : columnOf(value, prefix))
  }
}

/** The names of all columns: as listed, or in the order in which they appear first; or what is wrong with one. */
function columnsOf(rows: readonly Row[], nameOf: Naming, options: PivotOptions) {
  const { column, columns, max_columns = 1000, group_by } = options
  const names = new Set(columns)
  const taken = groupFields(group_by)
  for (const [i, row] of rows.entries()) {
    const name = nameOf(row[column])
    const wrong = (code: string, what: string) =>
      rowError(code, `${column} of row ${i + 1} of the batch ${what}`, { field: column })
    if (name === null)
      return wrong('BATCH_COLUMN', 'gives no name: it is neither a text nor a number nor true or false')
    if (names.has(name)) continue
    if (columns !== undefined) return wrong('BATCH_COLUMN', `is ${JSON.stringify(name)}, which isn’t among \`columns\``)
    if (taken.includes(name)) return wrong('BATCH_COLUMN', `is ${JSON.stringify(name)}, a field of the group`)
    if (names.size === max_columns)
      return wrong('BATCH_COLUMNS', `would be the name of one more than ${max_columns} columns`)
    names.add(name)
  }
  return names
}

/** One value of those that belong to a place of the result, none of them null. */
function combined(
  values: readonly Json[],
  { combine, amounts }: { readonly combine: Combine; readonly amounts: Amounts },
  place: string,
): { readonly value: Json } | RowError {
  if (combine === 'count') return { value: values.length }
  if (isNumeric(combine)) {
    const value = values.length === 0 ? null : amounts.statistic(values, combine)
    if (value === undefined)
      return rowError('BATCH_NUMBER_TOO_LARGE', `${combine} of ${place} is beyond the numbers that can be kept exactly`)
    return { value }
  }
  if (combine === 'only' && values.length > 1)
    return rowError('BATCH_SEVERAL', `there are ${values.length} values for ${place}, and \`combine\` is \`only\``)
  return { value: (combine === 'last' ? values.at(-1) : values[0]) ?? null }
}

/** The group's row, or what is wrong. `names`: those of all columns. */
function pivoted(
  group: Group,
  { names, nameOf }: { readonly names: ReadonlySet<string>; readonly nameOf: Naming },
  options: PivotOptions,
  amounts: Amounts,
): { readonly row: Row } | RowError {
  const { column, value: field, combine } = options
  const fields = groupFields(options.group_by)
  const row = groupRow(group, fields)
  const places = new Map<string, Json[]>()
  for (const { [column]: name, [field]: value } of group.rows) {
    if (value === undefined || value === null) continue
    const key = nameOf(name) ?? ''
    const values = places.get(key)
    if (values === undefined) places.set(key, [value])
    else values.push(value)
  }
  for (const name of names) {
    const of = fields.map(each => ` of ${each} ${valueKey(row[each])}`).join('')
    const found = combined(places.get(name) ?? [], { combine, amounts }, `${name}${of}`)
    if ('kind' in found) return found
    row[name] = found.value
  }
  return { row }
}

function pivotedSchema(options: PivotOptions, input: RowSchema): RowSchema {
  const { combine, value, columns } = options
  const known = fieldSchema(value, input)
  const { alike, mean } = amountsOf(known).schemas
  const schema = combine === 'mean' ? mean : isNumeric(combine) ? alike : known.schema
  const of: FieldSchema = combine === 'count' ? INTEGER : { schema, optional: true }
  const fields = groupSchema(options.group_by, input)
  for (const name of columns ?? []) fields.set(name, of)
  return columns === undefined
    ? { fields, closed: false, observed: false, rest: of }
    : { fields, closed: true, observed: false }
}

export const pivot = defineAggregate({
  name: 'pivot',
  summary: 'Makes one row for each group of a batch, in which values of a field are columns: rows become columns',
  description: [
    'A row has the group’s fields, and then one field for each value of `column`, with what `value` is there; null where the group',
    'has nothing. All rows of a batch have the same fields, in the order in which their names appear first, or in that of `columns`.',
    'Groups stand in the order in which their first rows came. `unpivot` does the reverse.',
    '',
    '| `combine` | several values for one place |',
    '|---|---|',
    '| `only` | are an error of the whole batch, so that none is lost by mistake |',
    '| `first`, `last` | the first or the last of them, in the order of the batch |',
    '| `count` | how many there are; 0 for none |',
    '| `sum`, `mean`, `min`, `max` | of numbers, as in `batch_stats`; a value that is no number is an error of the whole batch |',
    '',
    'Values that are null or missing count for nothing. A number, true or false is a column’s name as it is written; names that are',
    'whole numbers stand first in a row, before the fields of the group, unless they have a `prefix`. Decimals of one amount, as 1.5 and 1.50,',
    'are one column: as `columns` has it, or without zeros at the end if their scale isn’t declared. Null, missing, empty and anything',
    'else in `column` is an error of the whole batch.',
  ].join('\n'),
  options: pivotOptions,
  determinism: 'deterministic',
  errors: {
    BATCH_SEVERAL: 'There are several values for one place, and `combine` is `only`.',
    BATCH_COLUMN: 'A value of `column` can’t be the name of a new field.',
    BATCH_COLUMNS: 'The batch has more different values of `column` than `max_columns`.',
    ...NOT_NUMBER,
    ...NUMBER_TOO_LARGE,
  },
  examples: [
    {
      title: 'Months as columns',
      options: { group_by: 'region', column: 'month', value: 'amount' },
      rows_in: [
        { region: 'north', month: 'jan', amount: 10 },
        { region: 'south', month: 'feb', amount: 7 },
        { region: 'north', month: 'feb', amount: 20 },
      ],
      rows_out: [
        { region: 'north', jan: 10, feb: 20 },
        { region: 'south', jan: null, feb: 7 },
      ],
    },
    {
      title: 'Sums in columns that are always the same',
      options: {
        ...{ group_by: 'region', column: 'year', value: 'amount', combine: 'sum' },
        ...{ prefix: 'in_', columns: ['in_2024', 'in_2025'] },
      },
      rows_in: [
        { region: 'north', year: 2025, amount: 1 },
        { region: 'north', year: 2025, amount: 2 },
      ],
      rows_out: [{ region: 'north', in_2024: null, in_2025: 3 }],
    },
    {
      title: 'Sums of decimals',
      options: { group_by: 'region', column: 'year', value: 'amount', combine: 'sum', prefix: 'in_' },
      types: { amount: 'decimal(2)' },
      rows_in: [
        { region: 'north', year: 2025, amount: '0.10' },
        { region: 'north', year: 2025, amount: '0.20' },
      ],
      rows_out: [{ region: 'north', in_2025: '0.30' }],
    },
    {
      title: 'Two values for one place',
      options: { column: 'month', value: 'amount' },
      rows_in: [
        { month: 'jan', amount: 1 },
        { month: 'jan', amount: 2 },
      ],
      rows_out: [],
      errors: ['BATCH_SEVERAL'],
    },
  ],
  check: ({ group_by, columns = [], max_columns, column, value }) => [
    ...groupIssues(group_by, columns),
    ...namedTwice('columns', columns),
    ...(columns.length > 0 && max_columns !== undefined
      ? [{ path: ['max_columns'], message: '`columns` says how many there are' }]
      : []),
    ...(column === value ? [{ path: ['value'], message: 'a field can’t give both the names and the values' }] : []),
  ],
  requires: ({ group_by, column, value, combine }) => [
    { field: column, types: ['string', 'number', 'boolean'], path: ['column'] },
    { field: value, ...(isNumeric(combine) ? { types: ['number', 'decimal'] as const } : {}), path: ['value'] },
    ...groupRequirements(group_by),
  ],
  guarantees: (options, input) => pivotedSchema(options, input),
  outputs: ['transform'],
  create: (options, { input }) => {
    const amounts = amountsOf(fieldSchema(options.value, input))
    const nameOf = namesBy(options, input)
    return {
      process(rows) {
        const wrong = isNumeric(options.combine) ? notNumber(rows, options.value, amounts) : null
        if (wrong !== null) return wrong
        const names = columnsOf(rows, nameOf, options)
        if ('kind' in names) return names
        const made: Row[] = []
        for (const group of groupRows(rows, groupFields(options.group_by), input)) {
          const of = pivoted(group, { names, nameOf }, options, amounts)
          if ('kind' in of) return of
          made.push(of.row)
        }
        return { kind: 'rows', rows: made }
      },
    }
  },
})
