/**
 * An expression of which the check says that nothing can fail has a value of the wanted type for every row that fits the
 * schema: random expressions over random rows, with the evaluator as the judge.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileExpression, type Expression, expressionRisks } from '../src/expression/expression.ts'
import type { Json } from '../src/model/row.ts'
import type { RowSchema } from '../src/model/schema.ts'
import { compileRowSchema } from '../src/sdk/schema-check.ts'
import { LONG } from './support/form.ts'
import { anything_at_all, conditions } from './support/random-expressions.ts'
import { chances, rowOf, schemas } from './support/random-rows.ts'

test('an expression that can’t fail has a value for every row that fits, and so have cases one after the other', () => {
  let judged = 0
  const property = fc.property(
    schemas,
    fc.array(conditions, { minLength: 1, maxLength: 3 }),
    chances,
    (schema, sources, found) => {
      const cases = totalCases(sources, schema)
      judged += cases.length
      for (const row of cases.length === 0 ? [] : found.map(each => rowOf(schema, each))) {
        for (const expression of cases) {
          const result = expression.evaluate(row)
          if (!result.ok || typeof result.value !== 'boolean') {
            const declared = JSON.stringify([...schema.fields].filter(([name]) => expression.source.includes(name)))
            expect.fail(`${sources.join('\n')}\non ${JSON.stringify(row)}\nof ${declared}:\n${JSON.stringify(result)}`)
          }
          if (result.value) break
        }
      }
    },
  )
  fc.assert(property, { numRuns: LONG ? 60_000 : 300 })
  expect(judged).toBeGreaterThan(LONG ? 6_000 : 20)
})

test('an expression gives the type that the plan assumes behind it', () => {
  let judged = 0
  const property = fc.property(schemas, anything_at_all, chances, (schema, source, found) => {
    const compiled = compileExpression(source, { over: 'row', schema })
    if (!compiled.ok) return
    const { gives } = compiled.expression
    const check = compileRowSchema(
      { fields: new Map([['it', gives]]), closed: true, observed: false },
      { textual: false },
    )
    for (const row of found.map(each => rowOf(schema, each))) {
      const result = compiled.expression.evaluate(row)
      if (!result.ok) continue
      judged++
      const checked = check({ it: result.value as Json })
      if (!checked.ok)
        expect.fail(`${source}\non ${JSON.stringify(row)}\ngives ${JSON.stringify(gives)}: ${checked.message}`)
    }
  })
  fc.assert(property, { numRuns: LONG ? 40_000 : 300 })
  expect(judged).toBeGreaterThan(LONG ? 20_000 : 100)
})

/** Those, from the first on, of which nothing can fail if all before gave false. */
function totalCases(sources: readonly string[], schema: RowSchema): readonly Expression[] {
  const expressions = sources.flatMap(source => {
    const compiled = compileExpression(source, { over: 'row', schema })
    return compiled.ok ? [compiled.expression] : []
  })
  const risks = expressionRisks(expressions, schema, 'bool')
  const first = risks.findIndex(each => each.length > 0)
  return first === -1 ? expressions : expressions.slice(0, first)
}
