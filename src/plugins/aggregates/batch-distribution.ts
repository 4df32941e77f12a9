/** The `batch_distribution` aggregate. */
import { z } from 'zod'
import { isInexactInteger } from '../../model/canonical.ts'
import type { Decimal } from '../../model/decimal.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { amountsOf, decimalOf } from './amounts.ts'
import { groupRow, groupRows, keyIn } from './groups.ts'
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
  NUMBER,
} from './options.ts'
import { NOT_NUMBER, notNumber } from './values.ts'

const distributionOptions = z.strictObject({
  field: fieldName.describe('The field whose values are counted'),
  group_by: groupBy,
  bins: z
    .array(z.number())
    .min(1)
    .optional()
    .describe('Ascending limits between bins of numbers; a bin holds its lower limit, and not its upper one'),
})
type DistributionOptions = z.output<typeof distributionOptions>

/** One line of the result: what is counted, and how often it was met. */
interface Tally {
  readonly of: Row
  count: number
}

const VALUE = 'value'
const FROM = 'from'
const TO = 'to'

/** Values in the order in which they appear first. */
function byValue(rows: readonly Row[], field: string, input: RowSchema): readonly Tally[] {
  const keyOf = keyIn(field, input)
  const tallies = new Map<string, Tally>()
  for (const row of rows) {
    const value = row[field] ?? null
    const key = keyOf(value)
    const tally = tallies.get(key)
    if (tally === undefined) tallies.set(key, { of: labelled([[VALUE, value]]), count: 1 })
    else tally.count++
  }
  return [...tallies.values()]
}

/** All bins from below the first limit to above the last, empty ones too; then, if there are any, null and missing. */
function byBin(rows: readonly Row[], field: string, limits: readonly number[]): readonly Tally[] {
  const edges = [null, ...limits, null]
  const bins = Array.from(
    { length: limits.length + 1 },
    (_, i): Tally => tallyOf(edges[i] ?? null, edges[i + 1] ?? null),
  )
  const without = tallyOf(null, null)
  for (const { [field]: value } of rows) {
    const at = typeof value === 'number' ? value : decimalOf(value)
    const tally = at === null ? without : bins[binOf(at, limits)]
    if (tally !== undefined) tally.count++
  }
  return without.count > 0 ? [...bins, without] : bins
}

const tallyOf = (from: number | null, to: number | null): Tally => ({
  of: labelled([
    [FROM, from],
    [TO, to],
  ]),
  count: 0,
})

/** How many limits are at or below the value. */
function binOf(value: number | Decimal, limits: readonly number[]): number {
  let low = 0
  let high = limits.length
  while (low < high) {
    const middle = (low + high) >> 1
    const limit = limits[middle]!
    if (typeof value === 'number' ? limit <= value : value.compareNumber(limit) >= 0) low = middle + 1
    else high = middle
  }
  return low
}

function labelled(fields: ReadonlyArray<readonly [string, Json]>): Row {
  const row = newRow()
  for (const [field, value] of fields) row[field] = value
  return row
}

function distributionSchema({ field, group_by, bins }: DistributionOptions, input: RowSchema): RowSchema {
  const fields = groupSchema(group_by, input)
  const limit: FieldSchema = { ...NUMBER, optional: true }
  if (bins === undefined) fields.set(VALUE, fieldSchema(field, input))
  else fields.set(FROM, limit).set(TO, limit)
  return closedSchema(fields.set('count', INTEGER).set('share', NUMBER))
}

export const batchDistribution = defineAggregate({
  name: 'batch_distribution',
  summary: 'Counts how often each value of a field occurs in a batch, or how many values fall into bins',
  description: [
    'Each row that is made has the group’s fields, then `value`, `count` and `share`, which is the count divided by the',
    'rows of the group. Groups and values stand in the order in which they appear first. Null and missing are one value,',
    'null. 1 and "1" are two.',
    '',
    'With `bins` there are `from` and `to` in place of `value`, ascending. `bins: [0, 10]` makes three bins: below 0, from 0',
    'to below 10, and from 10 on; the open ends are null. Bins without values are listed with the count 0. Rows without a',
    'value are listed last, with both limits null, if there are any. Anything but numbers is an error of the whole batch.',
  ].join('\n'),
  options: distributionOptions,
  determinism: 'deterministic',
  errors: NOT_NUMBER,
  examples: [
    {
      title: 'Labels',
      options: { field: 'label' },
      rows_in: [{ label: 'spam' }, { label: 'ham' }, { label: 'spam' }, {}],
      rows_out: [
        { value: 'spam', count: 2, share: 0.5 },
        { value: 'ham', count: 1, share: 0.25 },
        { value: null, count: 1, share: 0.25 },
      ],
    },
    {
      title: 'Scores in bins, by model',
      options: { field: 'score', bins: [0, 0.5], group_by: 'model' },
      rows_in: [
        { model: 'm1', score: 0.5 },
        { model: 'm1', score: 0.25 },
        { model: 'm1', score: 0.75 },
        { model: 'm1', score: null },
      ],
      rows_out: [
        { model: 'm1', from: null, to: 0, count: 0, share: 0 },
        { model: 'm1', from: 0, to: 0.5, count: 1, share: 0.25 },
        { model: 'm1', from: 0.5, to: null, count: 2, share: 0.5 },
        { model: 'm1', from: null, to: null, count: 1, share: 0.25 },
      ],
    },
    {
      title: 'A text where bins need numbers',
      options: { field: 'score', bins: [1] },
      rows_in: [{ score: '2' }],
      rows_out: [],
      errors: ['BATCH_NOT_NUMBER'],
    },
  ],
  check: ({ group_by, bins }) => [
    ...groupIssues(group_by, bins === undefined ? [VALUE, 'count', 'share'] : [FROM, TO, 'count', 'share']),
    ...(bins ?? []).flatMap((limit, i, all) => {
      const path = ['bins', i]
      if (isInexactInteger(limit)) return [{ path, message: `${limit} is beyond the whole numbers that are exact` }]
      if (i === 0 || limit > (all[i - 1] ?? limit)) return []
      return [{ path, message: 'the limits of bins must ascend', hint: 'Put them in order, each once.' }]
    }),
  ],
  requires: ({ field, group_by, bins }) => [
    bins === undefined ? { field, path: ['field'] } : { field, types: ['number', 'decimal'], path: ['field'] },
    ...groupRequirements(group_by),
  ],
  guarantees: (options, input) => distributionSchema(options, input),
  outputs: ['transform'],
  create: ({ field, group_by, bins }, { input }) => {
    const amounts = amountsOf(fieldSchema(field, input))
    const fields = groupFields(group_by)
    const limits = bins?.map(limit => limit + 0)
    return {
      process(rows) {
        const wrong = limits === undefined ? null : notNumber(rows, field, amounts)
        if (wrong !== null) return wrong
        const made = groupRows(rows, fields, input).flatMap(group => {
          const tallies = limits === undefined ? byValue(group.rows, field, input) : byBin(group.rows, field, limits)
          return tallies.map(({ of, count }) => {
            const row = groupRow(group, fields)
            for (const name in of) row[name] = of[name] as Json
            row.count = count
            row.share = count / group.rows.length
            return row
          })
        })
        return { kind: 'rows', rows: made }
      },
    }
  },
})
