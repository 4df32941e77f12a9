import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyCharacter } from '../../../test/support/any-character.ts'
import type { Json, Row } from '../../model/row.ts'
import { foldedName, nameProblem } from './path-segment.ts'
import { compilePath, isByValue, pathProblems, pathRequirements } from './path-template.ts'

const rendered = (path: string, row: Row) => {
  const template = compilePath(path)
  const names = template.render(row)
  const result = typeof names === 'string' ? (template.problemOf(names, row) ?? names) : names
  return typeof result === 'string' ? result : [result.code, result.field]
}

describe('a path of a row', () => {
  test.each<[string, Row, string]>([
    ['out/{{ row.a }}.csv', { a: 'x' }, 'x.csv'],
    ['out/{{ row.a }}/{{ row.b }}.csv', { a: 'Zoë', b: 12 }, 'Zoë/12.csv'],
    ['out/{{row.a}}-{{ row.b }}/all.csv', { a: true, b: '07' }, 'true-07/all.csv'],
    ['{{ row.a | downcase | replace: "/", "-" }}.csv', { a: 'A/B' }, 'a-b.csv'],
    ['out/{{ row.a | default: "none" }}.csv', { a: null }, 'none.csv'],
    ['out/{{ row.a }}.csv', { a: '.htaccess' }, '.htaccess.csv'],
  ])('%s of %j', (path, row, names) => expect(rendered(path, row)).toBe(names))

  test.each<[Json | undefined]>([
    ['a/b'],
    ['a\\b'],
    ['..'],
    ['.'],
    [''],
    ['a\u0000b'],
    ['a\nb'],
    ['\u0085'],
    ['\u2028'],
    ['\ud800'],
    ['a:b'],
    ['what?'],
    ['CON'],
    ['con'],
    ['nul.x'],
    ['LPT1'],
    ['ends.'],
    ['ends '],
    ['x'.repeat(241)],
    ['é'.repeat(121)],
    ['a.custody-lock'],
    [['x']],
    [{ a: 1 }],
  ])('%j is no name', a => expect(rendered('out/{{ row.a }}', { a: a ?? null })).toEqual(['PATH_VALUE', 'a']))

  test('null and missing have a code of their own', () => {
    expect(rendered('out/{{ row.a }}.csv', { a: null })).toEqual(['PATH_NULL', 'a'])
    expect(rendered('out/{{ row.a }}/{{ row.b }}.csv', { a: 1 })).toEqual(['PATH_NULL', 'b'])
    expect(rendered('out/{{ row.a | upcase }}/{{ row.b }}.csv', { a: null, b: 1 })).toEqual(['PATH_NULL', 'a'])
    expect(rendered('out/{{ row.a | upcase }}.csv', { a: '' })).toEqual(['PATH_VALUE', 'a'])
  })

  test('what a value is alone, and what comes about', () => {
    expect(rendered('out/.{{ row.a }}', { a: '.' })).toEqual(['PATH_VALUE', 'a'])
    expect(rendered('out/{{ row.a }}{{ row.b }}', { a: '.x', b: '. ' })).toEqual(['PATH_VALUE', 'b'])
    expect(rendered('out/{{ row.a }}{{ row.b }}', { a: 'CO', b: 'N' })).toEqual(['PATH_VALUE', undefined])
    expect(rendered('out/{{ row.a }}-{{ row.b }}.csv', { a: 'x', b: 'y:z' })).toEqual(['PATH_VALUE', 'b'])
    expect(rendered('out/{{ row.a }}-{{ row.b }}.csv', { a: 'x', b: 'y/z' })).toEqual(['PATH_VALUE', 'b'])
    expect(rendered('out/{{ row.a }}-{{ row.b }}.csv', { a: [1], b: 'y' })).toEqual(['PATH_VALUE', 'a'])
    expect(rendered('out/{{ row.a }}/x/{{ row.b }}', { a: 'x', b: 'CON' })).toEqual(['PATH_VALUE', 'b'])
    expect(rendered('{{ row.a }}/{{ row.b | append: row.c }}', { a: 'CON', b: 'y', c: 'z' })).toEqual([
      'PATH_VALUE',
      'a',
    ])
    expect(rendered('out/{{ row.a }}.csv', { a: 'ends.' })).toBe('ends..csv')
  })

  test('whatever a row holds, it names as many files and folders as are written out', () => {
    const values = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.constantFrom('..', '.', '/', '../x', 'a/../../b', '', 'a\\b'),
    )
    fc.assert(
      fc.property(values, values, (a, b) => {
        const names = rendered('out/{{ row.a }}/x-{{ row.b }}.csv', { a, b })
        if (typeof names !== 'string') return
        const all = names.split('/')
        expect(all).toHaveLength(2)
        expect(all.map(name => nameProblem(name))).toEqual([null, null])
        expect(names).toBe(`${a}/x-${b}.csv`)
      }),
      { numRuns: 500 },
    )
  })
})

