import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenTable } from './token-table.ts'

const change = fc.record({
  token: fc.integer({ min: 1, max: 300 }),
  node: fc.nat(9),
  seq: fc.maxSafeInteger().map(Math.abs),
  goes: fc.boolean(),
})

test('holds what a map holds, whatever comes and goes (TOKEN-TABLE-1)', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 600 }), changes => {
      const table = new TokenTable()
      const map = new Map<number, { node: number; seq: number }>()
      for (const { token, node, seq, goes } of changes)
        if (goes) expect(table.delete(token)).toBe(map.delete(token))
        else {
          table.set(token, { node, seq })
          map.set(token, { node, seq })
        }
      expect(table.size).toBe(map.size)
      for (let token = 1; token <= 300; token++) expect(table.get(token)).toEqual(map.get(token))
    }),
    { numRuns: 200 },
  )
})

test('a hundred thousand in a row come and go', () => {
  const table = new TokenTable()
  for (let token = 1; token <= 100_000; token++) table.set(token, { node: 1, seq: token })
  for (let token = 1; token <= 100_000; token += 2) expect(table.delete(token)).toBe(true)
  expect(table.size).toBe(50_000)
  expect([table.get(99_999), table.get(100_000)]).toEqual([undefined, { node: 1, seq: 100_000 }])
  for (let token = 2; token <= 100_000; token += 2) expect(table.delete(token)).toBe(true)
  expect(table.size).toBe(0)
})
