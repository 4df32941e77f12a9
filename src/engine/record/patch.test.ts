import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalize, NotJsonError } from '../../model/canonical.ts'
import { derive, type Json, newRow, type Row, withoutPrototypes } from '../../model/row.ts'
import { changeOf } from './patch.ts'

const row = (fields: object): Row => withoutPrototypes(fields as Row) as Row

/** What a reader makes of a change: `base` with what was set, without what was unset. */
function applied(base: Row, next: Row): Row {
  const change = changeOf(base, 7, next)
  if (change === null) return base
  if (change.kind !== 'patch') throw new Error('a change is recorded as a patch')
  expect(change.base).toBe(7)
  return derive(base, withoutPrototypes(JSON.parse(change.set) as Json) as Row, change.unset)
}

describe('a change', () => {
  test.each<[string, object, object, string, string[]]>([
    ['set', { a: 1 }, { a: 2 }, '{"a":2}', []],
    ['added', { a: 1 }, { a: 1, b: null }, '{"b":null}', []],
    ['removed', { b: 1, a: 1, c: 1 }, { c: 1 }, '{}', ['a', 'b']],
    ['renamed', { a: 1 }, { b: 1 }, '{"b":1}', ['a']],
    ['another type', { a: 1 }, { a: '1' }, '{"a":"1"}', []],
    ['a value to null', { a: 1 }, { a: null }, '{"a":null}', []],
    ['nested, changed', { a: { b: 1 } }, { a: { b: 2 } }, '{"a":{"b":2}}', []],
  ])('%s', (_name, base, next, set, unset) => {
    expect(changeOf(row(base), 7, row(next))).toEqual({
      kind: 'patch',
      text: canonicalize(row(next)),
      base: 7,
      set,
      unset,
    })
  })

  test('is none where nothing differs', () => {
    const base = row({ a: 1, b: { c: 1 } })
    expect(changeOf(base, 7, base)).toBeNull()
    expect(changeOf(base, 7, derive(base, newRow()))).toBeNull()
    expect(changeOf(row({ a: 1, b: 2 }), 7, row({ b: 2, a: 1 }))).toBeNull()
    expect(changeOf(newRow(), 7, newRow())).toBeNull()
  })

  test('fields of any name are data', () => {
    const base = row(JSON.parse('{"__proto__": 1, "constructor": 1}') as object)
    expect(changeOf(base, 7, newRow())).toMatchObject({ set: '{}', unset: ['__proto__', 'constructor'] })
    expect(changeOf(newRow(), 7, base)).toMatchObject({ set: '{"__proto__":1,"constructor":1}', unset: [] })
  })

  test.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['undefined', undefined],
    ['a date', new Date(0)],
    ['half of a surrogate pair', '\ud83d'],
  ])('can’t be recorded with %s in it', (_name, value) => {
    for (const base of [row({}), row({ a: 1 }), derive(newRow(), { a: value as Json })])
      expect(() => changeOf(base, 7, derive(newRow(), { a: value as Json, b: 1 }))).toThrow(NotJsonError)
  })

  test('applied to what was gives what is', () => {
    const value = fc.jsonValue({ maxDepth: 2 })
    const fields = fc
      .dictionary(fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'toString'), value)
      .map(each => row(each))
    fc.assert(
      fc.property(fields, fields, (base, next) => {
        expect(canonicalize(applied(base, next))).toBe(canonicalize(next))
      }),
    )
  })

  test('of a row that was derived speaks only of what was set and removed', () => {
    const base = row({ a: 1, b: { c: [1] }, d: 'x' })
    expect(changeOf(base, 7, derive(base, row({ a: 2 }), ['d']))).toMatchObject({ set: '{"a":2}', unset: ['d'] })
  })
})
