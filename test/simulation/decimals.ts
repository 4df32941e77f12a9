/** What simulated pipelines do with decimals: what the schema of a source, expressions and built-in plugins make of them. */
import { compileExpression, type Expression } from '../../src/expression/expression.ts'
import type { Row } from '../../src/model/row.ts'
import { decimalSchema, OBSERVED, type RowSchema } from '../../src/model/schema.ts'
import { batchStats } from '../../src/plugins/aggregates/batch-stats.ts'
import { coerce } from '../../src/plugins/transforms/coerce.ts'
import type { BatchResult, RowError, TransformResult, VisitContext } from '../../src/sdk/spec.ts'
import type { Calculation, DecimalOperation } from './model.ts'

const amount = (scale: number | null): RowSchema => ({
  ...OBSERVED,
  fields: new Map([['amount', { schema: decimalSchema(scale), optional: false }]]),
})

/** Amounts come as texts and as numbers, and all with two digits behind the point are taken. */
export const DECLARED: RowSchema = { ...amount(2), observed: false }
/** What is known of them behind that: steps change how many digits they have. */
const KNOWN = amount(null)

/** Places of amounts among fields of a key. */
export const amountsIn = (fields: readonly string[]): readonly number[] =>
  fields.flatMap((field, i) => (field === 'amount' ? [i] : []))

const SOURCES: { readonly [does in Calculation]: string } = {
  add: 'row.amount + decimal("0.05")',
  triple: 'row.amount * 3',
  tax: 'row.amount * decimal("1.190")',
  third: 'row.amount / 3',
  quarter: 'row.amount / decimal("4.0")',
  cents: 'number.round(row.amount, 2)',
  negate: '-row.amount',
  less_n: 'row.amount - row.n',
  compare: 'row.amount >= 0.3',
}
const compiled = new Map<Calculation, Expression>()

function expressionOf(does: Calculation): Expression {
  const known = compiled.get(does)
  if (known !== undefined) return known
  const result = compileExpression(SOURCES[does], { over: 'row', schema: KNOWN })
  if (!result.ok) throw new Error(result.problems[0]?.message)
  compiled.set(does, result.expression)
  return result.expression
}

const PLACE = { node: 'simulated', folder: '/', input: KNOWN, secrets: [] }

/** Of plugins that have what they need at once. */
function atOnce<T extends object>(given: T | Promise<T>): T {
  if (given instanceof Promise) throw new TypeError('it comes later')
  return given
}

/** A row without an amount stays as it is. `error`: what the step says of an amount that has no place in a scale. */
export function calculated(
  operation: DecimalOperation,
  row: Row,
  context: VisitContext,
  error: RowError,
): TransformResult {
  if ((row.amount ?? null) === null) return { kind: 'row', row }
  if (operation.op === 'coerce') {
    const options = coerce.options.parse({ fields: { amount: `decimal(${operation.scale})` } })
    const result = atOnce(atOnce(coerce.create(options, PLACE)).process(row, context))
    return result.kind === 'error' ? error : result
  }
  const result = expressionOf(operation.does).evaluate(row, 0)
  if (!result.ok) throw new Error(`${operation.does}: ${result.code}: ${result.message}`)
  const field = operation.does === 'compare' ? 'a' : 'amount'
  return { kind: 'row', row: { ...row, [field]: result.value as string | boolean } }
}

/** Of the amounts of a batch; `n`: the sum of its rows. The sum of the amounts is the amount of what is made of them. */
export function statisticsOf(rows: readonly Row[], n: number, context: VisitContext): BatchResult {
  const options = batchStats.options.parse({ value: 'amount' })
  const result = atOnce(atOnce(batchStats.create(options, PLACE)).process(rows, context))
  if (result.kind !== 'rows') throw new TypeError(JSON.stringify(result))
  return {
    kind: 'rows',
    rows: result.rows.map(({ count, sum, mean, min, max }) => ({ n, amount: sum, count, mean, min, max }) as Row),
  }
}