test.each([
  ['out/{{ row.a }', /isn’t a template/],
  ['out/{{ row.a | shout }}', /there is no filter "shout"/],
  ['out/{% if row.a %}x{% endif %}', /no tags/],
  ['out/{{ a }}.csv', /doesn’t say whose/],
  ['out/{{ row }}.csv', /^\{\{ row \}\} is the whole row/],
  ['out/{{ row | json }}.csv', /whole row/],
  ['out/{{ row.a }}-{{ row }}.csv', /whole row/],
  ['out/{{ row.a | append: row }}.csv', /whole row/],
  ['out/{{ "a" }}.csv', /^\{\{ "a" \}\} is the same for every row/],
  ['out/{{ 7 }}/{{ row.a }}.csv', /same for every row/],
  ["out/{{ 'a' | upcase }}.csv", /same for every row/],
  ['out/{{ nil }}.csv', /same for every row/],
  ['out/{{ row.a }}/../x', /leads elsewhere/],
  ['out/{{ row.a }}//x', /is empty/],
  ['out/{{ row.a }}/', /is empty/],
  ['out/{{ row.a }}*.csv', /has a \*/],
  ['out\\{{ row.a }}.csv', /backslash/],
  ['out/{{ row.a }}/aux', /device/],
])('%s is refused', (path, message) => {
  expect(pathProblems(path)).toEqual([
    expect.objectContaining({ path: ['path'], message: expect.stringMatching(message) }),
  ])
})

test('a filter that isn’t there has the nearest name as a hint', () => {
  expect(pathProblems('out/{{ row.a | upcas }}.csv')).toEqual([
    {
      path: ['path'],
      message: 'the path isn’t a template: there is no filter "upcas" (line 1, column 5)',
      hint: 'did you mean upcase?',
    },
  ])
})

test('what isn’t asked of others', () => {
  for (const path of ['out.csv', '-', '../a/{{ row.a }}.csv', '/abs/{{ row["first name"] }}.csv'])
    expect(pathProblems(path)).toEqual([])
  expect(isByValue('out/{x}.csv')).toBe(false)
  expect(pathRequirements('{{ row.a }}/{{ row.b }}')).toEqual([
    { field: 'a', path: ['path'] },
    { field: 'b', path: ['path'] },
  ])
})

test('the folder that is written out, and the rest', () => {
  expect(compilePath('../a/b-{{ row.x }}/c.csv')).toMatchObject({ folder: '../a/', pattern: 'b-*/c.csv' })
  expect(compilePath('{{ row.x }}.csv')).toMatchObject({ folder: '.', pattern: '*.csv' })
})

describe('names that may be one', () => {
  test.each([
    ['North', 'nORTH'],
    ['Zo\u00eb', 'ZOE\u0308'],
    ['\u212a', 'k'],
    ['ς', 'Σ'],
    ['ſ', 's'],
    ['Ω', 'ω'],
  ])('%s and %s are', (a, b) => expect(foldedName(a)).toBe(foldedName(b)))
  test.each([
    ['straße', 'strasse'],
    ['a', 'b'],
    ['ﬁ', 'fi'],
  ])('%s and %s aren’t', (a, b) => expect(foldedName(a)).not.toBe(foldedName(b)))
  test('folding once is enough', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), text => {
        expect(foldedName(foldedName(text))).toBe(foldedName(text))
        expect(foldedName(text.normalize('NFD'))).toBe(foldedName(text))
      }),
    )
  })
})
