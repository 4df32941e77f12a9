/** Tables to look up in, and numbers that add up: what people join, sum and rank. */
import { describe, expect, test } from 'vitest'
import { type DataCase, tryData } from '../support/try-data.ts'

const rowsOf = (...rows: readonly unknown[]) => rows.map(row => `${JSON.stringify(row)}\n`).join('')

describe('a table', () => {
  const lookedUp = (table: string | Uint8Array, keys: readonly unknown[], options = {}, name = 't.csv'): DataCase => ({
    source: 'jsonl',
    input: rowsOf(...keys.map(k => ({ k }))),
    files: { [name]: table },
    node: {
      transform: 'lookup',
      options: { path: name, key: { k: 'id' }, select: ['x'], missing: 'null', ...options },
    },
  })

  test.each<[string, DataCase, readonly unknown[]]>([
    [
      'keys are the same as numbers and as texts',
      lookedUp('id,x\n7,seven\n100,hundred\n', [7, '7', '07', 7.0, ' 7', '7.0', 1e2]),
      ['seven', 'seven', null, 'seven', null, null, 'hundred'],
    ],
    [
      'numbers are compared as they are written',
      lookedUp('id,x\n0.1,a\n1e+21,b\n0,c\n', [0.1, 1e21, -0]),
      ['a', 'b', 'c'],
    ],
    [
      'names that objects inherit are keys',
      lookedUp('id,x\n__proto__,p\nconstructor,c\n', ['__proto__', 'constructor', 'toString']),
      ['p', 'c', null],
    ],
    ['composed and decomposed letters differ', lookedUp('id,x\ncafé,nfc\n', ['café', 'cafe\u0301']), ['nfc', null]],
    ['another delimiter', lookedUp('id;x\na;1\n', ['a'], { delimiter: ';' }), ['1']],
    [
      'truth and nothing are keys as they are written, null is none',
      lookedUp('id,x\ntrue,T\n"",empty\n', [true, 'true', '', null]),
      ['T', 'T', 'empty', null],
    ],
  ])('%s', async (_what, given, expected) => {
    const { exit, rows } = await tryData(given)
    expect(exit).toBe(0)
    expect(rows.map(row => (row as { x: unknown }).x)).toEqual(expected)
  })

  test('takes the place of a field that has the name of its column', async () => {
    const given = lookedUp('id,x\na,theirs\n', [])
    expect((await tryData({ ...given, input: rowsOf({ k: 'a', x: 'mine' }) })).rows).toEqual([{ k: 'a', x: 'theirs' }])
  })

  test('keys of several fields don’t run into each other', async () => {
    const rows = [
      { a: 'x', b: 'y,z' },
      { a: 'x,y', b: 'z' },
      { a: 'x\u0000y', b: 'z' },
      { a: 'x', b: 'y\u0000z' },
    ]
    const table = JSON.stringify(rows.map((row, v) => ({ ...row, v })))
    const node = { transform: 'lookup', options: { path: 't.json', key: { a: 'a', b: 'b' }, select: ['v'] } }
    const result = await tryData({ source: 'jsonl', input: rowsOf(...rows), files: { 't.json': table }, node })
    expect(result.rows).toEqual(rows.map((row, v) => ({ ...row, v })))
  })

  test.each<[string, string | Uint8Array, RegExp]>([
    ['another column', 'id_x\na\n', /no column id.*Did you mean id_x/],
    ['nothing in it', '', /no column id/],
    ['another delimiter', 'id;x\na;1\n', /none of the fields.*set delimiter: ';'/],
    ['a header in another encoding', Buffer.from('id,caf\xe9\n', 'latin1'), /windows-1252/],
    ['a workbook’s bytes', 'PK\u0003\u0004xxxx', /ZIP/],
  ])('with %s is refused, with its place', async (_what, table, message) => {
    const result = await tryData(lookedUp(table, ['a']))
    expect(result.exit).not.toBe(0)
    expect(result).toMatchObject({ text: '' })
    expect(result.message).toMatch(message)
  })

  test.each<[string, string | Uint8Array, string]>([
    ['a key twice', 'id,x\nb,1\nb,2\na,here\n', 'LOOKUP_TWICE'],
    ['a key that is empty', 'id,x\na,here\n,2\n', 'LOOKUP_BAD_LINE'],
    ['a line with too few cells', 'id,x,y\na,here,2\nb,3\n', 'LOOKUP_BAD_LINE'],
    ['a stray quote', 'id,x\na,here\nb,2"3\n', 'LOOKUP_BAD_LINE'],
    ['another encoding', Buffer.from('id,x\na,here\nb,caf\xe9\n', 'latin1'), 'LOOKUP_BAD_LINE'],
  ])('with %s costs the rows that may have meant it, and no others', async (_what, table, code) => {
    const { exit, rows, errors } = await tryData(lookedUp(table, ['a', 'b']))
    expect({ exit, rows, errors }).toEqual({ exit: 0, rows: [{ k: 'a', x: 'here' }], errors: [code] })
  })

  test('as an office writes it is read as such', async () => {
    const table = Buffer.from('Stand 1.1.\nid;x\n#\na;1.234,5\nb;-\n', 'latin1')
    const options = {
      ...{ delimiter: ';', skip_lines: 1, comment: '#', decimal: ',', thousands: '.' },
      ...{ null_values: ['-'], types: { x: 'number' } },
    }
    expect((await tryData(lookedUp(table, ['a', 'b'], options))).rows).toEqual([
      { k: 'a', x: 1234.5 },
      { k: 'b', x: null },
    ])
  })
})

