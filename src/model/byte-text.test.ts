import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteText } from './byte-text.ts'

const written = (write: (to: ByteText) => void) => {
  const to = new ByteText(new Uint8Array())
  write(to)
  return Buffer.from(to.bytes).toString('utf8', 0, to.at)
}

const edges = [0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 1e9 - 1, 1e9, 1e15, Number.MAX_SAFE_INTEGER]
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(...edges, ...edges.map(each => -each)),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

test('numbers are written as JSON writes them', () => {
  fc.assert(
    fc.property(number, each => {
      expect(written(to => to.number(each))).toBe(JSON.stringify(each))
    }),
  )
})

test('whatever is written comes one after another', () => {
  const pieces = fc.array(fc.oneof(number, fc.string({ unit: 'grapheme', maxLength: 80 })), { maxLength: 200 })
  fc.assert(
    fc.property(pieces, all => {
      const text = written(to => {
        for (const each of all) typeof each === 'number' ? to.next(each) : to.text(each)
      })
      expect(text).toBe(all.map(each => (typeof each === 'number' ? `,${JSON.stringify(each)}` : each)).join(''))
    }),
  )
})
