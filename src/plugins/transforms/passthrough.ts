/** The `passthrough` transform. */
import { z } from 'zod'
import { defineTransform } from '../../sdk/define.ts'
import { oneRow } from '../../sdk/results.ts'

export const passthrough = defineTransform({
  name: 'passthrough',
  summary: 'Leaves each row as it is',
  description:
    'For a node that is only a place in the graph: where several ways meet, or as a stand-in for a later step.',
  options: z.strictObject({}),
  determinism: 'deterministic',
  errors: {},
  examples: [
    { title: 'Nothing changes', options: {}, rows_in: [{ id: 1, name: 'Ada' }], rows_out: [{ id: 1, name: 'Ada' }] },
  ],
  guarantees: (_options, input) => input,
  cardinality: 'one',
  create: () => ({ process: oneRow }),
})
