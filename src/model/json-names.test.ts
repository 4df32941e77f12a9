import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson, parseStored, parseStrict } from './json.ts'

/** Names with what has to be escaped, and without. */
const names = fc.string({
  unit: fc.constantFrom('\\', '"', '\t', '\n', '\0', 'a', 'é', '😀'),
  minLength: 1,
  maxLength: 3,
})
const values = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.string(), fc.array(tie('value')), tie('object')),
  object: fc.dictionary(names, tie('value'), { noNullPrototype: false }),
})).object

test('a name with an escape is not taken for one with a backslash that was read before', () => {
  for (const name of ['\\', 'a\\', '\\\\', 'C:\\', '\\u', 'a\\n']) {
    for (const other of ['\t', '"', '\n', '\0', 'a\t', '\\n', '\t\\', 'C:\n', '\u0001x', 'a"b', 'a\nb']) {
      for (const before of ['', '"x":1,']) {
        const [first, second] = [name, other].map(each => `{${before}${JSON.stringify(each)}:0}`)
        for (const parse of [parseJson, parseStrict, parseStored]) {
          expect(Object.keys(parse(`${first}`)).at(-1)).toBe(name)
          expect(Object.keys(parse(`${second}`)).at(-1)).toBe(other)
          expect(Object.keys(parse(`[${first},${second}]`)[1]).at(-1)).toBe(other)
        }
      }
    }
  }
})

test('what was written is read again, whatever the names are', () => {
  fc.assert(
    fc.property(values, value => {
      const text = JSON.stringify(value)
      expect(JSON.stringify(parseJson(text))).toBe(text)
      const spaced = JSON.stringify(value, null, 2)
      expect(JSON.stringify(parseJson(spaced), null, 2)).toBe(spaced)
    }),
    { numRuns: 1000 },
  )
})

test('what is no JSON is a syntax error', () => {
  for (const text of ['', '{', '{"\\\\":}', '{"\\\\":0,}']) expect(() => parseJson(text)).toThrow(SyntaxError)
})
