import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Unfit } from './database.ts'
import { bytesCell, doubleCell, integerCell, jsonCell, singleCell, textCell } from './values.ts'

test('whole numbers are numbers where one holds them, else all their digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), value => {
      const cell = integerCell(value)
      expect(typeof cell).toBe(Number.isSafeInteger(Number(value)) ? 'number' : 'string')
      expect(BigInt(String(cell))).toBe(value)
    }),
  )
})

test('a number of single precision is the shortest decimal that is the same in it', () => {
  expect([0.1, 16777217, 3.4028234663852886e38, 1e-45].map(each => singleCell(Math.fround(each)))).toEqual([
    ...[0.1, 16777216, 3.4028235e38, 1e-45],
  ])
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), value => {
      const cell = Number(singleCell(value))
      expect(Math.fround(cell) + 0).toBe(value + 0)
    }),
  )
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is no number of a row', value => {
  expect([doubleCell(value), singleCell(value)]).toEqual([
    new Unfit(String(value), 'it is no finite number'),
    new Unfit(String(value), 'it is no finite number'),
  ])
})

test('zero has no sign', () => {
  expect([doubleCell(-0), singleCell(-0), integerCell('-0')].map(each => Object.is(each, 0))).toEqual([
    true,
    true,
    true,
  ])
})

test('texts with half of a pair, and JSON that readers read differently, are none', () => {
  expect(textCell('a\ud83d')).toMatchObject({ text: 'a\ufffd' })
  expect(textCell('😀')).toBe('😀')
  for (const text of ['{"a":1,"a":2}', '1e999', '{', '9007199254740993'])
    expect(jsonCell(text, null)).toMatchObject({ text, why: expect.stringMatching(/^its JSON has ./) })
  expect(jsonCell('{"a":[1,null]}', null)).toEqual({ a: [1, null] })
  expect(bytesCell(Uint8Array.of(0, 255))).toBe('AP8=')
})
