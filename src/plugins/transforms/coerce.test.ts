import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leaving, refusals, schemaOf, tryOut } from '../../../test/support/try-out.ts'
import { coerce } from './coerce.ts'

test.each([
  ['string', 1.5, '1.5'],
  ['string', true, 'true'],
  ['string', [1], 'COERCE_FAILED'],
  ['integer', 7, 7],
  ['integer', 7.5, 'COERCE_FAILED'],
  ['integer', '-42', -42],
  ['integer', '9007199254740992', 'COERCE_FAILED'],
  ['integer', ' 1', 'COERCE_FAILED'],
  ['integer', true, 'COERCE_FAILED'],
  ['number', '1.5e3', 1500],
  ['number', '1e999', 'COERCE_FAILED'],
  ['number', '1e-400', 'COERCE_FAILED'],
  ['number', '0.123456789012345678', 0.12345678901234568],
  ['integer', '3.0', 3],
  ['integer', '3.5', 'COERCE_FAILED'],
  ['number', 'NaN', 'COERCE_FAILED'],
  ['number', '', 'COERCE_FAILED'],
  ['boolean', 'False', false],
  ['boolean', 0, 'COERCE_FAILED'],
  ['json', '{"a": [1]}', { a: [1] }],
  ['json', '{"a": 1, "a": 2}', 'COERCE_FAILED'],
  ['json', 5, 5],
  ['integer', null, 'COERCE_FAILED'],
  ['integer?', null, null],
])('to %s from %j', async (type, value, expected) => {
  const [result] = await tryOut(coerce, { fields: { f: type } }, [{ f: value }])
  expect(typeof result === 'string' ? result : result?.[0]?.f).toEqual(expected)
})

test('null and missing stay where the field may be so', async () => {
  const input = schemaOf({ f: 'string?' })
  expect(await tryOut(coerce, { fields: { f: 'integer' } }, [{ f: null }, {}], { input })).toEqual([
    [{ f: null }],
    [{}],
  ])
  expect(await tryOut(coerce, { fields: { f: 'integer?' } }, [{}])).toEqual([[{}]])
  expect(await tryOut(coerce, { fields: { f: 'integer' } }, [{}])).toEqual(['COERCE_FAILED'])
})

test('a number that became a text becomes the number again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e15, min: -1e15 })),
      async value => {
        const [texts] = await tryOut(coerce, { fields: { f: 'string' } }, [{ f: value }])
        const [numbers] = await tryOut(coerce, { fields: { f: 'number' } }, [
          (texts as { f: string }[])[0] as { f: string },
        ])
        expect(numbers).toEqual([{ f: value === 0 ? 0 : value }])
      },
    ),
  )
})

test('types are carried on', () => {
  const input = schemaOf({ a: 'string', b: 'string?', c: 'string' })
  expect(leaving(coerce, { fields: { a: 'integer', b: 'number', c: 'json' } }, input).fields).toEqual({
    a: 'integer',
    b: 'number?',
    c: 'any?',
  })
  expect(refusals(coerce, { fields: { a: 'float' } })).toHaveLength(1)
})
