/** What is known of the rows that a coalesce makes, from what is known of each branch's rows where they arrive. */
import type { CoalesceConfig } from '../config/pipeline.ts'
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import { joinSchemas } from './schema-join.ts'

/** `branches`: rows of each branch as they arrive; `parent`: the row as it entered the fork. */
export function mergedSchema(
  config: Pick<CoalesceConfig, 'policy' | 'merge'>,
  branches: ReadonlyMap<string, RowSchema>,
  parent: RowSchema,
): RowSchema {
  const { merge, policy } = config
  const all = policy.kind === 'require_all' || (policy.kind === 'quorum' && policy.quorum === branches.size)
  switch (merge.kind) {
    case 'nested':
      return nested(branches, all)
    case 'select':
      return branches.get(merge.branch) ?? joinSchemas([]).schema
    case 'union':
      return union([...branches.values()], parent, all)
  }
}

function nested(branches: ReadonlyMap<string, RowSchema>, all: boolean): RowSchema {
  const fields = [...branches].map(([branch, row]): [string, FieldSchema] => [
    branch,
    { schema: objectSchema(row), optional: !all },
  ])
  return { fields: new Map(fields), closed: true, observed: false }
}

/** Of a row that is the value of a field. */
export function objectSchema(row: RowSchema): FieldSchema['schema'] {
  const fields = [...row.fields]
  if (fields.length === 0) return { type: 'object' }
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, { schema }]) => [name, schema])),
    required: fields.filter(([, { optional }]) => !optional).map(([name]) => name),
    ...(row.closed ? { additionalProperties: false } : {}),
  }
}

/**
 * A field is there if any branch that arrived kept it; its value is the parent's unless a branch wrote another.
 * If all branches arrive, one that guarantees a field is enough, unless another may set it to null; else each must.
 */
function union(branches: readonly RowSchema[], parent: RowSchema, all: boolean): RowSchema {
  const joined = joinSchemas(branches).schema
  const fields = new Map<string, FieldSchema>()
  let doubtful = false
  for (const [name, field] of joined.fields) {
    const written = writtenType(name, branches, parent)
    // Probably so; but a branch may have written another value of the parent's type, too.
    if (written !== null && written !== field.schema) doubtful = true
    // A branch that may hold null may have written it.
    const guaranteed = branches.every(each => (each.fields.get(name)?.optional ?? !each.closed) === false)
    fields.set(name, {
      schema: written ?? field.schema,
      optional: all ? !guaranteed : field.optional,
    })
  }
  return { ...joined, fields, ...(doubtful ? { doubtful } : {}) }
}

/** The type of the one branch that gives a field another type than the parent; null if there are several, or none. */
function writtenType(name: string, branches: readonly RowSchema[], parent: RowSchema): FieldSchema['schema'] | null {
  const before = parent.fields.get(name)
  if (before === undefined || branches.some(each => !each.closed && !each.fields.has(name))) return null
  const text = (schema: FieldSchema['schema']) => canonicalize(schema as { readonly [key: string]: Json })
  const others = new Map<string, FieldSchema['schema']>()
  for (const branch of branches) {
    const field = branch.fields.get(name)
    if (field !== undefined && text(field.schema) !== text(before.schema)) others.set(text(field.schema), field.schema)
  }
  return others.size === 1 ? ([...others.values()][0] ?? null) : null
}
