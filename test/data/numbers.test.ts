/** Numbers of all kinds: what is divided how, money, ids beyond 2^53, and what doubles can't hold. */
import { describe, expect, test } from 'vitest'
import { type DataCase, tryData } from '../support/try-data.ts'

const lines = (...rows: readonly string[]) => `${rows.join('\n')}\n`
const compute = (set: { readonly [field: string]: string }) => ({ transform: 'compute', options: { set } })
const fixed = (fields: { readonly [field: string]: string }) => ({ mode: 'fixed', fields })

describe('gives', () => {
  test.each<[string, DataCase, readonly unknown[]]>([
    [
      'true division of what is undeclared, however it is written',
      { source: 'jsonl', input: lines('{"p":20.0}', '{"p":19}', '{"p":19.5}'), node: compute({ p: 'row.p / 8' }) },
      [{ p: 2.5 }, { p: 2.375 }, { p: 2.4375 }],
    ],
    [
      'true division of declared numbers, and of integers their division',
      {
        input: 'n,i\n7,7\n7.0,7.0\n',
        schema: fixed({ n: 'number', i: 'integer' }),
        node: compute({ n: 'row.n / 2', i: 'row.i / 2' }),
      },
      [
        { n: 3.5, i: 3 },
        { n: 3.5, i: 3 },
      ],
    ],
    [
      'sums of cents',
      {
        input: 'a\n0.10\n0.20\n3903.70\n',
        schema: fixed({ a: 'decimal(2)' }),
        node: { aggregate: 'batch_stats', options: { value: 'a' } },
      },
      [{ count: 3, sum: '3904.00', mean: '1301.333333333333333333333333333333', min: '0.10', max: '3903.70' }],
    ],
    [
      'ids beyond 2^53, and amounts, with all their digits',
      {
        source: 'jsonl',
        input: lines('{"id":9007199254740993,"a":3903.70}', '{"id":"12","a":"1e2"}'),
        schema: fixed({ id: 'big_integer', a: 'decimal' }),
      },
      [
        { id: '9007199254740993', a: '3903.70' },
        { id: '12', a: '100' },
      ],
    ],
    [
      'amounts of a lookup table',
      {
        source: 'jsonl',
        input: lines('{"k":"a","n":3}'),
        files: { 't.csv': 'k,price\na,0.10\n' },
        node: { transform: 'lookup', options: { path: 't.csv', key: { k: 'k' }, types: { price: 'decimal(2)' } } },
      },
      [{ k: 'a', n: 3, price: '0.10' }],
    ],
    [
      'doubles beyond 2^53 that are written as such',
      { source: 'jsonl', input: lines('{"v":9007199254740992}', '{"v":18446744073709551616}', '{"v":1e308}') },
      [{ v: 2 ** 53 }, { v: 2 ** 64 }, { v: 1e308 }],
    ],
    [
      'the nearest double, or the text, where that is declared',
      {
        source: 'jsonl',
        input: lines('{"n":9007199254740993,"s":9007199254740993}'),
        schema: fixed({ n: 'number', s: 'string' }),
      },
      [{ n: 9007199254740992, s: '9007199254740993' }],
    ],
  ])('%s', async (_what, given, rows) => {
    const result = await tryData(given)
    expect(result).toMatchObject({ exit: 0, rejected: [], errors: [] })
    expect(result.rows).toMatchObject(rows)
  })
})

describe('refuses', () => {
  test.each<[string, DataCase, readonly unknown[]]>([
    [
      'what a double rounds or loses',
      {
        source: 'jsonl',
        input: lines('{"v":9007199254740993}', '{"v":1e-400}', '{"v":1e400}', '{"v":[1,[9007199254740993]]}'),
      },
      ['JSON_INTEGER_TOO_LARGE', 'JSON_NUMBER_TOO_SMALL', 'JSON_NUMBER_TOO_LARGE', 'JSON_INTEGER_TOO_LARGE'],
    ],
    [
      'what is no amount, or has digits that have no place',
      { input: 'a\n1.005\n1_000\n٣\n+1\nNaN\n', schema: fixed({ a: 'decimal(2)' }) },
      Array.from({ length: 5 }, () => 'SCHEMA_TYPE'),
    ],
  ])('%s', async (_what, given, codes) => {
    const result = await tryData(given)
    expect(result.rows).toEqual([])
    expect(result.rejected.map(([code]) => code)).toEqual(codes)
  })

  test('numbers that a text can’t be without a loss', async () => {
    const input = lines('v', '1e-400', '9007199254740993', '12345678901234567.0', '12345678901234567.5', '0.125', '1.0')
    const result = await tryData({ input, node: { transform: 'coerce', options: { fields: { v: 'number' } } } })
    expect(result.rows).toEqual([{ v: 12345678901234568 }, { v: 0.125 }, { v: 1 }])
    expect(result.errors).toEqual(['COERCE_FAILED', 'COERCE_FAILED', 'COERCE_FAILED'])
  })
})
