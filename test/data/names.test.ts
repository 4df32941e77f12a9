/** Names of columns and fields, as people and programs choose them. */
import { describe, expect, test } from 'vitest'
import { type DataCase, tryData } from '../support/try-data.ts'

const jsonl = (...lines: readonly string[]): DataCase => ({ source: 'jsonl', input: lines.map(l => `${l}\n`).join('') })
const INHERITED = { id: 'integer', constructor: 'integer?', toString: 'integer?' }

describe('headers become fields', () => {
  test.each<[string, string, readonly string[]]>([
    ['with a blank behind one of them', 'Name,name,NAME \n', ['Name', 'name', 'NAME']],
    [
      'in all scripts, without signs and marks',
      '__proto__,constructor,a.b,😀,ID,größe,Ünit Price (€),日本,日付\n',
      ['__proto__', 'constructor', 'a_b', 'column_4', 'ID', 'größe', 'ünit_price', '日本', '日付'],
    ],
    ['where a name that is made is also given', 'column_2,,x,x_2,x\n', ['column_2', 'column_2_2', 'x', 'x_2', 'x_3']],
  ])('%s', async (_what, header, fields) => {
    const cells = fields.map((_, n) => String(n))
    const { exit, rows } = await tryData({ input: `${header}${cells.join(',')}\n` })
    expect(exit).toBe(0)
    expect(Object.entries(rows[0] as object)).toEqual(fields.map((field, n) => [field, String(n)]))
  })

  test('of the second of two files in one it becomes a row, and what is declared a number shows it', async () => {
    const input = '\ufeffid,x\n1,a\n\ufeffid,x\n2,b\n'
    const { rows, rejected } = await tryData({ input, schema: { mode: 'flexible', fields: { id: 'integer' } } })
    expect(rows).toEqual([
      { id: 1, x: 'a' },
      { id: 2, x: 'b' },
    ])
    expect(rejected).toEqual([['SCHEMA_TYPE', 3, '\ufeffid,x']])
  })

  test('of a sep= line, with a schema and no delimiter', async () => {
    const schema = { mode: 'flexible', fields: { id: 'integer', name: 'string' } }
    const { rows, rejected } = await tryData({ input: 'sep=;\r\nid;name\r\n7;Bo\r\n', schema })
    expect({ rows, rejected }).toEqual({ rows: [{ id: 7, name: 'Bo' }], rejected: [] })
  })
})

describe('fields become headers', () => {
  test.each<[string, DataCase, string, readonly string[]]>([
    ['one that is empty', jsonl('{"":1}', '{"":2}'), '""\n1\n2\n', []],
    ['none, which leaves no place for one that comes later', jsonl('{}', '{"a":1}'), '\n\n', ['COLUMN_UNKNOWN']],
    [
      'some that objects inherit, where rows lack them',
      { ...jsonl('{"id":1}', '{"id":2,"constructor":3,"toString":4}'), schema: { mode: 'fixed', fields: INHERITED } },
      'id,constructor,toString\n1,,\n2,3,4\n',
      [],
    ],
    [
      'those of the source, two of which would be one field',
      { input: 'Loan Amount,loan_amount\n1,2\n' },
      'Loan Amount,loan_amount\n1,2\n',
      [],
    ],
  ])('%s', async (_what, given, text, errors) => {
    const sink_options = given.source === undefined ? { headers: 'original' } : {}
    expect(await tryData({ ...given, sink: 'csv', sink_options })).toMatchObject({ exit: 0, text, errors })
  })

  test.each(['=1', '+1', '-5', '@x', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠x'])(
    'a text that begins as a formula does is harmless where that is wanted: %j',
    async v => {
      const sink_options = { escape_formulas: true }
      const { text } = await tryData({ ...jsonl(JSON.stringify({ v })), sink: 'csv', sink_options })
      expect(text).toBe(/[\r\n]/.test(v) ? `v\n"'${v}"\n` : `v\n'${v}\n`)
    },
  )

  test.each(["'=1", ' =1', 'a=1', '%=1', '|x', -5])('one that doesn’t is as it was: %j', async v => {
    const sink_options = { escape_formulas: true }
    const { text } = await tryData({ ...jsonl(JSON.stringify({ v })), sink: 'csv', sink_options })
    expect(text).toBe(`v\n${v}\n`)
  })
})

test('names with escapes are not mixed up, in whatever order they come', async () => {
  const names = ['\\', '\t', '"', '\n', 'C:\\', 'C:\n', 'C:"', '\\\\', '\\\n']
  const lines = Array.from({ length: 90 }, (_, i) => {
    const name = names[i % names.length] ?? ''
    return JSON.stringify({ id: i, [name]: i, in: { [name]: [{ [name]: 1 }] } })
  })
  const node = { sort: ['id desc'] }
  const { text } = await tryData({ ...jsonl(...lines), node })
  expect(text).toBe(
    lines
      .toReversed()
      .map(line => `${line}\n`)
      .join(''),
  )
})

describe('options name fields', () => {
  test('by a name that JavaScript keeps for itself, which is refused with its place', async () => {
    const node = { transform: 'field_mapper', options: JSON.parse('{"rename":{"__proto__":"p"}}') as object }
    const result = await tryData({ ...jsonl('{"id":1}'), node })
    expect(result).toMatchObject({ exit: 2, code: 'BAD_VALUE', text: '' })
    expect(result.message).toContain('__proto__')
  })

  test('that objects inherit', async () => {
    const node = { transform: 'explode', options: { field: 'l', index: 'constructor' } }
    const { rows, errors } = await tryData({
      ...jsonl('{"l":[[1],{"l":1},null,""]}', '{"l":[]}', '{"l":{}}', '{"l":"[1]"}'),
      node,
    })
    expect(rows).toEqual([[1], { l: 1 }, null, ''].map((l, n) => ({ l, constructor: n })))
    expect(errors).toEqual(['NOT_A_LIST', 'NOT_A_LIST'])
  })

  test('that an aggregate makes, which is refused', async () => {
    const node = { aggregate: 'batch_stats', options: { value: 'v', group_by: 'count' } }
    const result = await tryData({ ...jsonl('{"count":"a","v":1}'), node })
    expect(result).toMatchObject({ exit: 2, code: 'PLUGIN_OPTIONS', text: '' })
    expect(result.message).toMatch(/count is also the name of a field that is made here/)
  })
})
