/** The `batch_stats` aggregate. */
import { z } from 'zod'
import type { Json, MutableRow, Row } from '../../model/row.ts'
import { excludesNull, type FieldSchema, type RowSchema } from '../../model/schema.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { type Amounts, amountsOf } from './amounts.ts'
import { type Group, groupRow, groupRows, keyIn } from './groups.ts'
import {
  closedSchema,
  fieldList,
  fieldName,
  fieldSchema,
  groupBy,
  groupFields,
  groupIssues,
  groupRequirements,
  groupSchema,
  INTEGER,
  NUMBER,
  namedTwice,
} from './options.ts'
import { STATISTICS } from './statistics.ts'
import { NOT_BOOLEAN, NOT_NUMBER, NUMBER_TOO_LARGE, notBoolean, notNumber } from './values.ts'

const statsOptions = z.strictObject({
  value: fieldName.optional().describe('The field with the numbers; if absent rows are counted, and nothing else'),
  group_by: groupBy,
  stddev: z
    .enum(['sample', 'population'])
    .optional()
    .describe('The standard deviation of a sample (divided by n − 1; the default) or of a population (divided by n)'),
  rates: fieldList
    .optional()
    .describe('Fields that are true or false: `FIELD_rate` gets the share of those that are true'),
  distinct: fieldList.optional().describe('`FIELD_distinct` gets how many different values the field has'),
})
type StatsOptions = z.output<typeof statsOptions>

const rateOf = (field: string) => `${field}_rate`
const distinctOf = (field: string) => `${field}_distinct`

/** The fields that are made of a group, in order. */
const madeFields = ({ value, rates = [], distinct = [] }: StatsOptions): readonly string[] => [
  ...(value === undefined ? ['count'] : STATISTICS),
  ...rates.map(rateOf),
  ...distinct.map(distinctOf),
]

/** Adds the group's row, or returns what is wrong. */
function addStats(
  made: Row[],
  group: Group,
  options: StatsOptions,
  amounts: Amounts,
  input: RowSchema,
): RowError | null {
  const row = groupRow(group, groupFields(options.group_by))
  made.push(row)
  const error = setStatistics(row, group, options, amounts)
  if (error !== null) return error
  for (const field of options.rates ?? []) row[rateOf(field)] = rate(group.rows, field)
  for (const field of options.distinct ?? []) row[distinctOf(field)] = countDistinct(group.rows, field, input)
  return null
}

/** The share of true among true and false; null if there is neither. */
function rate(rows: readonly Row[], field: string): number | null {
  let yes = 0
  let all = 0
  for (const { [field]: value } of rows) {
    if (typeof value !== 'boolean') continue
    all++
    if (value) yes++
  }
  return all === 0 ? null : yes / all
}

function countDistinct(rows: readonly Row[], field: string, input: RowSchema): number {
  const keyOf = keyIn(field, input)
  const keys = new Set<string>()
  for (const { [field]: value } of rows) if (value !== undefined && value !== null) keys.add(keyOf(value))
  return keys.size
}

function setStatistics(row: MutableRow, group: Group, options: StatsOptions, amounts: Amounts): RowError | null {
  const { value: field, stddev = 'sample' } = options
  if (field === undefined) {
    row.count = group.rows.length
    return null
  }
  const values: Json[] = []
  for (const { [field]: value } of group.rows) if (value !== undefined && value !== null) values.push(value)
  const statistics = amounts.statistics(values, stddev)
  if ('beyond' in statistics) {
    const { beyond } = statistics
    const message = `${beyond} of ${field} over ${values.length} ${values.length === 1 ? 'row' : 'rows'} is beyond the numbers that can be kept exactly`
    return rowError('BATCH_NUMBER_TOO_LARGE', message)
  }
  for (const name of STATISTICS) row[name] = statistics[name]
  return null
}

function statsSchema(options: StatsOptions, input: RowSchema): RowSchema {
  const { value, group_by, stddev, rates = [], distinct = [] } = options
  const fields = groupSchema(group_by, input)
  fields.set('count', INTEGER)
  if (value !== undefined) setStatisticsSchema(fields, fieldSchema(value, input), stddev)
  for (const field of rates) {
    const { schema, optional } = fieldSchema(field, input)
    fields.set(rateOf(field), { ...NUMBER, optional: optional || !excludesNull(schema) })
  }
  for (const field of distinct) fields.set(distinctOf(field), INTEGER)
  return closedSchema(fields)
}

function setStatisticsSchema(
  fields: Map<string, FieldSchema>,
  value: FieldSchema,
  stddev: StatsOptions['stddev'],
): void {
  const optional = value.optional || !excludesNull(value.schema)
  const { alike, mean } = amountsOf(value).schemas
  fields.set('sum', { schema: alike, optional: false }).set('mean', { schema: mean, optional })
  fields.set('min', { schema: alike, optional }).set('max', { schema: alike, optional })
  fields.set('stddev', { ...NUMBER, optional: optional || stddev !== 'population' })
  fields.set('p50', { schema: mean, optional }).set('p95', { schema: mean, optional })
}