describe('an aggregate', () => {
  const batch = (aggregate: string, options: object, values: readonly unknown[]): DataCase => ({
    source: 'jsonl',
    input: rowsOf(...values.map(v => (v === undefined ? {} : { v }))),
    node: { aggregate, options },
  })
  const statistics = (...values: readonly unknown[]) => batch('batch_stats', { value: 'v' }, values)

  test.each<[string, DataCase, readonly object[]]>([
    ['sums exactly, in any order', statistics(1e15, 0.1, 0.2, 0.7, -1e15), [{ sum: 1, count: 5 }]],
    [
      'tells apart values that are close together',
      statistics(1e15 + 0.25, 1e15 + 0.125, 1e15 + 0.25),
      [{ stddev: 0.07216878364870323 }],
    ],
    [
      'holds a deviation of values whose distance overflows',
      statistics(1e308, 1e308, -1e308),
      [{ sum: 1e308, stddev: 1.1547005383792517e308 }],
    ],
    [
      'ranks numbers, and leaves out what has none',
      batch('batch_top_k', { by: 'v', k: 3, rank: 'r' }, [0, null, 1.5, undefined, 1]),
      [
        { v: 1.5, r: 1 },
        { v: 1, r: 2 },
        { v: 0, r: 3 },
      ],
    ],
    [
      'counts values of all kinds apart',
      batch('batch_distribution', { field: 'v' }, [1, '1', null, undefined, '', true, [1], 1]),
      [
        { value: 1, count: 2 },
        { value: '1', count: 1 },
        { value: null, count: 2 },
        { value: '', count: 1 },
        { value: true, count: 1 },
        { value: [1], count: 1 },
      ],
    ],
    [
      'fills bins from their lower ends on',
      batch('batch_distribution', { field: 'v', bins: [0, 0.3] }, [0, 0.3, 0.1, 0.7]),
      [
        { to: 0, count: 0 },
        { from: 0, count: 2 },
        { from: 0.3, count: 2 },
      ],
    ],
    ['makes nothing of no rows', batch('batch_stats', { value: 'v' }, []), []],
  ])('%s', async (_what, given, expected) => {
    const { exit, rows, errors } = await tryData(given)
    expect({ exit, errors }).toEqual({ exit: 0, errors: [] })
    expect(rows).toHaveLength(expected.length)
    expect(rows).toMatchObject(expected)
  })

  test.each<[string, DataCase, string]>([
    ['true among numbers', statistics(1, true), 'BATCH_NOT_NUMBER'],
    ['a sum beyond exact integers', statistics(Number.MAX_SAFE_INTEGER, 1), 'BATCH_NUMBER_TOO_LARGE'],
    ['a sum beyond doubles', statistics(1.7e308, 1.7e308), 'BATCH_NUMBER_TOO_LARGE'],
  ])('%s is an error of the batch, never a wrong number', async (_what, given, code) => {
    const { rows, errors } = await tryData(given)
    expect(rows).toEqual([])
    expect(errors).toEqual([code, code])
  })
})

describe('declared numbers divide as such', () => {
  test.each<[string, DataCase, readonly unknown[]]>([
    ['of a CSV', { input: 'v\n7\n7.5\n', schema: { mode: 'fixed', fields: { v: 'number' } } }, [3.5, 3.75]],
    [
      'of JSON',
      { source: 'jsonl', input: '{"v":7}\n{"v":7.5}\n', schema: { mode: 'fixed', fields: { v: 'number' } } },
      [3.5, 3.75],
    ],
    ['integers drop the remainder', { input: 'v\n7\n', schema: { mode: 'fixed', fields: { v: 'integer' } } }, [3]],
  ])('%s', async (_what, given, expected) => {
    const { rows } = await tryData({
      ...given,
      node: { transform: 'compute', options: { set: { half: 'row.v / 2' } } },
    })
    expect(rows.map(row => (row as { half: unknown }).half)).toEqual(expected)
  })
})
