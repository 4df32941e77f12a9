/** The `batch_stats` aggregate. */
import { z } from 'zod'
import type { Row } from '../../model/row.ts'
import { excludesNull, type FieldSchema, type RowSchema } from '../../model/schema.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { type Group, groupRow, groupRows } from './groups.ts'
import {
  closedSchema,
  fieldName,
  fieldSchema,
  groupBy,
  groupFields,
  groupIssues,
  groupRequirements,
  groupSchema,
  INTEGER,
} from './options.ts'
import { STATISTICS, statisticsOf, tooLarge } from './statistics.ts'
import { NOT_NUMBER, notNumber } from './values.ts'

const statsOptions = z.strictObject({
  value: fieldName.optional().describe('The field with the numbers; if absent rows are counted, and nothing else'),
  group_by: groupBy,
  stddev: z
    .enum(['sample', 'population'])
    .optional()
    .describe('The standard deviation of a sample (divided by n − 1; the default) or of a population (divided by n)'),
})
type StatsOptions = z.output<typeof statsOptions>

/** Adds the group's row, or returns what is wrong. */
function addStats(made: Row[], group: Group, options: StatsOptions, fields: readonly string[]): RowError | null {
  const row = groupRow(group, fields)
  made.push(row)
  const { value: field, stddev = 'sample' } = options
  if (field === undefined) {
    row.count = group.rows.length
    return null
  }
  const values: number[] = []
  for (const { [field]: value } of group.rows) if (typeof value === 'number') values.push(value)
  const statistics = statisticsOf(values, stddev)
  const beyond = tooLarge(statistics, values)
  if (beyond !== null) {
    const message = `${beyond} of ${field} over ${values.length} ${values.length === 1 ? 'row' : 'rows'} is beyond the numbers that can be kept exactly`
    return rowError('BATCH_NUMBER_TOO_LARGE', message)
  }
  for (const name of STATISTICS) row[name] = statistics[name]
  return null
}

function statsSchema({ value, group_by, stddev }: StatsOptions, input: RowSchema): RowSchema {
  const fields = groupSchema(group_by, input)
  fields.set('count', INTEGER)
  if (value === undefined) return closedSchema(fields)
  const { schema, ...field } = fieldSchema(value, input)
  const optional = field.optional || !excludesNull(schema)
  const type = schema.type === 'integer' ? 'integer' : 'number'
  const like = (of: string, more: boolean): FieldSchema => ({ schema: { type: of }, optional: more })
  fields.set('sum', like(type, false)).set('mean', like('number', optional))
  fields.set('min', like(type, optional)).set('max', like(type, optional))
  fields.set('stddev', like('number', optional || stddev !== 'population'))
  return closedSchema(fields.set('p50', like('number', optional)).set('p95', like('number', optional)))
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
    '',
    'Without `value` there is only `count`, the number of rows. A value that is neither a number nor null nor missing is an',
    'error of the whole batch; so is a sum of whole numbers beyond 2^53 − 1, since it couldn’t be kept exactly. Null and',
    'missing are the same in `group_by`, and null in the result; 1 and "1" are different groups.',
  ].join('\n'),
  options: statsOptions,
  determinism: 'deterministic',
  errors: {
    ...NOT_NUMBER,
    BATCH_NUMBER_TOO_LARGE: 'A sum of whole numbers is beyond 2^53 − 1, or a result beyond the largest double.',
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
      title: 'A text among the numbers',
      options: { value: 'amount' },
      rows_in: [{ amount: 1 }, { amount: '2' }],
      rows_out: [],
      errors: ['BATCH_NOT_NUMBER'],
    },
  ],
  check: ({ value, group_by, stddev }) => [
    ...groupIssues(group_by, value === undefined ? ['count'] : STATISTICS),
    ...(value === undefined && stddev !== undefined
      ? [{ path: ['stddev'], message: 'there is no `value` to take the standard deviation of' }]
      : []),
  ],
  requires: ({ value, group_by }) => [
    ...(value === undefined ? [] : [{ field: value, types: ['number'] as const, path: ['value'] }]),
    ...groupRequirements(group_by),
  ],
  guarantees: (options, input) => statsSchema(options, input),
  outputs: ['transform'],
  create: options => {
    const fields = groupFields(options.group_by)
    return {
      process(rows) {
        const wrong = options.value === undefined ? null : notNumber(rows, options.value)
        if (wrong !== null) return wrong
        const made: Row[] = []
        for (const group of groupRows(rows, fields)) {
          const error = addStats(made, group, options, fields)
          if (error !== null) return error
        }
        return { kind: 'rows', rows: made }
      },
    }
  },
})
