/** For tests: runs an aggregate over one batch as the engine would, and holds it to what it guarantees. */
import { canonicalize } from '../../src/model/canonical.ts'
import { type Json, type Row, withoutPrototypes } from '../../src/model/row.ts'
import type { RowSchema } from '../../src/model/schema.ts'
import { compileRowSchema } from '../../src/sdk/schema-check.ts'
import type { AggregateSpec, BatchResult } from '../../src/sdk/spec.ts'
import { visitContext } from '../../src/sdk/testing/calling.ts'
import { declaredIn, schemaOfRows } from '../../src/sdk/testing/subject.ts'

/** The rows that leave, null for a member that is dropped; or an error's code. */
export async function tryBatch<Options>(
  spec: AggregateSpec<Options>,
  options: Json,
  batch: readonly Json[],
  types: { readonly [field: string]: string } = {},
): Promise<ReadonlyArray<Row | null> | string> {
  const parsed = spec.options.parse(options)
  const rows = batch.map(row => withoutPrototypes(row) as Row)
  const run = async (input: RowSchema): Promise<BatchResult> => {
    const aggregate = await spec.create(parsed, { node: 'test', folder: '/', input, secrets: [] })
    return aggregate.process(rows, visitContext())
  }
  const sample = { title: 'a batch', options, types }
  const result = await run(declaredIn(sample))
  if (result.kind === 'error') return result.code
  const input = schemaOfRows(rows, sample)
  for (const schema of [input, { ...input, closed: false }, declaredIn(sample)]) {
    const enters = compileRowSchema(schema, { textual: false })
    // Doubles such as 1e300 are whole, and no integers.
    if (!rows.every(row => enters(row).ok)) continue
    const check = compileRowSchema(spec.guarantees?.(parsed, schema, new Map()) ?? schema, { textual: false })
    for (const row of result.rows) {
      if (row === null) continue
      canonicalize(row)
      const checked = check(row)
      if (!checked.ok) throw new Error(`a row isn’t what \`guarantees\` says: ${checked.message}`)
      if (checked.row !== row) throw new Error('a decimal isn’t the text that its scale demands')
    }
  }
  return result.rows
}
