import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Json, newRow, type Row } from '../../model/row.ts'
import { plainTemplate } from './plain-template.ts'
import { asText, compileTemplate, isTemplate, type Template } from './template.ts'

/** A comment leaves the template to LiquidJS, and nothing else. */
const LEFT = '{% comment %}{% endcomment %}'
const refusing = (value: Json) => {
  if (value === 'refused') throw new RangeError('no')
  return `<${asText(value)}>`
}

function template(source: string): Template | null {
  const compiled = compileTemplate(source, { escaping: refusing, more: ['given', 'name'] })
  return isTemplate(compiled) ? compiled : null
}

const FIELDS = [
  'a',
  'name',
  'size',
  'first',
  'row',
  '__proto__',
  'constructor',
  'true',
  'empty',
  'blank',
  'nil',
  'null',
]
const fields = fc.constantFrom(...FIELDS)
const values = fc.oneof(
  fc.constantFrom<Json>('refused', '', '{{ a }}', '\ud800', null, true, 0, -0, 1.5, 1e300, [], [1], { size: 1 }),
  fc.string(),
)
const rows = fc.array(fc.tuple(fields, values), { maxLength: 6 }).map(pairs => {
  const row = newRow()
  for (const [field, value] of pairs) row[field] = value
  return row as Row
})
const pieces = fc.oneof(
  fc.constantFrom(
    ' ',
    'text',
    '{',
    '}',
    '}}',
    '%}',
    '\n',
    '{ {',
    'ä',
    '{{ "a" }}',
    '{{ row }}',
    '{{- a }}',
    '{{ a.b }}',
    '{{ a | upcase }}',
  ),
  fields.map(field => `{{ ${field} }}`),
  fields.map(field => `{{row.${field}}}`),
)
const sources = fc.array(pieces, { maxLength: 5 }).map(all => all.join(''))

test('a template is filled as LiquidJS fills it, and fails as it fails there', () => {
  fc.assert(
    fc.property(sources, rows, rows, (source, row, more) => {
      const quick = template(source)
      const slow = template(source + LEFT)
      fc.pre(quick !== null && slow !== null)
      expect(quick.render(row, more)).toEqual(slow.render(row, more))
    }),
    { numRuns: 2000 },
  )
})

test('one output alone is its value, or fails as LiquidJS does', () => {
  fc.assert(
    fc.property(fields, rows, (field, row) => {
      const quick = template(`{{ row.${field} }}`)
      const slow = template(`{{ row.${field} | default: row.${field} }}`)
      const [value, other] = [quick?.value?.(row), slow?.value?.(row)]
      expect(value?.ok).toBe(other?.ok)
      if (value?.ok === true) expect(value).toEqual(other)
    }),
  )
})

test.each([
  ['{{ a }} of {{ row.b }}', true],
  ['', true],
  ['{{ a | upcase }}', false],
  ['{{ a -}}', false],
  ['{{ a.b }}', false],
  ['{% if a %}{{ a }}{% endif %}', false],
  ['{{{ a }}', false],
  ['{{ true }}', false],
  ['{{ row }}', false],
])('%j is plain: %j', (source, expected) => {
  expect(plainTemplate(source, ['a', 'b'], asText) !== null).toBe(expected)
})
