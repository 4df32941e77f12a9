import { describe, expect, test } from 'vitest'
import { type Json, type Row, withoutPrototypes } from '../../model/row.ts'
import { compileJsonTemplate } from './json-template.ts'
import { compileTemplate, isTemplate, type Template } from './template.ts'

function template(source: string): Template {
  const compiled = compileTemplate(source)
  if (!isTemplate(compiled)) throw new Error(compiled.problem)
  return compiled
}
const rowOf = (row: Json) => withoutPrototypes(row) as Row
const rendered = (source: string, row: Json) => {
  const result = template(source).render(rowOf(row))
  return result.ok ? result.value : { message: result.message }
}

test.each([
  ['a {{ row.x }} b', { x: 'ä' }, 'a ä b'],
  ['{{ row["first name"] }}', { 'first name': 'Ada' }, 'Ada'],
  [
    '{{ row.n }}, {{ row.yes }}, {{ row.list }}, {{ row.map }}',
    { n: 1.5, yes: true, list: [1, 'a'], map: { b: 1, a: null } },
    '1.5, true, [1,"a"], {"a":null,"b":1}',
  ],
  ['{{ row.x | default: "none" }}', {}, 'none'],
  ['{{ row.x | default: "none" }}', { x: null }, 'none'],
  ['{% if row.x %}{{ row.x }}{% else %}-{% endif %}', {}, '-'],
  ['{% for each in row.list %}[{{ each.a }}]{% endfor %}', { list: [{ a: 1 }, { a: 2 }] }, '[1][2]'],
  ['{{ row.__proto__ }}', { ['__proto__']: 'data' } as Json, 'data'],
  ['{{ 0 | date: "%Y-%m-%d %H:%M" }}', {}, '1970-01-01 00:00'],
  ['<b> & "{{ row.x }}"', { x: '<&>' }, '<b> & "<&>"'],
])('%s of %j', (source, row, text) => {
  expect(rendered(source, row)).toBe(text)
})

test.each([
  ['{{ row.x }}', {}, 'row.x is missing (line 1, column 4)'],
  ['a\n{{ row.x }}', { x: null }, '{{ row.x }} is null (line 2, column 1)'],
  ['{{ row.x.y }}', { x: null }, /null|missing/],
  ['{{ row.x.constructor }}', { x: 'text' }, /missing/],
  ['{{ row.toString }}', {}, /missing/],
  ['{{ (1..row.n) | size }}', { n: 1e9 }, /memory/],
  ['{{ "now" | date: "%s" }}', {}, /now/],
  ['{{ row.day | date: "%s" }}', { day: 'today' }, /today/],
])('%s of %j says why it can’t', (source, row, message) => {
  expect(rendered(source, row)).toEqual({
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })
})

test.each([
  ['{{ row.x', /not closed/],
  ['{% include "secrets" %}', /include/],
  ['{% render "secrets" %}', /render/],
  ['{% layout "secrets" %}', /layout/],
  ['{{ row.list | sample }}', /sample/],
  ['{{ row.x | raw }}', /raw/],
  ['{{ row.x | no_such_filter }}', /no_such_filter/],
])('%s isn’t a template', (source, problem) => {
  expect(compileTemplate(source)).toEqual({
    problem: typeof problem === 'string' ? problem : expect.stringMatching(problem),
  })
})

test.each([
  ['{{ row.x | upcas }}', 'there is no filter "upcas" (line 1, column 1)', 'upcase'],
  ['a\n{% iff row.x %}', 'there is no tag "iff" (line 2, column 1)', 'if'],
  ['{{ row.x | dte: "%Y" }}', 'there is no filter "dte" (line 1, column 1)', 'date'],
])('%s: what was meant', (source, problem, meant) => {
  expect(compileTemplate(source)).toEqual({ problem, hint: `did you mean ${meant}?` })
})

test('names the fields that it needs, each once', () => {
  const source =
    '{{ row.a }}{% if row.b %}{{ row["c d"].e }}{% endif %}{% assign f = row.a %}{{ f }}{{ row[row.g] }}{{ row }}'
  expect([...template(source).fields].sort()).toEqual(['a', 'b', 'c d', 'g'])
})

describe('JSON with templates in it', () => {
  const fill = (source: Json, row: Json) => {
    const result = compileJsonTemplate(source, ['body'], [{ path: ['body', 'key'], name: 'KEY' }]).fill(rowOf(row))
    return result.ok ? result.value : result.message
  }

  test('one output is the value itself; a text with more around it is a text', () => {
    const source = {
      n: '{{ row.n }}',
      list: ['{{ row.list }}', '{{ row.n | plus: 1 }}', '{{ row.n }} '],
      text: 'n={{ row.n }}',
      fixed: [1, null, true],
    }
    const value = { n: 5, list: [[{ a: null }], 6, '5 '], text: 'n=5', fixed: [1, null, true] }
    expect(fill(source, { n: 5, list: [{ a: null }] })).toEqual({ meant: value, shown: value })
  })

  test('a row’s value is never taken for a template', () => {
    expect(fill(['{{ row.x }}'], { x: '{{ row.y }}' })).toMatchObject({ meant: ['{{ row.y }}'] })
  })

  test('secrets aren’t templates, and are shown by name', () => {
    expect(fill({ key: 'a {{ row.x }} b', other: 1 }, {})).toEqual({
      meant: { key: 'a {{ row.x }} b', other: 1 },
      shown: { key: { secret: 'KEY' }, other: 1 },
    })
  })

  test('says where it fails', () => {
    expect(fill({ a: ['x', '{{ row.gone }}'] }, {})).toMatch(/^body\.a\.1: row\.gone is missing/)
    expect(compileJsonTemplate({ a: ['{{'] }, ['body'], []).problems).toMatchObject([{ path: ['body', 'a', 0] }])
  })
})
