/** Options that several transforms have. */
import { z } from 'zod'
import { exactType, type FieldSchema, type RowSchema } from '../../model/schema.ts'
import type { FieldRequirement, OptionProblem } from '../../sdk/spec.ts'

export const fieldName = z.string().min(1, 'a field has a name')

export const fieldList = z.array(fieldName).min(1, 'name at least one field')

/** What is wrong with a list of fields, or names of fields, in which one stands twice. */
export const namedTwice = (option: string, names: readonly string[]): readonly OptionProblem[] =>
  names.flatMap((name, i) =>
    names.indexOf(name) < i ? [{ path: [option, i], message: `${name} is named twice` }] : [],
  )

/** A map by field with at least one entry. */
export function byField<Value extends z.ZodType>(value: Value) {
  return z
    .record(fieldName, value)
    .refine(entries => Object.keys(entries).length > 0, { error: 'name at least one field' })
}

/** The name of a type, as in a schema; a decimal's may say its scale. `optional`: with a `?` behind it, or without. */
export function typeName(names: readonly string[], { optional = false } = {}) {
  const nullable = optional ? '\\??' : ''
  const pattern = new RegExp(`^(?:${names.join('|')}|decimal\\(\\d{1,2}\\))${nullable}$`)
  return z.string().regex(pattern, { error: `must be one of the types ${names.join(', ')}, or decimal(2) for a scale` })
}

/** The schema with other fields, everything else as it was. */
export const withFields = (input: RowSchema, fields: ReadonlyMap<string, FieldSchema>): RowSchema => ({
  ...input,
  fields,
})

/** What is known of one field; for one that isn't declared, what is known of all undeclared ones. */
export const fieldSchema = (field: string, input: RowSchema): FieldSchema =>
  input.fields.get(field) ?? { schema: input.rest?.schema ?? {}, optional: true }

/** Whether its values are decimals, which count by their amounts: 1.5 and 1.50 are one. */
export const isDecimal = (field: string, input: RowSchema): boolean =>
  exactType(fieldSchema(field, input).schema)?.type === 'decimal'

/** One field, or several, that tell rows apart. */
export type Fields = string | readonly string[] | undefined

export const oneOrMoreFields = z.union([fieldName, fieldList]).optional()

/** As a list; none if absent. */
export function fieldsIn(given: Fields): readonly string[] {
  if (given === undefined) return []
  return typeof given === 'string' ? [given] : given
}

/** Where the field with this place stands among the options. */
export const pathOfField = (option: string, given: Fields, i: number): readonly (string | number)[] =>
  typeof given === 'string' ? [option] : [option, i]

export const requirementsOf = (option: string, given: Fields): readonly FieldRequirement[] =>
  fieldsIn(given).map((field, i) => ({ field, path: pathOfField(option, given, i) }))
