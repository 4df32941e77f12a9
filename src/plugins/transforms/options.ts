/** Options that several transforms have. */
import { z } from 'zod'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'

export const fieldName = z.string().min(1, 'a field has a name')

export const fieldList = z.array(fieldName).min(1, 'name at least one field')

/** A map by field with at least one entry. */
export function byField<Value extends z.ZodType>(value: Value) {
  return z
    .record(fieldName, value)
    .refine(entries => Object.keys(entries).length > 0, { error: 'name at least one field' })
}

/** The schema with other fields, everything else as it was. */
export const withFields = (input: RowSchema, fields: ReadonlyMap<string, FieldSchema>): RowSchema => ({
  ...input,
  fields,
})

/** What is known of one field; for one that isn't declared, what is known of all undeclared ones. */
export const fieldSchema = (field: string, input: RowSchema): FieldSchema =>
  input.fields.get(field) ?? { schema: input.rest?.schema ?? {}, optional: true }
