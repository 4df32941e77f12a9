import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseStrict } from '../../model/json.ts'
import type { Json } from '../../model/row.ts'
import { toNumber } from '../../sdk/cell.ts'
import { jsonText, numberText } from './json-text.ts'

test('whole numbers beyond 2^53 − 1 are written as decimals, all else as ever', () => {
  expect(jsonText({ a: 1e16, b: [-6.02e20, 9007199254740991], c: '10000000000000000' })).toBe(
    '{"a":1e+16,"b":[-6.02e+20,9007199254740991],"c":"10000000000000000"}',
  )
  expect([1e16, 2 ** 53, 1e21, 0.1, 12].map(numberText)).toEqual([
    '1e+16',
    '9.007199254740992e+15',
    '1e+21',
    '0.1',
    '12',
  ])
})

test('what is written can be read', () => {
  const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map(each => each + 0)
  fc.assert(
    fc.property(doubles, fc.jsonValue(), (value, other) => {
      const read = [value === 0 ? 0 : value, JSON.parse(JSON.stringify(other)) as Json]
      expect(toNumber(numberText(read[0] as number))).toBe(read[0])
      expect(JSON.stringify(parseStrict(jsonText(read)))).toBe(JSON.stringify(read))
    }),
  )
})
