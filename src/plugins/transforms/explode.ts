/** The `explode` transform. */
import { z } from 'zod'
import { type Json, newRow, type Row } from '../../model/row.ts'
import type { FieldSchema, JsonSchema, RowSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { FILTERED, rowError } from '../../sdk/results.ts'
import { fieldName } from './options.ts'

const explodeOptions = z.strictObject({
  field: fieldName.describe('The field that holds the list'),
  as: fieldName.optional().describe('The field that gets the element; the same field if absent'),
  index: fieldName.optional().describe('A field that gets the element’s position, from 0'),
})
type ExplodeOptions = z.output<typeof explodeOptions>

/** The row with the element in place of the list. */
function elementRow(row: Row, options: ExplodeOptions, element: Json, index: number): Row {
  const next = newRow()
  for (const name in row) {
    if (name === options.field) next[options.as ?? options.field] = element
    else next[name] = row[name] as Json
  }
  if (options.index !== undefined) next[options.index] = index
  return next
}

/** What is known of the elements of a list. */
function elementSchema(list: FieldSchema | undefined): FieldSchema {
  const items = list?.schema.items
  if (list?.schema.prefixItems !== undefined) return { schema: {}, optional: true }
  if (typeof items !== 'object' || items === null || Array.isArray(items)) return { schema: {}, optional: true }
  const { type } = items as { type?: unknown }
  const optional = type === undefined || type === 'null' || (Array.isArray(type) && type.includes('null'))
  return { schema: items as JsonSchema, optional }
}

function explodedSchema(options: ExplodeOptions, input: RowSchema): RowSchema {
  const as = options.as ?? options.field
  const fields = new Map<string, FieldSchema>()
  const element = elementSchema(input.fields.get(options.field))
  for (const [name, field] of input.fields) {
    if (name === options.field) fields.set(as, element)
    else fields.set(name, field)
  }
  fields.set(as, element)
  if (options.index !== undefined) fields.set(options.index, { schema: { type: 'integer' }, optional: false })
  return { ...input, fields }
}

export const explode = defineTransform({
  name: 'explode',
  summary: 'Makes one row for each element of a list',
  description: [
    'Each new row has the element where the list was, and the other fields as they were. A row with an empty list ends here',
    'as DISCARDED / filter; so does one whose list is null or missing, if the schema declares the field optional. Otherwise',
    'null, missing and anything that isn’t a list is an error.',
  ].join('\n'),
  options: explodeOptions,
  determinism: 'deterministic',
  errors: {
    NOT_A_LIST: 'The field isn’t a list.',
    FIELD_EXISTS: 'The row has a field with the name that the element or its position should get.',
  },
  examples: [
    {
      title: 'One row per item',
      options: { field: 'items', as: 'item', index: 'position' },
      rows_in: [
        { order: 7, items: ['pen', 'ink'] },
        { order: 8, items: [] },
        { order: 9, items: 'pen' },
        { order: 10 },
      ],
      rows_out: [
        { order: 7, item: 'pen', position: 0 },
        { order: 7, item: 'ink', position: 1 },
      ],
      errors: ['NOT_A_LIST', 'NOT_A_LIST'],
    },
    {
      title: 'In the same field',
      options: { field: 'tags' },
      rows_in: [{ tags: ['a'], id: 1 }],
      rows_out: [{ tags: 'a', id: 1 }],
    },
    {
      title: 'A name that is taken',
      options: { field: 'tags', as: 'tag' },
      rows_in: [{ tags: ['a'], tag: 'b' }],
      rows_out: [],
      errors: ['FIELD_EXISTS'],
    },
  ],
  check: ({ field, as, index }) =>
    index !== undefined && index === (as ?? field)
      ? [{ path: ['index'], message: 'the element and its position can’t have the same field' }]
      : [],
  requires: ({ field }) => [{ field, types: ['array'], path: ['field'] }],
  guarantees: (options, input) => explodedSchema(options, input),
  cardinality: 'many',
  filters: true,
  create: (options, { input }) => {
    const { field } = options
    const optional = input.fields.get(field)?.optional ?? false
    const added = [options.as, options.index].filter(name => name !== undefined && name !== field) as string[]
    return {
      process(row) {
        const list = row[field]
        if (optional && (list === null || list === undefined)) return FILTERED
        if (!Array.isArray(list))
          return rowError('NOT_A_LIST', `${field} is ${list === undefined ? 'missing' : 'not a list'}`, { field })
        const taken = added.find(name => Object.hasOwn(row, name))
        if (taken !== undefined) return rowError('FIELD_EXISTS', `there is a field ${taken} already`, { field: taken })
        if (list.length === 0) return FILTERED
        return { kind: 'rows', rows: list.map((element: Json, i) => elementRow(row, options, element, i)) }
      },
    }
  },
})
