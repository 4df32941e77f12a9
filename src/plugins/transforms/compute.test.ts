import { expect, test } from 'vitest'
import { leaving, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { compute } from './compute.ts'
import { filter } from './filter.ts'

test('expressions see the incoming row; fields keep their place', async () => {
  const [rows] = await tryOut(compute, { set: { a: 'row.b', b: 'row.a', c: 'row.a + row.b' } }, [{ a: 1, x: 0, b: 2 }])
  expect(JSON.stringify(rows)).toBe('[{"a":2,"x":0,"b":1,"c":3}]')
})

test('what is known of the results is carried on', () => {
  const input = schemaOf({ amount: 'integer', price: 'number', note: 'string?' })
  const set = {
    total: 'row.amount * row.price',
    big: 'row.amount > 5',
    note: 'row.?note.orValue("")',
    same: 'row.note',
  }
  expect(leaving(compute, { set }, input)).toEqual({
    fields: { amount: 'integer', price: 'number', note: 'string', total: 'number', big: 'boolean', same: 'string?' },
    closed: true,
  })
})

test('a failing expression is an error of the row that names the field', async () => {
  expect(await tryOut(compute, { set: { a: 'row.b / 0' } }, [{ b: 1 }, {}])).toEqual([
    'DIVISION_BY_ZERO',
    'FIELD_MISSING',
  ])
})

test('an expression that doesn’t compile is refused when the node is made', async () => {
  await expect(tryOut(compute, { set: { a: 'row.b +' } }, [])).rejects.toMatchObject({ code: 'CUSTODY_PLUGIN_OPTIONS' })
})

test('what expressions could not use as a secret is refused', () => {
  const secrets = { key: 'abc', 'my-key': 'abc', open: 'abc' }
  const found = ['key', 'my-key'].map(name => ({ path: ['secrets', name], name: 'KEY' }))
  expect(compute.check?.({ set: { a: 'hash.hmacSha256("a", secrets.key)' }, secrets }, found)).toEqual([
    { path: ['secrets', 'my-key'], message: 'no expression can use secrets.my-key', hint: expect.any(String) },
    { path: ['secrets', 'open'], message: expect.stringContaining('environment'), hint: expect.any(String) },
  ])
})

test('a secret that no expression uses is a warning, where the expressions are ones', () => {
  const secrets = { key: 'abc', spare: 'abc' }
  const found = ['key', 'spare'].map(name => ({ path: ['secrets', name], name: name.toUpperCase() }))
  const problems = (...set: string[]) => compute.check?.({ set: Object.fromEntries(set.entries()), secrets }, found)
  expect(problems('hash.hmacSha256("a", secrets.key)')).toEqual([
    {
      path: ['secrets', 'spare'],
      message: 'no expression uses secrets.spare',
      hint: expect.any(String),
      severity: 'warning',
    },
  ])
  expect(problems('hash.hmacSha256("a", secrets.key)', '[1].map(x, hash.hmacSha256("b", secrets.spare))')).toEqual([])
  expect(problems('1 +')).toEqual([])
})

test('a filter keeps true, drops false, and makes the rest an error', async () => {
  expect(await tryOut(filter, { keep: 'row.a' }, [{ a: true }, { a: false }, { a: 1 }, {}])).toEqual([
    [{ a: true }],
    [],
    'NOT_BOOLEAN',
    'FIELD_MISSING',
  ])
})
