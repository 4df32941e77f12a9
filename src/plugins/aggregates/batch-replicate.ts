/** The `batch_replicate` aggregate. */
import { z } from 'zod'
import { type Json, newRow, type Row } from '../../model/row.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { withFields } from '../transforms/options.ts'
import { fieldName, INTEGER } from './options.ts'
import { FIELD_EXISTS, fieldExists } from './values.ts'

const replicateOptions = z.strictObject({
  copies: z
    .int()
    .min(1)
    .optional()
    .describe('How many copies of each row; with `copies_from`: where that is null or missing'),
  copies_from: fieldName.optional().describe('A field that says how many copies of its row; 0 leaves the row out'),
  index: fieldName.default('copy_index').describe('The field that gets the copy’s number, from 0'),
  max_copies: z.int().min(1).max(1_000_000).default(1000).describe('A row that asks for more copies is an error'),
})
type ReplicateOptions = z.output<typeof replicateOptions>

/** How many copies the row gets, or what is wrong; `place` is its number in the batch. */
function copiesOf(row: Row, { copies, copies_from, max_copies }: ReplicateOptions, place: number): number | RowError {
  const about = copies_from === undefined ? {} : { field: copies_from }
  const wrong = (what: string) => rowError('BATCH_COPIES', `${copies_from} of row ${place} of the batch ${what}`, about)
  const asked: Json | undefined = copies_from === undefined ? copies : (row[copies_from] ?? copies)
  if (asked === undefined) return wrong('is null or missing, and `copies` doesn’t say how many there are then')
  if (typeof asked !== 'number' || !Number.isSafeInteger(asked) || asked < 0)
    return wrong('isn’t a whole number from 0')
  return asked > max_copies ? wrong(`asks for more than ${max_copies} copies`) : asked
}

function copyOf(row: Row, field: string, index: number): Row {
  const copy = newRow()
  for (const name in row) copy[name] = row[name] as Json
  copy[field] = index
  return copy
}

export const batchReplicate = defineAggregate({
  name: 'batch_replicate',
  summary: 'Makes several copies of each row of a batch',
  description: [
    'The copies of a row stand together, in the order of the batch; each has its number, from 0, in the field `index`.',
    'How many there are is said by `copies`, or by a field of the row. A field that doesn’t hold a whole number from 0 to',
    '`max_copies` is an error of the whole batch; so is a row that has the field `index` already. Null and missing are too,',
    'unless `copies` is given as well.',
  ].join('\n'),
  options: replicateOptions,
  determinism: 'deterministic',
  errors: { BATCH_COPIES: 'A row doesn’t say how many copies of it there are to be, or too many.', ...FIELD_EXISTS },
  examples: [
    {
      title: 'Three judgements of each answer',
      options: { copies: 3, index: 'judge' },
      rows_in: [{ answer: 'yes' }],
      rows_out: [
        { answer: 'yes', judge: 0 },
        { answer: 'yes', judge: 1 },
        { answer: 'yes', judge: 2 },
      ],
    },
    {
      title: 'As many as the row says',
      options: { copies_from: 'times', copies: 1 },
      rows_in: [
        { id: 1, times: 2 },
        { id: 2, times: 0 },
        { id: 3, times: null },
      ],
      rows_out: [
        { id: 1, times: 2, copy_index: 0 },
        { id: 1, times: 2, copy_index: 1 },
        { id: 3, times: null, copy_index: 0 },
      ],
    },
    {
      title: 'Too many',
      options: { copies_from: 'times', max_copies: 10 },
      rows_in: [{ times: 11 }],
      rows_out: [],
      errors: ['BATCH_COPIES'],
    },
  ],
  check: ({ copies, copies_from, index, max_copies }) => [
    ...(copies === undefined && copies_from === undefined
      ? [{ path: [], message: 'the number of copies isn’t given', hint: 'Give copies or copies_from.' }]
      : []),
    ...(copies !== undefined && copies > max_copies
      ? [{ path: ['copies'], message: `there may be ${max_copies} copies at most`, hint: 'Raise max_copies.' }]
      : []),
    ...(index === copies_from ? [{ path: ['index'], message: `${index} is the field that says how many` }] : []),
  ],
  requires: ({ copies_from }) =>
    copies_from === undefined ? [] : [{ field: copies_from, types: ['integer'], path: ['copies_from'] }],
  guarantees: ({ index }, input) => withFields(input, new Map(input.fields).set(index, INTEGER)),
  outputs: ['transform'],
  create: options => ({
    process(rows) {
      const taken = fieldExists(rows, options.index)
      if (taken !== null) return taken
      const made: Row[] = []
      for (const [i, row] of rows.entries()) {
        const copies = copiesOf(row, options, i + 1)
        if (typeof copies !== 'number') return copies
        for (let index = 0; index < copies; index++) made.push(copyOf(row, options.index, index))
      }
      return { kind: 'rows', rows: made }
    },
  }),
})
