/** The `validate` transform. */
import { z } from 'zod'
import { CustodyError } from '../../model/error.ts'
import { type Json, newRow, type Row } from '../../model/row.ts'
import { exactType, excludesNull, type JsonSchema, type RowSchema } from '../../model/schema.ts'
import { defineTransform } from '../../sdk/define.ts'
import { compileJsonSchema, readJsonSchema, type Violation, violationText } from '../../sdk/field-type.ts'
import { oneRow, rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import { fieldName } from './options.ts'

const validateOptions = z.strictObject({
  schema: z
    .record(z.string(), z.json())
    .describe('A JSON Schema (draft 2020-12) of the row, or of `field`; or `{file: path}`, a file with one'),
  field: fieldName.optional().describe('The field that is validated; the whole row if absent'),
  max_violations: z
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe('How many violations the error of a row names at most'),
})
type ValidateOptions = z.output<typeof validateOptions>

type Params = { readonly [name: string]: unknown }

/** The names in a JSON pointer (RFC 6901). */
const namesOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The field that a violation is about, where there is one. */
function fieldOf({ instancePath, params }: Violation, field: string | undefined): string | undefined {
  if (field !== undefined) return field
  const { missingProperty, additionalProperty, unevaluatedProperty }: Params = params
  const [first] = namesOf(instancePath)
  const named = first ?? missingProperty ?? additionalProperty ?? unevaluatedProperty
  return typeof named === 'string' ? named : undefined
}

/** How many of the violations stand in the message; all that are kept are among the details. */
const IN_MESSAGE = 20

/** One error with all violations, in the order in which the schema is read. Values aren't repeated: the row has them. */
function errorOf(violations: readonly Violation[], { field, max_violations }: ValidateOptions): RowError {
  const kept = violations.slice(0, max_violations)
  const within = field === undefined ? '' : `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const at = ({ instancePath }: Violation) => within + instancePath
  const texts = kept.slice(0, IN_MESSAGE).map(each => `${at(each) || 'the row'} ${violationText(each)}`)
  const more = violations.length - texts.length
  if (more > 0) texts.push(`and ${more} more`)
  const listed = kept.map(each => {
    const entry = newRow()
    entry.path = at(each)
    entry.rule = each.keyword
    entry.message = violationText(each)
    return entry
  })
  const about = violations.map(each => fieldOf(each, field)).find(each => each !== undefined)
  const details: Json = { violations: listed, count: violations.length }
  return rowError('INVALID', texts.join('; '), { ...(about === undefined ? {} : { field: about }), details })
}

const isMap = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a schema of the row says of its fields by themselves. One with names in it isn't taken apart. */
function validatedSchema({ schema: declared, field }: ValidateOptions, input: RowSchema): RowSchema {
  const read = readJsonSchema(declared)
  if ('problem' in read || JSON.stringify(declared).includes('"$')) return input
  const { schema } = read
  const fields = new Map(input.fields)
  const required = Array.isArray(schema.required) ? schema.required : []
  const properties: Params = isMap(schema.properties) ? schema.properties : {}
  for (const [name, of] of field === undefined ? Object.entries(properties) : [[field, schema] as const]) {
    if (!isMap(of) || !excludesNull(of)) continue
    const known = fields.get(name)
    // A single field that is missing is validated as null, which this schema refuses.
    const present = field !== undefined || required.includes(name) || known?.optional === false
    fields.set(name, { schema: { ...of, ...narrower(known?.schema ?? {}, of) }, optional: !present })
  }
  return { ...input, fields }
}

/** The plan knows that an integer is a number and a decimal a text, not what both schemas together say. */
function narrower(known: JsonSchema, { type }: JsonSchema): JsonSchema {
  if (known.type === 'integer' && type === 'number') return { type: 'integer' }
  return exactType(known) !== null && type === 'string' ? known : {}
}

export const validate = defineTransform({
  name: 'validate',
  summary: 'Lets rows pass that fit a JSON Schema, and says all that is wrong with the others',
  description: [
    'A row that doesn’t fit meets the error INVALID, for `on_error`; rows that fit are unchanged. The error’s message names the first',
    '20 violations. Its details, which `custody explain --json` shows, have `count`, how many there are, and `violations`, the first',
    '`max_violations` of them: a JSON pointer to the place (`path`), the keyword of the schema that is broken there (`rule`) and a',
    'sentence (`message`).',
    '',
    'With `field` the schema is that of one field; null is a value like any other then, and a missing field is null. As in the',
    'schema of a source, unknown keywords are errors before the run, `format` is not asserted, patterns have RE2 syntax, an integer',
    'is within ±(2^53 − 1), and nothing is fetched.',
  ].join('\n'),
  options: validateOptions,
  files: [['schema']],
  determinism: 'deterministic',
  errors: { INVALID: 'The row breaks the schema.' },
  examples: [
    {
      title: 'An order with positions',
      options: {
        schema: {
          type: 'object',
          required: ['id', 'items'],
          properties: {
            id: { type: 'integer' },
            items: {
              type: 'array',
              minItems: 1,
              items: { type: 'object', required: ['price'], properties: { price: { type: 'number', minimum: 0 } } },
            },
          },
        },
      },
      rows_in: [
        { id: 1, items: [{ price: 2.5 }] },
        { id: 'x', items: [{ price: -1 }, {}] },
        { id: 2, items: [] },
      ],
      rows_out: [{ id: 1, items: [{ price: 2.5 }] }],
      errors: ['INVALID', 'INVALID'],
    },
    {
      title: 'One field, by a schema in a file',
      options: { field: 'address', schema: { file: 'address.schema.json' } },
      files: { 'address.schema.json': '{"type": "object", "required": ["city"]}' },
      rows_in: [{ address: { city: 'Perth' } }, { address: {} }, { address: null }],
      rows_out: [{ address: { city: 'Perth' } }],
      errors: ['INVALID', 'INVALID'],
    },
  ],
  check: ({ schema }) => {
    const compiled = compileJsonSchema(schema)
    if (!('problem' in compiled)) return []
    return [
      { path: ['schema'], message: compiled.problem, ...(compiled.hint === undefined ? {} : { hint: compiled.hint }) },
    ]
  },
  requires: ({ field }) => (field === undefined ? [] : [{ field, path: ['field'] }]),
  guarantees: (options, input) => validatedSchema(options, input),
  cardinality: 'one',
  create: (options, { node }) => {
    const { schema, field } = options
    const compiled = compileJsonSchema(schema, 'all')
    if ('problem' in compiled)
      throw new CustodyError('CUSTODY_SCHEMA', `The schema of ${node}: ${compiled.problem}.`, { where: { node } })
    const { validate: fits } = compiled
    return {
      process(row: Row) {
        if (fits(field === undefined ? row : (row[field] ?? null))) return oneRow(row)
        return errorOf(fits.errors ?? [], options)
      },
    }
  },
})
