/** The `coerce` transform. */
import { z } from 'zod'
import { parseStrict } from '../../model/json.ts'
import { derive, type Json, newRow } from '../../model/row.ts'
import { exactType, type JsonSchema, type RowSchema } from '../../model/schema.ts'
import { toBoolean, toInteger, toNumber } from '../../sdk/cell.ts'
import { defineTransform } from '../../sdk/define.ts'
import { describeExact, exactSchema, exactText } from '../../sdk/exact-numbers.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import { byField, typeName } from './options.ts'

const TYPES = ['string', 'integer', 'number', 'decimal', 'big_integer', 'boolean', 'json'] as const
const PLAIN = ['string', 'integer', 'number', 'boolean', 'json'] as const

const coerceOptions = z.strictObject({
  fields: byField(typeName([...TYPES], { optional: true })).describe(
    '`{field: type}`; the types are string, integer, number, decimal (`decimal(2)` with two digits behind the point), big_integer, boolean and json. With `?` null and missing stay as they are',
  ),
})
type CoerceOptions = z.output<typeof coerceOptions>

/** What a field is made, and how. */
interface Target {
  /** Null for JSON, which may be anything. */
  readonly schema: JsonSchema | null
  readonly words: string
  /** Undefined if the value can't be had as that type without a loss. */
  readonly convert: (value: Json) => Json | undefined
}

function targetOf(declared: string): Target {
  const name = declared.replace('?', '')
  const schema = exactSchema(name)
  const exact = schema === null ? null : exactType(schema)
  if (exact !== null) return { schema, words: describeExact(exact), convert: value => exactText(value, exact) }
  // cast: the options take these names alone
  const plain = name as (typeof PLAIN)[number]
  return { schema: plain === 'json' ? null : { type: plain }, words: WORDS[plain], convert: COERCE[plain] }
}

const COERCE: { readonly [type in (typeof PLAIN)[number]]: Target['convert'] } = {
  string: value => (typeof value === 'object' ? undefined : String(value)),
  integer: value => {
    if (typeof value === 'string') return toInteger(value)
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
  },
  number: value => {
    if (typeof value === 'string') return toNumber(value)
    return typeof value === 'number' ? value : undefined
  },
  boolean: value => {
    if (typeof value === 'string') return toBoolean(value)
    return typeof value === 'boolean' ? value : undefined
  },
  json: value => (typeof value === 'string' ? parsed(value) : value),
}

function parsed(text: string): Json | undefined {
  try {
    return parseStrict(text)
  } catch {
    // The caller makes it an error of the row.
    return undefined
  }
}

const WORDS: { readonly [type in (typeof PLAIN)[number]]: string } = {
  string: 'a text',
  integer: 'an integer',
  number: 'a number',
  boolean: 'true or false',
  json: 'JSON',
}

function coercedSchema({ fields: types }: CoerceOptions, input: RowSchema): RowSchema {
  const fields = new Map(input.fields)
  for (const [field, declared] of Object.entries(types)) {
    const optional = declared.endsWith('?') || (input.fields.get(field)?.optional ?? false)
    const { schema } = targetOf(declared)
    fields.set(field, schema === null ? { schema: {}, optional: true } : { schema, optional })
  }
  return { ...input, fields }
}

export const coerce = defineTransform({
  name: 'coerce',
  summary: 'Converts fields to other types, strictly',
  description: [
    '| to | takes |',
    '|---|---|',
    '| `string` | texts, numbers, true and false |',
    '| `integer` | integers, and texts such as `-42` or `3.0` within ±(2^53−1) |',
    '| `number` | numbers, and texts such as `-1.5e3`: what has a fraction becomes the nearest double, what is whole must be one |',
    '| `decimal`, `decimal(2)` | numbers and texts of such, exactly: a number counts as the shortest text that says it. With a scale, zeros are added behind the point; a digit that has no place there is an error |',
    '| `big_integer` | integers, and texts of such, of up to 100 digits; it becomes a text |',
    '| `boolean` | true and false, and texts `true` and `false` in any case |',
    '| `json` | texts that hold JSON; other values stay as they are |',
    '',
    'Nothing is trimmed or guessed: what can’t be converted is an error. So is what leaves the range of doubles, is too near to',
    'zero to be told from it, or is a whole number that a double can’t hold (`12345678901234567`; of `12345678901234567.5` the nearest is taken). Null and missing are errors, too, unless the type ends with `?` or the schema declares the field optional; then they stay.',
  ].join('\n'),
  options: coerceOptions,
  determinism: 'deterministic',
  errors: { COERCE_FAILED: 'A value can’t be converted to the type that is asked for.' },
  examples: [
    {
      title: 'Texts from a CSV file',
      options: { fields: { amount: 'number', id: 'integer', paid: 'boolean', note: 'string?' } },
      rows_in: [
        { id: '7', amount: '12.50', paid: 'TRUE', note: null },
        { id: '7.5', amount: '1', paid: 'true', note: null },
        { id: '7', amount: '', paid: 'true', note: null },
        { id: '7', amount: '1', paid: '1', note: null },
      ],
      rows_out: [{ id: 7, amount: 12.5, paid: true, note: null }],
      errors: ['COERCE_FAILED', 'COERCE_FAILED', 'COERCE_FAILED'],
    },
    {
      title: 'Amounts of money, and ids that are too long for numbers',
      options: { fields: { amount: 'decimal(2)', id: 'big_integer' } },
      rows_in: [
        { id: '900719925474099312', amount: '3903.7' },
        { id: 12, amount: 0.1 },
        { id: '12', amount: '0.125' },
        { id: 'x12', amount: '1' },
      ],
      rows_out: [
        { id: '900719925474099312', amount: '3903.70' },
        { id: '12', amount: '0.10' },
      ],
      errors: ['COERCE_FAILED', 'COERCE_FAILED'],
    },
    {
      title: 'A list in a cell',
      options: { fields: { tags: 'json' } },
      rows_in: [{ tags: '["a", "b"]' }, { tags: '[a' }],
      rows_out: [{ tags: ['a', 'b'] }],
      errors: ['COERCE_FAILED'],
    },
  ],
  requires: ({ fields }) => Object.keys(fields).map(field => ({ field, path: ['fields', field] })),
  guarantees: (options, input) => coercedSchema(options, input),
  cardinality: 'one',
  create: ({ fields }, { input }) => {
    const steps = Object.entries(fields).map(([field, declared]) => ({
      field,
      ...targetOf(declared),
      optional: declared.endsWith('?') || (input.fields.get(field)?.optional ?? false),
    }))
    return {
      process(row) {
        const changes = newRow()
        for (const { field, words, convert, optional } of steps) {
          const value = row[field]
          if (value === null || value === undefined) {
            if (optional) continue
            const absent = value === null ? 'null' : 'missing'
            return rowError('COERCE_FAILED', `${field} is ${absent}, not ${words}`, { field })
          }
          const coerced = convert(value)
          if (coerced === undefined) {
            return rowError('COERCE_FAILED', `${field} can’t be had as ${words}: ${shown(value)}`, { field })
          }
          changes[field] = coerced
        }
        return oneRow(derive(row, changes))
      },
    }
  },
})

function shown(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
