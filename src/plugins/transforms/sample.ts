/** The `sample` transform. */
import { z } from 'zod'
import { canonicalize } from '../../model/canonical.ts'
import { keyValue } from '../../model/decimal-text.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import { exactType, type RowSchema } from '../../model/schema.ts'
import { sha256Hex } from '../../model/sha256.ts'
import { defineTransform } from '../../sdk/define.ts'
import { FILTERED, oneRow } from '../../sdk/results.ts'
import { fieldsIn, isDecimal, namedTwice, oneOrMoreFields, requirementsOf } from './options.ts'

const sampleOptions = z.strictObject({
  share: z.number().min(0).max(1).optional().describe('The share of rows that is kept, from 0 to 1'),
  one_in: z.int().min(1).optional().describe('In place of `share`: one row in so many is kept'),
  key: oneOrMoreFields.describe(
    'A field or a list of fields: rows with the same values are kept or dropped together. The whole row if absent',
  ),
  seed: z.int().default(0).describe('Another seed keeps other rows'),
})

/** As many hexadecimal digits as a double holds exactly. */
const DIGITS = 13
const RANGE = 16 ** DIGITS

/** A place in [0, 1), the same for the same values and seed, and as good as random over different ones. */
const placeOf = (values: Json, seed: number): number =>
  Number.parseInt(sha256Hex(canonicalize([seed, values])).slice(0, DIGITS), 16) / RANGE

/** What a row's place depends on: all of it if no fields are given. Decimals count by their amounts. */
function chosenBy(fields: readonly string[], input: RowSchema): (row: Row) => Json {
  if (fields.length > 0) {
    const key = fields.map(field => ({ field, by_value: isDecimal(field, input) }))
    return row => key.map(({ field, by_value }) => keyValue(row[field] ?? null, by_value))
  }
  const known = [...input.fields.values(), ...(input.rest === undefined ? [] : [input.rest])]
  if (!known.some(({ schema }) => exactType(schema)?.type === 'decimal')) return row => row
  return row => {
    const values = newRow()
    for (const field in row) values[field] = keyValue(row[field] ?? null, isDecimal(field, input))
    return values
  }
}

export const sample = defineTransform({
  name: 'sample',
  summary: 'Keeps a share of the rows, always the same ones',
  description: [
    'Whether a row is kept depends on its own values and `seed`, and on nothing else: not on its place in the input, nor on the',
    'rows around it. So the same row is kept or dropped alike in a resumed run, a replay, a re-run, or another pipeline with the',
    'same seed. Rows that aren’t kept end here as DISCARDED / filter.',
    '',
    'The share holds on average, not exactly: of 1,000 different rows, `share: 0.1` keeps about 100. A larger share keeps all that a',
    'smaller one keeps, and more. Rows that are equal are kept or dropped together; with `key: customer` all rows of a',
    'customer are. Null and missing are the same value of a key, and decimals of one amount are, as 1.5 and 1.50. A second sample behind a first one needs another seed: with',
    'the same seed it looks at the same places, and would keep all or too many.',
    '',
    'Place of a row: the first 13 hexadecimal digits of the SHA-256 of the canonical JSON (RFC 8785) of `[seed, row]`, or of `[seed,',
    '[values of the key]]`, divided by 16^13, decimals without zeros at the end of their fractions. It is kept if that is below the share,',
    'or below 1/`one_in`.',
  ].join('\n'),
  options: sampleOptions,
  determinism: 'deterministic',
  errors: {},
  examples: [
    {
      title: 'A third of the customers, with all their orders',
      options: { one_in: 3, key: 'customer' },
      rows_in: ['ann', 'ben', 'cho', 'ben', 'dee', 'eve'].map((customer, i) => ({ order: i + 1, customer })),
      rows_out: [
        { order: 2, customer: 'ben' },
        { order: 4, customer: 'ben' },
      ],
    },
    {
      title: 'A share of the rows, by all that they hold',
      options: { share: 0.5, seed: 7 },
      rows_in: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }],
      rows_out: [{ id: 3 }],
    },
  ],
  check: ({ share, one_in, key }) => {
    const twice = namedTwice('key', fieldsIn(key))
    if (share === undefined && one_in === undefined)
      return [
        ...twice,
        {
          path: [],
          message: 'how many rows are to be kept is missing',
          hint: 'Give `share`, as 0.1, or `one_in`, as 10.',
        },
      ]
    if (share !== undefined && one_in !== undefined)
      return [
        ...twice,
        { path: ['one_in'], message: '`share` and `one_in` both say how many rows are kept', hint: 'Leave one out.' },
      ]
    return twice
  },
  requires: ({ key }) => requirementsOf('key', key),
  guarantees: (_options, input) => input,
  cardinality: 'one',
  filters: true,
  create: (options, { input }) => {
    const { share, one_in = 1, seed } = options
    const valuesOf = chosenBy(fieldsIn(options.key), input)
    const below = share ?? 1 / one_in
    return { process: row => (placeOf(valuesOf(row), seed) < below ? oneRow(row) : FILTERED) }
  },
})
