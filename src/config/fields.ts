/** Fields of a row schema: the shorthand (`integer`, `string?`) or a JSON Schema. */
import type { JsonSchema } from '../model/schema.ts'
import { ERROR_FIELD } from '../sdk/error-row.ts'
import { admitsNull, type FieldTypeProblem, jsonSchemaProblem, parseFieldShorthand } from '../sdk/field-type.ts'
import type { SchemaConfig } from './pipeline.ts'
import type { Problems } from './problems.ts'
import type { Place } from './source-text.ts'
import { isEmpty, type MapEntry, type Tree, toJson } from './tree.ts'

type Field = SchemaConfig['fields'][number]

/** Problems: CUSTODY_SCHEMA, CUSTODY_WRONG_TYPE. A field that can't be read is taken as one that may hold anything. */
export function readFields(fields: Tree | undefined, problems: Problems): readonly Field[] {
  if (fields?.kind !== 'map') return []
  return [...fields.entries.values()].map(entry => readField(entry, problems))
}

function readField({ key: name, key_at, value }: MapEntry, problems: Problems): Field {
  const unknown: Field = { name, schema: {}, optional: true }
  const refuse = (at: Place, { problem, hint }: FieldTypeProblem): Field => {
    problems.error('CUSTODY_SCHEMA', at, problem, hint)
    return unknown
  }
  if (name === ERROR_FIELD)
    return refuse(key_at, {
      problem: `no record may have a field \`${ERROR_FIELD}\``,
      hint: 'that is the name of what rows carry of errors that they met',
    })
  if (value.kind === 'map') {
    const schema = toJson(value) as JsonSchema
    const problem = jsonSchemaProblem(schema)
    if (problem === null) return { name, schema, optional: admitsNull(schema) }
    return refuse(key_at, { ...problem, problem: `the schema of \`${name}\`: ${problem.problem}` })
  }
  // An unquoted `null` is the name of a type here.
  const text = value.kind === 'scalar' && isEmpty(value) && value.at.start > key_at.end ? 'null' : null
  if (value.kind === 'scalar' && value.unset) return unknown
  if (value.kind === 'scalar' && (typeof value.value === 'string' || text !== null)) {
    const parsed = parseFieldShorthand(text ?? String(value.value))
    return 'problem' in parsed ? refuse(value.at, parsed) : { name, ...parsed }
  }
  const message = `\`field ${name}\` must be a type, or a JSON Schema`
  problems.error('CUSTODY_WRONG_TYPE', isEmpty(value) ? key_at : value.at, message, 'for example integer, or string?')
  return unknown
}
