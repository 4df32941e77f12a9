import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import type { Json } from '../../model/row.ts'
import { decimalSchema } from '../../model/schema.ts'
import { sha256Hex } from '../../model/sha256.ts'
import { sample } from './sample.ts'

/** Which of the rows are kept. */
const kept = async (options: { readonly [option: string]: Json }, rows: readonly Json[]) =>
  (await tryOut(sample, options, rows)).map(each => each.length === 1)

const row = fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>, { maxKeys: 4 })

test('a row is kept or not by itself, whatever stands around it and in whatever order its fields are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row), fc.integer(), async (rows, seed) => {
      const options = { share: 0.5, seed }
      const once = await kept(options, rows)
      expect((await kept(options, rows.toReversed())).toReversed()).toEqual(once)
      const turned = rows.map(each => Object.fromEntries(Object.entries(each).toReversed()))
      expect(await kept(options, turned)).toEqual(once)
    }),
  )
})

test('a larger share keeps all that a smaller one keeps', async () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(fc.array(row), share, share, async (rows, a, b) => {
      const less = await kept({ share: Math.min(a, b) }, rows)
      const more = await kept({ share: Math.max(a, b) }, rows)
      expect(less.every((each, i) => !each || more[i])).toBe(true)
    }),
  )
})

test('nearly so many of many rows, other ones with another seed; none and all at the ends', async () => {
  const rows = Array.from({ length: 10_000 }, (_, id) => ({ id }))
  const count = async (options: { readonly [option: string]: Json }) =>
    (await kept(options, rows)).filter(each => each).length
  // The same numbers in each run of this test: nothing here is left to chance.
  const about = (share: number, got: number) => expect(Math.abs(got / rows.length - share)).toBeLessThan(0.01)
  about(0.1, await count({ share: 0.1 }))
  about(0.1, await count({ share: 0.1, seed: 1 }))
  expect(await count({ one_in: 10 })).toBe(await count({ share: 0.1 }))
  expect(await count({ share: 0 })).toBe(0)
  expect(await count({ share: 1 })).toBe(10_000)
  expect(await count({ one_in: 1 })).toBe(10_000)
  const [here, there] = [await kept({ share: 0.1 }, rows), await kept({ share: 0.1, seed: 1 }, rows)]
  about(0.01, here.filter((each, i) => each && there[i]).length)
})

test('the place of a row is as documented', async () => {
  const place = (text: string) => Number.parseInt(sha256Hex(text).slice(0, 13), 16) / 16 ** 13
  for (const [options, row, text] of [
    [{}, { b: 1, a: 'x' }, '[0,{"a":"x","b":1}]'],
    [{ key: ['b', 'c'], seed: 7 }, { a: 'x', b: 1 }, '[7,[1,null]]'],
  ] as const) {
    expect(await kept({ ...options, share: place(text) }, [row])).toEqual([false])
    expect(await kept({ ...options, share: place(text) + 2 ** -52 }, [row])).toEqual([true])
  }
})

test('rows with the same key go together, null and missing alike', async () => {
  const rows = Array.from({ length: 300 }, (_, i) => ({ i, k: i % 3 === 0 ? i % 30 : null }))
  const by = new Map<Json, Set<boolean>>()
  for (const [i, each] of (await kept({ share: 0.5, key: ['k'] }, [...rows, {}])).entries()) {
    const key = rows[i]?.k ?? null
    by.set(key, (by.get(key) ?? new Set()).add(each))
  }
  expect([...by.values()].every(each => each.size === 1)).toBe(true)
  expect(new Set([...by.values()].flatMap(each => [...each])).size).toBe(2)
})

test.each([
  [{}, 'how many'],
  [{ share: 0.1, one_in: 10 }, 'both'],
  [{ share: 1.5 }, '1'],
  [{ one_in: 0 }, '1'],
  [{ share: 0.5, key: [] }, 'at least one'],
])('%j is refused', (options, message) => expect(refusals(sample, options).join()).toContain(message))

test('decimals of one amount are kept or dropped together, as keys and in whole rows', async () => {
  const decimal = { schema: decimalSchema(null), optional: false }
  const input = { ...schemaOf({ id: 'integer' }), closed: false, rest: decimal }
  const rows = Array.from({ length: 50 }, (_, id) => ['.5', '.50', '.500'].map(end => ({ id, n: `${id}${end}` })))
  for (const key of [{}, { key: 'n' }, { key: ['id', 'n'] }])
    for (const schema of [input, schemaOf({ id: 'integer', n: decimal })]) {
      const made = await tryOut(sample, { share: 0.5, ...key }, rows.flat(), { input: schema })
      const groups = rows.map((_, i) => made.slice(3 * i, 3 * i + 3).map(each => each.length))
      expect(groups.filter(([a, b, c]) => a !== b || a !== c)).toEqual([])
      expect(new Set(groups.map(([a]) => a)).size).toBe(2)
    }
  const texts = await tryOut(sample, { share: 0.5, key: 'n' }, rows.flat())
  expect(rows.some((_, i) => texts[3 * i]?.length !== texts[3 * i + 1]?.length)).toBe(true)
})
