/** The `unpivot` transform. */
import { z } from 'zod'
import { derive, newRow, type Row } from '../../model/row.ts'
import {
  decimalSchema,
  type ExactType,
  exactType,
  type FieldSchema,
  type JsonSchema,
  type RowSchema,
} from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { FILTERED, rowError } from '../../sdk/results.ts'
import { fieldList, fieldName, fieldSchema, namedTwice } from './options.ts'

const unpivotOptions = z.strictObject({
  fields: fieldList.describe('The fields that become rows, one each, in this order'),
  name: fieldName.default('name').describe('The field that gets the name of the field'),
  value: fieldName.default('value').describe('The field that gets its value'),
  nulls: z
    .enum(['keep', 'skip'])
    .default('keep')
    .describe('Whether a field that is null or missing gives a row, with the value null'),
})
type UnpivotOptions = z.output<typeof unpivotOptions>

/** What all of the values are: their type if it is the same one, or a number if all are numbers. */
function valueSchema({ fields, nulls }: UnpivotOptions, input: RowSchema): FieldSchema {
  const known = fields.map(field => fieldSchema(field, input))
  const optional = nulls === 'keep' && known.some(field => field.optional)
  const exact = known.map(({ schema }) => exactType(schema))
  if (exact.some(each => each !== null)) return { schema: jointExact(known, exact), optional }
  const types = new Set(known.map(({ schema }) => schema.type))
  const [type] = types
  if (types.size === 1 && typeof type === 'string') return { schema: { type }, optional }
  const numbers = [...types].every(each => each === 'integer' || each === 'number')
  return numbers ? { schema: { type: 'number' }, optional } : { schema: {}, optional: true }
}

/** All decimals, of the same scale or of any; all big integers; or else anything. */
function jointExact(known: readonly FieldSchema[], exact: ReadonlyArray<ExactType | null>): JsonSchema {
  const [first] = exact
  if (first === undefined || first === null || exact.some(each => each?.type !== first.type)) return {}
  if (first.type === 'big_integer') return known[0]?.schema ?? {}
  return decimalSchema(exact.every(each => each?.type === 'decimal' && each.scale === first.scale) ? first.scale : null)
}

function unpivotedSchema(options: UnpivotOptions, input: RowSchema): RowSchema {
  const fields = new Map([...input.fields].filter(([field]) => !options.fields.includes(field)))
  fields.set(options.name, { schema: { type: 'string', enum: [...options.fields] }, optional: false })
  fields.set(options.value, valueSchema(options, input))
  return { ...input, fields }
}

export const unpivot = defineTransform({
  name: 'unpivot',
  summary: 'Makes one row for each of some fields: columns become rows',
  description: [
    'Each new row has the other fields as they were, then the name of one field and its value. A field that is null or missing',
    'gives a row with the value null, or none with `nulls: skip`; a row of which none is left ends here as DISCARDED / filter.',
    '`pivot` does the reverse.',
  ].join('\n'),
  options: unpivotOptions,
  determinism: 'deterministic',
  errors: { FIELD_EXISTS: 'The row has another field with the name that the name or the value should get.' },
  examples: [
    {
      title: 'Months as rows',
      options: { fields: ['jan', 'feb'], name: 'month', value: 'amount' },
      rows_in: [
        { region: 'north', jan: 10, feb: 20 },
        { region: 'south', jan: 5 },
      ],
      rows_out: [
        { region: 'north', month: 'jan', amount: 10 },
        { region: 'north', month: 'feb', amount: 20 },
        { region: 'south', month: 'jan', amount: 5 },
        { region: 'south', month: 'feb', amount: null },
      ],
    },
    {
      title: 'Only what is there',
      options: { fields: ['phone', 'mail'], nulls: 'skip' },
      rows_in: [
        { id: 1, phone: '12', mail: null },
        { id: 2, phone: null },
      ],
      rows_out: [{ id: 1, name: 'phone', value: '12' }],
    },
    {
      title: 'A name that is taken',
      options: { fields: ['a'] },
      rows_in: [{ a: 1, value: 2 }],
      rows_out: [],
      errors: ['FIELD_EXISTS'],
    },
  ],
  check: ({ fields, name, value }) => [
    ...namedTwice('fields', fields),
    ...(name === value ? [{ path: ['value'], message: 'the name and the value can’t have the same field' }] : []),
  ],
  requires: ({ fields }) => fields.map((field, i) => ({ field, path: ['fields', i] })),
  guarantees: (options, input) => unpivotedSchema(options, input),
  cardinality: 'many',
  filters: true,
  create: ({ fields, name, value, nulls }) => {
    const gone = new Set(fields)
    return {
      process(row) {
        const taken = [name, value].find(field => !gone.has(field) && Object.hasOwn(row, field))
        if (taken !== undefined) return rowError('FIELD_EXISTS', `there is a field ${taken} already`, { field: taken })
        const rows: Row[] = []
        for (const field of fields) {
          const held = row[field] ?? null
          if (held === null && nulls === 'skip') continue
          const added = newRow()
          added[name] = field
          added[value] = held
          rows.push(derive(row, added, fields))
        }
        return rows.length === 0 ? FILTERED : { kind: 'rows', rows }
      },
    }
  },
})
