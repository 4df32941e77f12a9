import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Row } from '../../model/row.ts'
import { parseTemplate, type Template } from './template.ts'

const fill = (source: string, row: Row, missing = '') => (parseTemplate(source) as Template).fill(row, missing)

test.each([
  ['', ''],
  ['plain', 'plain'],
  ['{a}', 'x'],
  ['{ a }{b}{a}', 'x2.5x'],
  ['{{a}}', '{a}'],
  ['{{{a}}}', '{x}'],
  ['{c}, {gone}', '–, –'],
  ['{list} {map} {yes}', '[1,"b"] {"k":1} true'],
  ['$& {a} $1', '$& x $1'],
])('%s gives %s', (source, text) => {
  const row = { a: 'x', b: 2.5, c: null, list: [1, 'b'], map: { k: 1 }, yes: true }
  expect(fill(source, row, '–')).toBe(text)
})

test.each(['{', '}', '{a', 'a}', '{}', '{ }', '{{}', '{a{b}}', '{a}}'])('%s is refused', source => {
  expect(parseTemplate(source)).toHaveProperty('problem')
})

test('any text is shown as it is once its braces are doubled, and values are never read as templates', () => {
  const text = fc.string({ unit: fc.constantFrom('{', '}', 'a', '$', '\\', '😀', '\n') })
  fc.assert(
    fc.property(text, text, (around, value) => {
      const source = `${around.replaceAll(/[{}]/g, '$&$&')}{v}`
      expect(fill(source, { v: value })).toBe(around + value)
      expect((parseTemplate(source) as Template).fields).toEqual(['v'])
    }),
  )
})