export const batchStats = defineAggregate({
  name: 'batch_stats',
  summary: 'Makes one row of statistics for each group of a batch',
  description: [
    'A row has the group’s fields and then these; groups stand in the order in which their first rows came.',
    '',
    '| field | is |',
    '|---|---|',
    '| `count` | how many numbers there are; rows whose value is null or missing aren’t counted |',
    '| `sum` | 0 for none; the exact sum, rounded once, so that the order of the rows doesn’t matter |',
    '| `mean`, `min`, `max` | null for none |',
    '| `stddev` | the sample standard deviation (n − 1), which is null for fewer than two numbers; `stddev: population` divides by n |',
    '| `p50`, `p95` | percentiles, linear between the two nearest ranks (as Excel’s PERCENTILE.INC); null for none |',
    '| `FIELD_rate` | for each of `rates`: how many are true, divided by how many are true or false; null if none is either |',
    '| `FIELD_distinct` | for each of `distinct`: how many different values there are; null and missing aren’t counted, 1 and "1" are two |',
    '',
    'Without `value` there is `count`, the number of rows, in place of the statistics. A value that is neither a number nor null nor missing is an',
    'error of the whole batch; so is a sum of whole numbers beyond 2^53 − 1, since it couldn’t be kept exactly. Of a field that is',
    'a decimal all but `stddev` are decimals: exact, with means that aren’t rounded to 34 digits. Null and',
    'missing are the same in `group_by`, and null in the result; 1 and "1" are different groups.',
  ].join('\n'),
  options: statsOptions,
  determinism: 'deterministic',
  errors: {
    ...NOT_NUMBER,
    ...NOT_BOOLEAN,
    ...NUMBER_TOO_LARGE,
  },
  examples: [
    {
      title: 'Amounts by region',
      options: { value: 'amount', group_by: 'region' },
      rows_in: [
        { region: 'north', amount: 10 },
        { region: 'south', amount: 5 },
        { region: 'north', amount: 20 },
        { region: 'north', amount: null },
      ],
      rows_out: [
        {
          region: 'north',
          count: 2,
          sum: 30,
          mean: 15,
          min: 10,
          max: 20,
          stddev: 7.0710678118654755,
          p50: 15,
          p95: 19.5,
        },
        { region: 'south', count: 1, sum: 5, mean: 5, min: 5, max: 5, stddev: null, p50: 5, p95: 5 },
      ],
    },
    {
      title: 'Amounts that are decimals',
      options: { value: 'amount', group_by: 'region' },
      types: { amount: 'decimal(2)' },
      rows_in: [
        { region: 'north', amount: '0.10' },
        { region: 'north', amount: '0.20' },
        { region: 'south', amount: '3903.70' },
      ],
      rows_out: [
        {
          ...{ region: 'north', count: 2, sum: '0.30', mean: '0.15', min: '0.10', max: '0.20' },
          ...{ stddev: 0.07071067811865477, p50: '0.15', p95: '0.195' },
        },
        {
          ...{ region: 'south', count: 1, sum: '3903.70', mean: '3903.70', min: '3903.70', max: '3903.70' },
          ...{ stddev: null, p50: '3903.70', p95: '3903.70' },
        },
      ],
    },
    {
      title: 'The whole batch as a population',
      options: { value: 'points', stddev: 'population' },
      rows_in: [2, 4, 4, 4, 5, 5, 7, 9].map(points => ({ points })),
      rows_out: [{ count: 8, sum: 40, mean: 5, min: 2, max: 9, stddev: 2, p50: 4.5, p95: 8.3 }],
    },
    {
      title: 'How many rows there are of each pair',
      options: { group_by: ['region', 'kind'] },
      rows_in: [{ region: 'north', kind: 'a' }, { region: 'north' }, { region: 'north', kind: 'a' }],
      rows_out: [
        { region: 'north', kind: 'a', count: 2 },
        { region: 'north', kind: null, count: 1 },
      ],
    },
    {
      title: 'How many were approved, and of how many customers',
      options: { group_by: 'region', rates: ['approved'], distinct: ['customer'] },
      rows_in: [
        { region: 'north', customer: 'ann', approved: true },
        { region: 'north', customer: 'ben', approved: false },
        { region: 'north', customer: 'ann', approved: null },
        { region: 'south', customer: null },
      ],
      rows_out: [
        { region: 'north', count: 3, approved_rate: 0.5, customer_distinct: 2 },
        { region: 'south', count: 1, approved_rate: null, customer_distinct: 0 },
      ],
    },
    {
      title: 'A text among the numbers',
      options: { value: 'amount' },
      rows_in: [{ amount: 1 }, { amount: '2' }],
      rows_out: [],
      errors: ['BATCH_NOT_NUMBER'],
    },
  ],
  check: options => [
    ...groupIssues(options.group_by, madeFields(options)),
    ...(['rates', 'distinct'] as const).flatMap(option => namedTwice(option, options[option] ?? [])),
    ...(options.value === undefined && options.stddev !== undefined
      ? [{ path: ['stddev'], message: 'there is no `value` to take the standard deviation of' }]
      : []),
  ],
  requires: ({ value, group_by, rates = [], distinct = [] }) => [
    ...(value === undefined ? [] : [{ field: value, types: ['number', 'decimal'] as const, path: ['value'] }]),
    ...rates.map((field, i) => ({ field, types: ['boolean'] as const, path: ['rates', i] })),
    ...distinct.map((field, i) => ({ field, path: ['distinct', i] })),
    ...groupRequirements(group_by),
  ],
  guarantees: (options, input) => statsSchema(options, input),
  outputs: ['transform'],
  create: (options, { input }) => {
    const { value = '' } = options
    const fields = groupFields(options.group_by)
    const amounts = amountsOf(fieldSchema(value, input))
    return {
      process(rows) {
        const wrong = options.value === undefined ? null : notNumber(rows, value, amounts)
        if (wrong !== null) return wrong
        for (const field of options.rates ?? []) {
          const unlike = notBoolean(rows, field)
          if (unlike !== null) return unlike
        }
        const made: Row[] = []
        for (const group of groupRows(rows, fields, input)) {
          const error = addStats(made, group, options, amounts, input)
          if (error !== null) return error
        }
        return { kind: 'rows', rows: made }
      },
    }
  },
})
