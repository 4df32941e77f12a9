import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SALT_BYTES } from '../../format/hash.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { decodePayload } from '../values.ts'
import { type Blanked, blanked, erasureOf } from './blank.ts'

const payloadOf = (seq: number, values: Json) => {
  const count = (values as readonly Json[]).length
  return { seq, salts: new Uint8Array(count * SALT_BYTES).fill(7), body: canonicalize(values) }
}
const nothing = () => undefined
const whole = (seq: number): Blanked => ({ seq, places: [1], rest: null })

test('an entry of which all goes has no rest; one of which nothing goes is left alone', () => {
  const payload = payloadOf(4, [[1], [1, { a: 2 }, []]])
  expect(blanked({ payload, goes: () => true, inFull: nothing })).toEqual({ seq: 4, places: [1, 2], rest: null })
  expect(blanked({ payload, goes: () => false, inFull: nothing })).toBeNull()
})

test('what stays is written out where it stood on what goes (BLANK-1)', () => {
  const payload = payloadOf(4, [[{ a: 1 }], [1, { b: 2 }, []], [2, { c: 3 }, ['a']]])
  const found = blanked({
    payload,
    goes: place => place === 1,
    inFull: place => (place === 2 ? { a: 1, b: 2 } : undefined),
  })
  expect(found?.places).toEqual([1])
  expect(found?.rest?.body).toBe('[null,[{"a":1,"b":2}],[2,{"c":3},["a"]]]')
  expect([...(found?.rest?.salts ?? [])]).toEqual([...Array(16).fill(0), ...Array(32).fill(7)])
})

test('what is erased already is named no second time (BLANK-2)', () => {
  const payload = { ...payloadOf(4, [null, [2], [3]]), salts: new Uint8Array(48).fill(7, 16) }
  expect(blanked({ payload, goes: place => place < 3, inFull: nothing })?.places).toEqual([2])
  expect(blanked({ payload, goes: () => true, inFull: nothing })).toMatchObject({ places: [2, 3], rest: null })
  expect(blanked({ payload, goes: place => place === 1, inFull: nothing })).toBeNull()
})

test('entries are named in order, those behind each other as a range', () => {
  const some = { seq: 4, places: [2], rest: payloadOf(4, [[1], null]) }
  const rewritten = { seq: 9, places: [], rest: payloadOf(9, [[1]]) }
  expect(erasureOf([whole(8), whole(3), whole(2), some, whole(5), rewritten])).toEqual({
    values: [
      [2, 3],
      [4, 4, 2],
      [5, 5],
      [8, 8],
    ],
    payloads: [some.rest, rewritten.rest],
  })
})

test('a payload that was rewritten can be read, and has all that stays', () => {
  const value = fc.constantFrom<Json>(null, [1], ['text'], [{ a: [1, 'b'] }])
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.boolean()), { minLength: 1, maxLength: 6 }), drawn => {
      const stored = drawn.map(([each]) => each)
      const before = payloadOf(1, stored)
      for (const [i, each] of stored.entries())
        if (each === null) before.salts.fill(0, i * SALT_BYTES, (i + 1) * SALT_BYTES)
      const found = blanked({ payload: before, goes: place => drawn[place - 1]?.[1] === true, inFull: nothing })
      const after = found === null ? before : found.rest
      if (after === null) return
      const kinds = decodePayload(after).values.map(({ kind }) => kind)
      expect(kinds).toEqual(
        drawn.map(([each, goes]) => (each === null || (goes && found !== null) ? 'erased' : 'full')),
      )
    }),
  )
})
