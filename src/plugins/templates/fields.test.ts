import { describe, expect, test } from 'vitest'
import { newRow, type Row } from '../../model/row.ts'
import { compileTemplate, type Template } from './template.ts'

const compiled = (source: string, more: readonly string[] = []): Template => {
  const template = compileTemplate(source, { more })
  if ('problem' in template) throw new Error(template.problem)
  return template
}

describe('fields that a template reads', () => {
  test.each<[string, readonly string[]]>([
    ['Hello', []],
    ['{{ a }} {{ row.b }} {{ a }}', ['a', 'b']],
    ['{{ row["first name"] }} {{ person.name }}', ['first name', 'person']],
    ['{% for tag in tags %}{{ tag.name }}{{ forloop.index }}{% endfor %}', ['tags']],
    ['{% if note %}{{ note }}{% endif %}{{ other | default: "-" }}', ['note', 'other']],
    ['{% assign a = b | upcase %}{{ a }}', ['b']],
    ['{{ row | json }}', []],
    ['{{ parameters.kinds }}', []],
  ])('%s', (source, fields) => expect(compiled(source, ['parameters']).fields).toEqual(fields))
})

describe('what is printed', () => {
  const row: Row = {
    text: 'a {{ n }} <b>',
    n: 1.5,
    yes: false,
    tags: ['x', 'y'],
    object: { b: 1, a: null },
    nothing: null,
  }
  test.each([
    ['{{ text }}|{{ row.text }}', 'a {{ n }} <b>|a {{ n }} <b>'],
    ['{{ n }} {{ yes }}', '1.5 false'],
    ['{{ tags }} {{ object }} {{ tags | join: ", " }}', '["x","y"] {"a":null,"b":1} x, y'],
    ['{{ nothing | default: "-" }}{{ gone | default: "-" }}', '--'],
    ['{% if nothing %}a{% endif %}{% unless gone %}b{% endunless %}', 'b'],
    ['{{ "2024-01-02T03:04:05Z" | date: "%Y-%m-%d %H:%M" }}', '2024-01-02 03:04'],
    ['{{ parameters.kinds | join: "/" }}', 'p/q'],
  ])('%s', (source, text) => {
    expect(compiled(source, ['parameters']).render(row, { parameters: { kinds: ['p', 'q'] } })).toEqual({
      ok: true,
      value: text,
    })
  })

  test.each([
    ['{{ nothing }}', /null/],
    ['{{ gone }}', /gone is missing/],
    ['{{ object.c }}', /object.c is missing/],
    ['{{ constructor }}', /missing/],
    ['{{ "now" | date: "%Y" }}', /doesn’t take/],
    ['{{ "today" | date_to_string }}', /doesn’t take/],
    ['{% for i in (1..999999999) %}x{% endfor %}', /memory|limit/],
  ])('%s is an error of the row', (source, problem) => {
    expect(compiled(source).render(row)).toMatchObject({ ok: false, message: expect.stringMatching(problem) as string })
  })

  test('an error names its field, where it is about one', () => {
    const about = (source: string, of: Row) => {
      const rendered = compiled(source).render(of)
      return rendered.ok ? null : rendered.field
    }
    expect(about('{{ row.gone }}', row)).toBe('gone')
    expect(about('{{ a }} {{ row.b }}', { a: 1, b: null })).toBe('b')
    expect(about('{{ a }} {{ row.b }}', { a: null, b: null })).toBe('a')
  })

  test('fields may have the names of what every object has', () => {
    const odd = Object.assign(newRow(), { constructor: 'c', toString: 't' }, JSON.parse('{"__proto__": "p"}') as Row)
    expect(compiled('{{ constructor }} {{ toString }}').render(odd)).toEqual({ ok: true, value: 'c t' })
  })
})

test.each([
  ['{{ a', /not closed/],
  ['{% if a %}', /not closed/],
  ['{{ a | exclaimed }}', /there is no filter "exclaimed"/],
  ['{{ a | sample }}', /there is no filter "sample"/],
  ['{% include "x" %}', /there is no tag "include"/],
  ['{% render "x" %}', /there is no tag "render"/],
  ['{% layout "x" %}', /there is no tag "layout"/],
])('%s is no template', (source, problem) => {
  expect(compileTemplate(source)).toEqual({ problem: expect.stringMatching(problem) })
})
