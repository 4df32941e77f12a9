import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readable } from '../../../test/support/payload.ts'
import { commitment, SALT_BYTES } from '../../format/hash.ts'
import type { FullEntry } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { decodePayload } from '../values.ts'
import { firstValue, isFirstOfRow } from './ingested.ts'

const salts = new Uint8Array(2 * SALT_BYTES).fill(7)

/** The first entry of a row with this value, and another behind it. */
function entry(value: Json, stored = canonicalize([[value], [1, { more: 1 }, []]])): FullEntry {
  const c = [commitment(salts.subarray(0, SALT_BYTES), canonicalize(value)), '00'.repeat(32)]
  const body = canonicalize({ c, n: [[1]], o: 0, r: 1, s: [1, 1, 2], t: 5, w: 1 })
  return { seq: 1, row: 1, batch: null, body, payload: { seq: 1, salts, body: stored } }
}

const decoded = (each: FullEntry) => (each.payload === null ? null : decodePayload(each.payload))

test('the data of a row is found, whatever stands in it', () => {
  const data = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>)
  fc.assert(
    fc.property(data, value => {
      const found = firstValue(entry(value), () => decoded(entry(value)))
      expect(canonicalize(found as Json)).toBe(canonicalize(value))
    }),
  )
  const lists = { list: [['],['], [1], [2]], text: '],[' }
  expect(firstValue(entry(lists), () => decoded(entry(lists)))).toEqual(lists)
})

test('what doesn’t fit its commitment is decoded and checked by who can say what is wrong', () => {
  const checked: string[] = []
  const look = (each: FullEntry) =>
    firstValue(each, () => {
      checked.push(readable(each.payload)?.body ?? 'none')
      return null
    })
  expect(look(entry({ a: 1 }, '[[{"a":2}],[1,{"more":1},[]]]'))).toBeNull()
  expect(look(entry({ a: 1 }, '[[{"a": 1}],[1,{"more":1},[]]]'))).toBeNull()
  expect(look({ ...entry({ a: 1 }), payload: null })).toBeNull()
  expect(checked).toHaveLength(3)
})

test('a value that is no row is none', () => {
  expect(firstValue(entry([1]), () => null)).toBeNull()
  expect(firstValue(entry(null), () => null)).toBeNull()
})

test('only the first entry of a row has its data', () => {
  expect(isFirstOfRow(entry({}))).toBe(true)
  expect(isFirstOfRow({ ...entry({}), row: null })).toBe(false)
  expect(isFirstOfRow({ ...entry({}), body: '{"o":0,"p":1,"r":1,"t":6,"z":"00"}' })).toBe(false)
})
