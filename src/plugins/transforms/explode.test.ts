import { expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { explode } from './explode.ts'

const list = { schema: { type: 'array', items: { type: 'integer' } }, optional: false }

test('one row per element, in order; an empty list gives none', async () => {
  const rows = [
    { id: 1, l: [3, null, [4]] },
    { id: 2, l: [] },
  ]
  expect(await tryOut(explode, { field: 'l', index: 'i' }, rows)).toEqual([
    [
      { id: 1, l: 3, i: 0 },
      { id: 1, l: null, i: 1 },
      { id: 1, l: [4], i: 2 },
    ],
    [],
  ])
})

test('null and missing are as empty where the schema allows them, else errors', async () => {
  const rows = [{ l: null }, {}]
  expect(await tryOut(explode, { field: 'l' }, rows)).toEqual(['NOT_A_LIST', 'NOT_A_LIST'])
  expect(await tryOut(explode, { field: 'l' }, rows, { input: schemaOf({ l: 'array?' }) })).toEqual([[], []])
})

test('the element’s type takes the list’s place', () => {
  expect(leaving(explode, { field: 'l', as: 'e', index: 'i' }, schemaOf({ id: 'integer', l: list })).fields).toEqual({
    id: 'integer',
    e: 'integer',
    i: 'integer',
  })
  expect(leaving(explode, { field: 'l' }, schemaOf({ l: 'array' })).fields).toEqual({ l: 'any?' })
  const tuple = { schema: { ...list.schema, prefixItems: [{ type: 'string' }] }, optional: false }
  expect(leaving(explode, { field: 'l' }, schemaOf({ l: tuple })).fields).toEqual({ l: 'any?' })
  expect(refusals(explode, { field: 'l', index: 'l' })).toHaveLength(1)
  expect(refusals(explode, { field: 'l', as: 'e', index: 'l' })).toEqual([])
})
