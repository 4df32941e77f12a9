/** The `limit` aggregate. */
import { z } from 'zod'
import { defineAggregate } from '../../sdk/define.ts'

export const limit = defineAggregate({
  name: 'limit',
  summary: 'Keeps the first rows of a batch, and drops the others',
  description: [
    'The first `rows` rows continue as they are, behind `skip` that are dropped; what is dropped ends here as DISCARDED / filter. Rows stand',
    'in the order in which the aggregate took them, which is that of the input. With `per: [customer]` at the node these are the',
    'first rows of each customer.',
    '',
    'It counts within a batch, because that is what a run knows again after a crash: without a trigger the batch is the whole input,',
    'which is held until its end. To have less of an input read at all, use `custody run --limit`.',
  ].join('\n'),
  options: z.strictObject({
    rows: z.int().min(0).describe('How many rows of each batch are kept'),
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
  outputs: ['passthrough'],
  create: ({ rows: most, skip }) => ({
    process: rows => ({ kind: 'members', rows: rows.map((row, i) => (i >= skip && i < skip + most ? row : null)) }),
  }),
})
