/** Fields of a row schema: the shorthand (`integer`, `string?`) or a JSON Schema. */
import type { FieldSchema } from '../model/schema.ts'
import { admitsNull, type FieldTypeProblem, parseFieldShorthand, readJsonSchema } from '../sdk/field-type.ts'
import type { Refusal } from './part.ts'
import { isMap } from './picked.ts'

export const FIELD_HINT = 'for example integer, decimal(2), or string?'

/** What stands for a field that can't be read: one that may hold anything. */
export const ANY_FIELD: FieldSchema = { schema: {}, optional: true }

export function readField(value: unknown): FieldSchema | FieldTypeProblem {
  if (isMap(value)) {
    const read = readJsonSchema(value)
    return 'problem' in read ? read : { schema: read.schema, optional: admitsNull(read.schema) }
  }
  // An unquoted `null` is the name of a type here.
  if (value === null) return parseFieldShorthand('null')
  return typeof value === 'string' ? parseFieldShorthand(value) : { problem: 'neither a type nor a JSON Schema' }
}

export function explainField(value: unknown, name: string): Refusal {
  const read = readField(value)
  if (!('problem' in read) || !(isMap(value) || typeof value === 'string'))
    return { must: 'a type, or a JSON Schema', hint: FIELD_HINT }
  const { problem, hint } = read
  if (!isMap(value)) return { code: 'CUSTODY_SCHEMA', message: problem, hint }
  return { code: 'CUSTODY_SCHEMA', message: `the schema of \`${name}\`: ${problem}`, hint, at: 'key' }
}
