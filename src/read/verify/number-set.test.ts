import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NumberMap, NumberSet } from './number-set.ts'

/** Near one another, around the ends of words and chunks, and far away. */
const number = fc.oneof(
  fc.nat(70),
  fc.nat(3_000),
  fc.constantFrom(31, 32, 255, 256, 1_023, 1_024, 2 ** 31, 2 ** 32 + 31, Number.MAX_SAFE_INTEGER),
)

test('a set of numbers is what a Set would be', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('add', 'delete'), number)), steps => {
      const [set, plain] = [new NumberSet(), new Set<number>()]
      for (const [step, each] of steps) {
        if (step === 'add') {
          set.add(each)
          plain.add(each)
        } else expect(set.delete(each)).toBe(plain.delete(each))
        expect(set.has(each)).toBe(plain.has(each))
        expect(set.size).toBe(plain.size)
      }
      for (const [, each] of steps) expect(set.has(each + 1)).toBe(plain.has(each + 1))
    }),
  )
})

test('numbers by numbers are what a Map would be', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.nat())), pairs => {
      const [map, plain] = [new NumberMap(), new Map<number, number>()]
      for (const [key, value] of pairs) {
        map.set(key, value)
        plain.set(key, value)
      }
      for (const [key] of pairs) for (const near of [key, key + 1]) expect(map.get(near)).toBe(plain.get(near))
    }),
  )
})
