import { describe, expect, test } from 'vitest'
import type { RowSchema } from '../../../model/schema.ts'
import { judgeHeader } from './header.ts'

/** `?` as in a pipeline file. */
const schemaOf = (closed: boolean, ...fields: string[]): RowSchema => ({
  fields: new Map(fields.map(field => [field.replace('?', ''), { schema: {}, optional: field.endsWith('?') }])),
  closed,
  observed: false,
})
const fixed = (...fields: string[]) => schemaOf(true, ...fields)
const flexible = (...fields: string[]) => schemaOf(false, ...fields)
const headOf = (...headers: string[]) => ({
  input: 'a.csv',
  columns: headers.map(header => ({ field: header.trim().toLowerCase().replaceAll(' ', '_'), header })),
})

const problemOf = (schema: RowSchema, headers: readonly string[], extra: 'error' | 'drop' = 'error') =>
  judgeHeader(schema, extra, headOf(...headers)).problem

describe('a header', () => {
  test.each<[string, RowSchema, string[]]>([
    ['that is the schema’s', fixed('id', 'region'), ['id', 'region']],
    ['in another order, and with another spelling', fixed('loan_amount', 'id'), ['id', ' Loan Amount']],
    ['with more than a flexible schema names', flexible('id'), ['id', 'x', 'y']],
    ['of a schema without fields', flexible(), ['x']],
    ['with a number that another column has', flexible('amount_1', 'amount_2?'), ['amount_1', 'amount_3']],
    ['with a short name that is like another', flexible('id', 'day?'), ['id', 'pay']],
  ])('%s is fine', (_name, schema, headers) => {
    expect(problemOf(schema, headers)).toBeNull()
  })

  test('that lacks what is required stops the run, and the nearest names are suggested', () => {
    expect(problemOf(flexible('id', 'region', 'zip'), ['id', 'regions', 'Amount'])).toEqual({
      message: 'a.csv lacks `region`, `zip`, which the schema requires',
      hint: 'its columns: id, regions, Amount (field amount); did you mean regions?',
    })
    expect(problemOf(fixed('id'), ['x'])?.hint).toBe('its columns: x')
  })

  test('whose columns have other names as fields: that is said, and never that the name itself was meant', () => {
    const columns = ['country', '2010', '2011'].map(header => ({ header, field: header.replace(/^2/, '_2') }))
    const { problem } = judgeHeader(fixed('country', '2010', '2011'), 'error', { input: 'a.csv', columns })
    expect(problem).toEqual({
      message: 'a.csv lacks `2010`, `2011`, which the schema requires',
      hint:
        'its columns: country, 2010, 2011; `2010` is read as the field `_2010`, `2011` is read as the field `_2011`: ' +
        'name it so in the schema, or set normalise: false',
    })
    expect(judgeHeader(fixed('country', '2010?', '_2011?'), 'error', { input: 'a.csv', columns }).problem).toEqual({
      message: 'a.csv has no field `2010`, which the schema has as optional',
      hint:
        'its columns: country, 2010, 2011; `2010` is read as the field `_2010`: ' +
        'name it so in the schema, or set normalise: false',
    })
  })

  test('with a column that a fixed schema doesn’t know stops it, unless such columns are dropped', () => {
    expect(problemOf(fixed('id'), ['id', 'Extra One', 'two'])).toMatchObject({
      message: 'a.csv has `Extra One`, `two`, which the schema doesn’t know',
      hint: expect.stringContaining('extra_columns: drop'),
    })
    expect(problemOf(fixed('id'), ['id', 'Extra One'], 'drop')).toBeNull()
    // What is missing is missing all the same.
    expect(problemOf(fixed('id', 'region'), ['id', 'x'], 'drop')).not.toBeNull()
  })

  test('that lacks what is optional is a warning', () => {
    expect(judgeHeader(fixed('id', 'note?', 'day?'), 'error', headOf('id'))).toEqual({
      problem: null,
      warnings: [
        'a.csv has no `note`, which the schema has as optional',
        'a.csv has no `day`, which the schema has as optional',
      ],
    })
  })

  test.each([
    ['Note', 'notes'],
    ['note', 'nota'],
    ['customer_number', 'costumer number'],
    ['note', 'n_o_t_e'],
  ])('that lacks an optional %s and has %s stops it: it is hardly anything else', (field, header) => {
    for (const extra of ['error', 'drop'] as const) {
      expect(problemOf(flexible('id', `${field}?`), ['id', header], extra)?.message).toContain('nearly its name')
      expect(problemOf(fixed('id', `${field}?`), ['id', header], extra)).not.toBeNull()
    }
  })

  test('that nobody knows is no header', () => {
    expect(judgeHeader(fixed('id'), 'error', { input: 'a.csv', columns: null })).toEqual({
      problem: null,
      warnings: [],
    })
  })

  test('of very many columns is shown in part', () => {
    const hint = problemOf(
      flexible('region'),
      Array.from({ length: 300 }, (_, i) => `column ${i}`),
    )?.hint
    expect(hint).toMatch(/column 19 \(field column_19\), and 280 more$/)
  })
})
