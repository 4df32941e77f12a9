import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenTable } from './token-table.ts'

/** In a row, and far apart. */
const tokens = [...Array(300).keys()].flatMap(i => [i + 1, 65_536 * (i % 3) + 65_400 + i, 2 ** 40 + 70_000 * i])

const change = fc.record({
  token: fc.constantFrom(...tokens),
  node: fc.integer({ min: 1, max: 9 }),
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
      expect(tokens.find(token => !isDeepStrictEqual(table.get(token), map.get(token)))).toBe(undefined)
    }),
    { numRuns: 200 },
  )
})

test('all tokens of several segments come, stay and go', () => {
  const table = new TokenTable()
  const [first, end] = [65_530, 135_000]
  for (let token = first; token < end; token++) table.set(token, { node: 2, seq: 3 * token })
  expect(table.size).toBe(end - first)
  const wrong: number[] = []
  for (let token = first - 5; token < end + 5; token++)
    if (table.get(token)?.seq !== (token < first || token >= end ? undefined : 3 * token)) wrong.push(token)
  for (let token = first; token < end; token += 2)
    if (!table.delete(token) || table.get(token) !== undefined || table.get(token + 1)?.seq !== 3 * token + 3)
      wrong.push(token)
  expect(table.size).toBe((end - first) / 2)
  for (let token = end - 1; token > first; token -= 2) if (!table.delete(token)) wrong.push(token)
  expect([wrong, table.size, table.delete(first)]).toEqual([[], 0, false])
})
