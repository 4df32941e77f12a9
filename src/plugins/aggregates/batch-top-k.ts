/** The `batch_top_k` aggregate. */
import { z } from 'zod'
import type { Decimal } from '../../model/decimal.ts'
import { derive, newRow, type Row } from '../../model/row.ts'
import { exactType, type RowSchema } from '../../model/schema.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { decimalOf } from './amounts.ts'
import { groupRows } from './groups.ts'
import { fieldName, fieldSchema, groupBy, groupFields, groupIssues, groupRequirements, INTEGER } from './options.ts'
import { FIELD_EXISTS, fieldExists, NOT_NUMBER, notNumber } from './values.ts'

const topOptions = z.strictObject({
  by: fieldName.describe('The field that is compared: numbers or texts'),
  k: z.int().min(1).describe('How many rows of each group are kept at most'),
  order: z.enum(['desc', 'asc']).default('desc').describe('The greatest values first, or the least'),
  group_by: groupBy,
  rank: fieldName.optional().describe('A field that gets the row’s rank in its group, from 1'),
})
type TopOptions = z.output<typeof topOptions>

type Comparable = number | string | Decimal

const isMissing = (row: Row, by: string) => row[by] === undefined || row[by] === null

/** An error for the first row whose value isn't like those of the rows before it: all numbers or all texts; or all decimals. */
function notComparable(rows: readonly Row[], by: string, exact: boolean): RowError | null {
  if (exact) return notNumber(rows, by, { accepts: value => decimalOf(value) !== null })
  let type: string | null = null
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]?.[by]
    if (value === undefined || value === null) continue
    const its = typeof value
    if (its !== 'number' && its !== 'string')
      return rowError('BATCH_NOT_COMPARABLE', `${by} of row ${i + 1} of the batch is neither a number nor a text`, {
        field: by,
      })
    type ??= its
    if (its !== type)
      return rowError(
        'BATCH_NOT_COMPARABLE',
        `${by} of row ${i + 1} of the batch can’t be compared with those before it`,
        { field: by },
      )
  }
  return null
}

/** Rows in their order of rank; of equal ones the earlier comes first. `exact`: texts that are decimals are compared as such. */
function ranked(rows: readonly Row[], { by, order }: TopOptions, exact: boolean): readonly Row[] {
  const sign = order === 'desc' ? -1 : 1
  const values = rows
    .filter(row => !isMissing(row, by))
    .map(row => ({ row, value: (exact ? decimalOf(row[by]) : row[by]) as Comparable }))
  return values.sort((a, b) => sign * compared(a.value, b.value)).map(({ row }) => row)
}

function compared(a: Comparable, b: Comparable): number {
  if (typeof a === 'object' && typeof b === 'object') return a.compare(b)
  return a < b ? -1 : a > b ? 1 : 0
}

function withRank(row: Row, field: string, rank: number): Row {
  const set = newRow()
  set[field] = rank
  return derive(row, set)
}

function topSchema({ by, rank }: TopOptions, input: RowSchema): RowSchema {
  const fields = new Map(input.fields)
  fields.set(by, { ...fieldSchema(by, input), optional: false })
  if (rank !== undefined) fields.set(rank, INTEGER)
  return { ...input, fields }
}

export const batchTopK = defineAggregate({
  name: 'batch_top_k',
  summary: 'Keeps the rows with the greatest or least values of each group of a batch',
  description: [
    'The kept rows are new tokens, unchanged but for `rank`: groups in the order in which their first rows came, and',
    'in each group by rank. Of rows with equal values the earlier one comes first; each has a rank of its own.',
    '',
    'Rows whose `by` is null or missing are left out. The values of a batch must all be numbers, or all decimals where the',
    'schema says so, or all texts, which are compared by their UTF-16 code units; anything else is an error of the whole batch.',
  ].join('\n'),
  options: topOptions,
  determinism: 'deterministic',
  errors: {
    BATCH_NOT_COMPARABLE: 'The values of a batch aren’t all numbers or all texts.',
    ...NOT_NUMBER,
    ...FIELD_EXISTS,
  },
  examples: [
    {
      title: 'The largest amount, of decimals',
      options: { by: 'amount', k: 1 },
      types: { amount: 'decimal' },
      rows_in: [{ amount: '9.50' }, { amount: '12.00' }],
      rows_out: [{ amount: '12.00' }],
    },
    {
      title: 'The two best of each class',
      options: { by: 'points', k: 2, group_by: 'class', rank: 'rank' },
      rows_in: [
        { name: 'Ada', class: 'a', points: 7 },
        { name: 'Bo', class: 'b', points: 3 },
        { name: 'Cy', class: 'a', points: 9 },
        { name: 'Di', class: 'a', points: 7 },
        { name: 'Ed', class: 'b', points: null },
      ],
      rows_out: [
        { name: 'Cy', class: 'a', points: 9, rank: 1 },
        { name: 'Ada', class: 'a', points: 7, rank: 2 },
        { name: 'Bo', class: 'b', points: 3, rank: 1 },
      ],
    },
    {
      title: 'The earliest day',
      options: { by: 'day', k: 1, order: 'asc' },
      rows_in: [{ day: '2026-03-02' }, { day: '2026-03-01' }],
      rows_out: [{ day: '2026-03-01' }],
    },
    {
      title: 'Numbers and texts',
      options: { by: 'points', k: 1 },
      rows_in: [{ points: 7 }, { points: '9' }],
      rows_out: [],
      errors: ['BATCH_NOT_COMPARABLE'],
    },
  ],
  check: ({ by, group_by, rank }) => [
    ...groupIssues(group_by, rank === undefined ? [] : [rank]),
    ...(rank === by ? [{ path: ['rank'], message: `${by} is the field that is compared` }] : []),
  ],
  requires: ({ by, group_by }) => [
    { field: by, types: ['number', 'decimal', 'string'], path: ['by'] },
    ...groupRequirements(group_by),
  ],
  guarantees: (options, input) => topSchema(options, input),
  outputs: ['transform'],
  create: (options, { input }) => {
    const { by, k, rank } = options
    const exact = exactType(fieldSchema(by, input).schema) !== null
    const fields = groupFields(options.group_by)
    return {
      process(rows) {
        const wrong = notComparable(rows, by, exact) ?? (rank === undefined ? null : fieldExists(rows, rank))
        if (wrong !== null) return wrong
        const top = groupRows(rows, fields, input).flatMap(group => {
          const best = ranked(group.rows, options, exact).slice(0, k)
          return rank === undefined ? best : best.map((row, i) => withRank(row, rank, i + 1))
        })
        return { kind: 'rows', rows: top }
      },
    }
  },
})
