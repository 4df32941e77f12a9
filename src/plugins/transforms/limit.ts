/** The `limit` transform. */
import { z } from 'zod'
import { defineTransform } from '../../sdk/define.ts'
import { FILTERED, oneRow } from '../../sdk/results.ts'

export const limit = defineTransform({
  name: 'limit',
  summary: 'Lets the first rows pass, and drops all that come later',
  description: [
    'The first `rows` rows continue at once, behind `skip` that are dropped; what is dropped ends here as DISCARDED / filter. It holds',
    'nothing: rows come in the order of the input, as they would at a sink, and their number is known again after a crash. Rows that',
    'nodes before it have dropped, or sent elsewhere, aren’t counted.',
    '',
    'All of the input is read, and each row has its ending. To have less of it read, use `custody run --limit`. For the first rows',
    'of each customer, see `rows` of [`dedupe`](#dedupe-aggregate).',
  ].join('\n'),
  options: z.strictObject({
    rows: z.int().min(0).describe('How many rows pass'),
    skip: z.int().min(0).default(0).describe('How many rows before these are dropped, too'),
  }),
  determinism: 'deterministic',
  errors: {},
  examples: [
    {
      title: 'The first two',
      options: { rows: 2 },
      rows_in: [{ id: 1 }, { id: 2 }, { id: 3 }],
      rows_out: [{ id: 1 }, { id: 2 }],
    },
    {
      title: 'The second one',
      options: { rows: 1, skip: 1 },
      rows_in: [{ id: 1 }, { id: 2 }, { id: 3 }],
      rows_out: [{ id: 2 }],
    },
  ],
  guarantees: (_options, input) => input,
  cardinality: 'one',
  filters: true,
  ordered: true,
  create: ({ rows, skip }) => ({
    process: (row, { position }) => (position > skip && position <= skip + rows ? oneRow(row) : FILTERED),
  }),
})
