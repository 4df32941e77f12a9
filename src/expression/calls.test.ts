/** What is said of calls that can't be: the nearest function, the form that it has, where all of them are. */
import { expect, test } from 'vitest'
import { OBSERVED } from '../model/schema.ts'
import { compileExpression } from './expression.ts'

test.each([
  ['row.s.trimm()', 'there is no function trimm', 'Did you mean trim?'],
  ['abs(row.n)', 'there is no function abs', 'Did you mean math.abs?'],
  ['date.prase(row.d, "yyyy")', 'there is no function date.prase', 'Did you mean date.parse?'],
  [
    'row.s.frobnicate()',
    'there is no function frobnicate',
    'custody functions lists all of them, and docs/functions.md.',
  ],
  ['trim(row.s)', 'there is no function trim of this form', 'Write ….trim(…).'],
  ['[1].exists(i, x, x > 0)', 'exists isn’t called like this', 'It is called as list.exists(x, condition) → bool'],
  ['has(row.a, row.b)', 'has isn’t called like this', 'It is called as has(field) → bool.'],
  ['"a".padStart("3")', 'there is no padStart of a text with a text', 'More: custody functions padStart.'],
  ['"a".padStart()', 'padStart takes 1 or 2 arguments, not 0', ''],
  ['bytes(row.s)', 'bytes() can’t be used', ''],
])('%s', (source, message, hint) => {
  const compiled = compileExpression(source, { over: 'row', schema: OBSERVED })
  const [problem] = compiled.ok ? [] : compiled.problems
  expect(problem?.code).toBe('CUSTODY_CEL_TYPE')
  expect(problem?.message).toContain(message)
  expect(problem?.hint ?? '').toContain(hint)
})
