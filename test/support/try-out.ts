/** For tests: runs a transform as the engine would, and says what is known of its rows. */

import { compileExpression } from '../../src/expression/expression.ts'
import { type Json, type Row, withoutPrototypes } from '../../src/model/row.ts'
import { type FieldSchema, OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import type { Call } from '../../src/sdk/call.ts'
import type { AggregateSpec, TransformSpec } from '../../src/sdk/spec.ts'
import { performing, transformVisits, visitContext } from '../../src/sdk/testing/calling.ts'

/** Per row: the rows that leave, or an error's code. */
export async function tryOut<Options>(
  spec: TransformSpec<Options>,
  options: Json,
  rows: readonly Json[],
  { input = OBSERVED, folder = '/', call = performing }: { input?: RowSchema; folder?: string; call?: Call } = {},
): Promise<readonly (readonly Row[] | string)[]> {
  const context = { node: 'test', folder, input, secrets: [] }
  const transform = await transformVisits(spec, spec.options.parse(options), context, visitContext(call))
  const results: (readonly Row[] | string)[] = []
  for (const row of rows) {
    const result = await transform.process(withoutPrototypes(row) as Row)
    if (result.kind === 'error') results.push(result.code)
    else results.push(result.kind === 'row' ? [result.row] : result.kind === 'rows' ? result.rows : [])
  }
  return results
}

/** `{id: 'integer', note: 'string?'}` as a closed schema. */
export function schemaOf(fields: { readonly [name: string]: string | FieldSchema }): RowSchema {
  const entries = Object.entries(fields).map(([name, declared]): [string, FieldSchema] => {
    if (typeof declared !== 'string') return [name, declared]
    return [name, { schema: { type: declared.replace('?', '') }, optional: declared.endsWith('?') }]
  })
  return { fields: new Map(entries), closed: true, observed: false }
}

/** What is known of the rows that leave, as `{field: type}`, `?` for optional; and whether there may be others. */
export function leaving<Options>(
  spec: TransformSpec<Options> | AggregateSpec<Options>,
  options: Json,
  input: RowSchema,
) {
  const parsed = spec.options.parse(options)
  const types = new Map<string, FieldSchema>()
  for (const { path, source } of spec.expressions?.(parsed) ?? []) {
    const compiled = compileExpression(source, { over: 'row', schema: input })
    if (compiled.ok) types.set(path.join('.'), compiled.expression.gives)
  }
  const { fields, closed } = spec.guarantees?.(parsed, input, types) ?? input
  const shown = [...fields].map(([name, { schema, optional }]) => [
    name,
    `${schema.type ?? 'any'}${optional ? '?' : ''}`,
  ])
  return { fields: Object.fromEntries(shown) as { [name: string]: string }, closed }
}

/** Messages of what the options' own checks refuse. */
export function refusals<Options>(
  spec: TransformSpec<Options> | AggregateSpec<Options>,
  options: Json,
): readonly string[] {
  const parsed = spec.options.safeParse(options)
  if (!parsed.success) return parsed.error.issues.map(issue => issue.message)
  const problems = spec.check?.(parsed.data, []) ?? []
  return problems.filter(each => each.severity !== 'warning').map(each => each.message)
}
