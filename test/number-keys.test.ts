/** As keys, numbers are the same exactly if `==` says so in expressions, whatever the key is of. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyOf as joinKey } from '../src/engine/nodes/join/match.ts'
import { keyOf as batchKey } from '../src/engine/token/batch-key.ts'
import { compileExpression } from '../src/expression/expression.ts'
import { type Json, newRow, type Row } from '../src/model/row.ts'
import type { RowSchema } from '../src/model/schema.ts'
import { decimalsAmong, decimalsOfJoin } from '../src/plan/key-decimals.ts'
import { rowKey } from '../src/plugins/aggregates/groups.ts'
import { exactSchema } from '../src/sdk/exact-numbers.ts'
import { compileRowSchema } from '../src/sdk/schema-check.ts'

const text = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.constantFrom('0', '1', '10', '01', '9007199254740993'),
    fc.constantFrom('', '.0', '.00', '.5', '.50', '.050'),
  )
  .map(parts => parts.join(''))

/** What a source makes of texts in two fields of a type; null if they aren't of it. */
function read(a_type: string, b_type: string, a: string, b: string): { row: Row; schema: RowSchema } | null {
  const fieldOf = (type: string) => ({ schema: exactSchema(type) ?? { type }, optional: false })
  const schema = {
    fields: new Map([
      ['a', fieldOf(a_type)],
      ['b', fieldOf(b_type)],
    ]),
    closed: true,
    observed: false,
  }
  const checked = compileRowSchema(schema, { textual: true })(Object.assign(newRow(), { a, b }))
  return checked.ok ? { row: checked.row, schema } : null
}

function isEqual({ row, schema }: { row: Row; schema: RowSchema }): Json {
  const compiled = compileExpression('row.a == row.b', { over: 'row', schema })
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const result = compiled.expression.evaluate(row, 0)
  if (!result.ok) throw new Error(result.message)
  return result.value as Json
}

const TYPES = ['integer', 'number', 'decimal', 'decimal(2)', 'big_integer']

describe.each([
  ...TYPES.map(type => [type, type] as const),
  ['decimal', 'decimal(2)'],
  ['decimal(1)', 'decimal(2)'],
] as const)('%s and %s', (a_type, b_type) => {
  test('are one key of a join exactly if they are equal', () =>
    fc.assert(
      fc.property(text, text, (a, b) => {
        const made = read(a_type, b_type, a, b)
        if (made === null) return
        const { row, schema } = made
        const by_value = decimalsOfJoin({ left: ['a'], right: ['b'] }, { left: schema, right: schema })
        expect(joinKey(['a'], row, by_value) === joinKey(['b'], row, by_value)).toBe(isEqual(made))
      }),
    ))
})

describe.each(TYPES)('%s', type => {
  test('is one key of batches and groups exactly if it is equal', () =>
    fc.assert(
      fc.property(text, text, (a, b) => {
        const made = read(type, type, a, b)
        if (made === null) return
        const { row, schema } = made
        const other = Object.assign(newRow(), { ...row, a: row.b })
        const per = { fields: ['a'], by_value: decimalsAmong(['a'], schema), max_open: 9 }
        expect(batchKey({ per }, row) === batchKey({ per }, other)).toBe(isEqual(made))
        const groupKey = rowKey(['a'], schema)
        expect(groupKey(row) === groupKey(other)).toBe(isEqual(made))
      }),
    ))
})
