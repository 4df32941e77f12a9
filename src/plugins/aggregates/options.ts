/** Options that several aggregates have, and the schemas of the rows that leave them. */
import { z } from 'zod'
import type { FieldSchema, RowSchema } from '../../model/schema.ts'
import type { FieldRequirement } from '../../sdk/spec.ts'
import { fieldList, fieldName, fieldSchema } from '../transforms/options.ts'

export { fieldList, fieldName, fieldSchema }

export const INTEGER: FieldSchema = { schema: { type: 'integer' }, optional: false }
export const NUMBER: FieldSchema = { schema: { type: 'number' }, optional: false }
export const TEXT: FieldSchema = { schema: { type: 'string' }, optional: false }

type GroupBy = string | readonly string[] | undefined

export const groupBy = z
  .union([fieldName, fieldList])
  .optional()
  .describe('A field or a list of fields; rows with the same values are one group. All rows are one group if absent')

/** The fields as a list; none if absent. */
export function groupFields(group_by: GroupBy): readonly string[] {
  if (group_by === undefined) return []
  return typeof group_by === 'string' ? [group_by] : group_by
}

const pathOf = (group_by: GroupBy, i: number): readonly (string | number)[] =>
  typeof group_by === 'string' ? ['group_by'] : ['group_by', i]

export const groupRequirements = (group_by: GroupBy): readonly FieldRequirement[] =>
  groupFields(group_by).map((field, i) => ({ field, path: pathOf(group_by, i) }))

/** Fields that are named twice, or like one that the aggregate makes. */
export function groupIssues(group_by: GroupBy, made: readonly string[]) {
  return groupFields(group_by).flatMap((field, i, all) => {
    const path = pathOf(group_by, i)
    if (all.indexOf(field) < i) return [{ path, message: `${field} is named twice` }]
    if (!made.includes(field)) return []
    const hint = 'Rename the field before, for example with field_mapper.'
    return [{ path, message: `${field} is also the name of a field that is made here`, hint }]
  })
}

/** What is known of the group's fields in the rows that are made. */
export function groupSchema(group_by: GroupBy, input: RowSchema): Map<string, FieldSchema> {
  return new Map(groupFields(group_by).map(field => [field, fieldSchema(field, input)]))
}

/** A schema that has just these fields. */
export const closedSchema = (fields: ReadonlyMap<string, FieldSchema>): RowSchema => ({
  fields,
  closed: true,
  observed: false,
})
