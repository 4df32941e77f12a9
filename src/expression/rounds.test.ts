/** What is done in rounds of macros is bounded, and the check before the run knows the bound. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG } from '../../test/support/form.ts'
import { newRow } from '../model/row.ts'
import { type JsonSchema, OBSERVED, type RowSchema } from '../model/schema.ts'
import { compileExpression, expressionRisks } from './expression.ts'
import { stepsToMake } from './rounds.ts'
import { exactly } from './total/possible.ts'
import { mostToMake } from './total/steps.ts'
import type { Value } from './values.ts'

const compiled = (source: string, schema: RowSchema = OBSERVED) => {
  const result = compileExpression(source, { over: 'row', schema })
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join())
  return result.expression
}
const outcomeOf = (source: string, row: object) => {
  const result = compiled(source).evaluate(Object.assign(newRow(), row))
  return result.ok ? 'value' : result.code
}
const list = (length: number) => Array.from({ length }, (_, n) => n)

/** These take seconds. */
const LONGER: ReadonlyArray<[string, string, object, object]> = [
  [
    'texts that they make',
    'row.l.map(x, row.t.lowerAscii())',
    { l: list(900), t: 'X'.repeat(200_000) },
    { l: list(1200), t: 'X'.repeat(200_000) },
  ],
  [
    'lists that `in` looks through',
    'row.l.exists(x, -1 in row.k)',
    { l: list(9000), k: list(2000) },
    { l: list(9000), k: list(2400) },
  ],
]

describe('a million steps are enough for', () => {
  test.each<[string, string, object, object]>([
    [
      'elements that functions make',
      'row.l.map(x, lists.range(row.n))',
      { l: list(999), n: 1000 },
      { l: list(1000), n: 1000 },
    ],
    [
      'lists in lists that they make',
      'row.l.map(x, json.parse(row.t))',
      { l: list(999), t: JSON.stringify([list(499), list(498)]) },
      { l: list(999), t: JSON.stringify([list(499), list(500)]) },
    ],
    [
      'texts that + makes',
      'row.l.map(x, row.t + "")',
      { l: list(1200), t: 'x'.repeat(200_000) },
      { l: list(1300), t: 'x'.repeat(200_000) },
    ],
    [
      'texts that they look through',
      'row.l.exists(x, row.t.contains("y"))',
      { l: list(9000), t: 'x'.repeat(200_000) },
      { l: list(10_000), t: 'x'.repeat(200_000) },
    ],
    ...(LONG ? LONGER : []),
  ])('%s', (_what, source, few, many) => {
    expect(outcomeOf(source, few)).toBe('value')
    expect(outcomeOf(source, many)).toBe('EVALUATION_LIMIT')
  })

  test('what isn’t in a round, which doesn’t count', () => {
    expect(outcomeOf('[lists.range(1000000).size(), lists.range(1000000).size()].map(x, x)', {})).toBe('value')
  })
})

describe('the check before the run', () => {
  const required = (schema: JsonSchema) => ({ schema, optional: false })
  const schema: RowSchema = {
    fields: new Map([
      ['t', required({ type: 'string' })],
      ['short', required({ type: 'string', maxLength: 100 })],
      ['tags', required({ type: 'array', maxItems: 900, items: { type: 'string', maxLength: 100 } })],
      ['codes', required({ type: 'array', maxItems: 20_000, items: { type: 'string' } })],
    ]),
    closed: true,
    observed: false,
  }
  const risksOf = (source: string) => expressionRisks([compiled(source, schema)], schema, 'bool').flat()

  test.each([
    '["a", "b", "c"].exists(k, row.t.lowerAscii().contains(k))',
    'row.tags.exists(t, t.lowerAscii().startsWith(row.short))',
    'row.tags.exists(t, t in ["a", "b"])',
    'row.tags.all(t, row.tags.exists(u, t == u.trim()))',
  ])('finds that %s can’t fail', source => expect(risksOf(source)).toEqual([]))

  test.each([
    'row.tags.exists(t, row.t.contains(t))',
    'row.tags.exists(t, t in row.codes && row.t.lowerAscii() == t)',
    'row.tags.exists(t, row.t.split(t).size() > 2)',
  ])('finds that %s can', source =>
    expect(
      risksOf(source)
        .map(({ message }) => message)
        .join(),
    ).toMatch(/1,000,000 steps/),
  )

  test('never takes what is made for less than it is', () => {
    const { any } = fc.letrec<{ any: Value; list: Value[] }>(tie => ({
      any: fc.oneof({ maxDepth: 4 }, fc.string({ maxLength: 2000 }), fc.bigInt(), fc.constant(null), tie('list')),
      list: fc.array(tie('any'), { maxLength: 30 }),
    }))
    fc.assert(
      fc.property(any, made => {
        expect(mostToMake(exactly(made))).toBeGreaterThanOrEqual(stepsToMake(made))
      }),
    )
  })
})
