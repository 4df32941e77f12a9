/** The `dedupe` aggregate. */
import { z } from 'zod'
import type { Row } from '../../model/row.ts'
import { defineAggregate } from '../../sdk/define.ts'
import { rowKey } from './groups.ts'
import { fieldList, namedTwice } from './options.ts'

export const dedupe = defineAggregate({
  name: 'dedupe',
  summary: 'Drops rows of a batch whose key another row of the batch has',
  description: [
    'For `output: passthrough`: the rows that are kept continue as they are, in their order; the others end here as DISCARDED /',
    'filter. Only rows of one batch are compared: without a trigger that is the whole input.',
    '',
    'Two rows have the same key if all its fields hold the same JSON; 1 and "1" differ, and so do texts in upper and lower',
    'case. Decimals are the same if they are the same amount, as 1.5 and 1.50. A field that is missing is null; nulls equal each other, unless `nulls: distinct` keeps every row in whose key',
    'there is one.',
  ].join('\n'),
  options: z.strictObject({
    key: fieldList.describe('The fields that together tell rows apart'),
    keep: z.enum(['first', 'last']).default('first').describe('Which of the rows with one key are kept'),
    rows: z.int().min(1).default(1).describe('How many rows of each key are kept'),
    nulls: z.enum(['same', 'distinct']).default('same').describe('Whether null and missing equal each other in keys'),
  }),
  determinism: 'deterministic',
  errors: {},
  examples: [
    {
      title: 'The first of each',
      options: { key: ['id'] },
      rows_in: [{ id: 1, note: 'a' }, { id: 2 }, { id: 1, note: 'b' }, { id: '1' }],
      rows_out: [{ id: 1, note: 'a' }, { id: 2 }, { id: '1' }],
    },
    {
      title: 'The last of each; without an id a row can’t be told to repeat another',
      options: { key: ['id', 'day'], keep: 'last', nulls: 'distinct' },
      rows_in: [
        { id: 1, day: 'mon', n: 1 },
        { id: null, day: 'mon', n: 2 },
        { id: null, day: 'mon', n: 3 },
        { id: 1, day: 'mon', n: 4 },
      ],
      rows_out: [
        { id: null, day: 'mon', n: 2 },
        { id: null, day: 'mon', n: 3 },
        { id: 1, day: 'mon', n: 4 },
      ],
    },
    {
      title: 'The first two of each customer',
      options: { key: ['customer'], rows: 2 },
      rows_in: ['ann', 'ben', 'ann', 'ann'].map((customer, i) => ({ order: i + 1, customer })),
      rows_out: ['ann', 'ben', 'ann'].map((customer, i) => ({ order: i + 1, customer })),
    },
  ],
  check: ({ key }) => namedTwice('key', key),
  requires: ({ key }) => key.map((field, i) => ({ field, path: ['key', i] })),
  guarantees: (_options, input) => input,
  outputs: ['passthrough'],
  create: ({ key, keep, rows: most, nulls }, { input }) => {
    const keyOf = rowKey(key, input)
    const lacks = (row: Row) => key.some(field => row[field] === undefined || row[field] === null)
    return {
      process(rows) {
        const seen = new Map<string, number>()
        const keepNew = (row: Row): Row | null => {
          if (nulls === 'distinct' && lacks(row)) return row
          const its = keyOf(row)
          const before = seen.get(its) ?? 0
          seen.set(its, before + 1)
          return before < most ? row : null
        }
        const kept = keep === 'first' ? rows.map(keepNew) : rows.toReversed().map(keepNew).reverse()
        return { kind: 'members', rows: kept }
      },
    }
  },
})
