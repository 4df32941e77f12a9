/** Options that several aggregates have, and the schemas of the rows that leave them. */
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import type { OptionProblem } from '../../sdk/spec.ts'
import {
  type Fields,
  fieldList,
  fieldName,
  fieldSchema,
  fieldsIn,
  isDecimal,
  namedTwice,
  oneOrMoreFields,
  pathOfField,
  requirementsOf,
} from '../transforms/options.ts'

export { fieldList, fieldName, fieldSchema, isDecimal, namedTwice }

export const INTEGER: FieldSchema = { schema: { type: 'integer' }, optional: false }
export const NUMBER: FieldSchema = { schema: { type: 'number' }, optional: false }
export const TEXT: FieldSchema = { schema: { type: 'string' }, optional: false }

export const groupBy = oneOrMoreFields.describe(
  'A field or a list of fields; rows with the same values are one group. All rows are one group if absent',
)

/** The fields as a list; none if absent. */
export const groupFields = fieldsIn

export const groupRequirements = (group_by: Fields) => requirementsOf('group_by', group_by)

/** Fields that are named twice, or like one that the aggregate makes. */
export function groupIssues(group_by: Fields, made: readonly string[]): readonly OptionProblem[] {
  const fields = fieldsIn(group_by)
  const hint = 'Rename the field before, for example with field_mapper.'
  return [
    ...namedTwice('group_by', fields),
    ...fields.flatMap((field, i) =>
      made.includes(field) && fields.indexOf(field) === i
        ? [
            {
              path: pathOfField('group_by', group_by, i),
              message: `${field} is also the name of a field that is made here`,
              hint,
            },
          ]
        : [],
    ),
  ]
}

/** What is known of the group's fields in the rows that are made. */
export function groupSchema(group_by: Fields, input: RowSchema): Map<string, FieldSchema> {
  return new Map(groupFields(group_by).map(field => [field, fieldSchema(field, input)]))
}

/** A schema that has just these fields. */
export const closedSchema = (fields: ReadonlyMap<string, FieldSchema>): RowSchema => ({
  fields,
  closed: true,
  observed: false,
})
