import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derive, frozen, isRow, type Json, newRow, type Row, withoutPrototypes } from './row.ts'

const rowOf = (fields: ReadonlyArray<readonly [string, Json]>): Row => {
  const row = newRow()
  for (const [field, value] of fields) row[field] = value
  return row
}
const NAMES = ['a', 'b', '__proto__', 'constructor', 'hasOwnProperty', 'toString', '1']
const fields = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.integer()), { selector: each => each[0] })

describe('rows', () => {
  test('inherit nothing that a field could be mistaken for', () => {
    const row = newRow()
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'x']) {
      expect(row[name]).toBeUndefined()
      expect(name in row).toBe(false)
    }
    for (const field in row) expect.unreachable(field)
  })
  test('take fields of any name, `__proto__` included', () => {
    const row = rowOf([['__proto__', [1]]])
    expect(Object.keys(row)).toEqual(['__proto__'])
    expect(Object.values(row)).toEqual([[1]])
    expect(isRow(row)).toBe(true)
  })
  test('what all rows inherit from can not be changed', () => {
    const shared = Object.getPrototypeOf(newRow()) as { [name: string]: unknown }
    expect(Object.isFrozen(shared)).toBe(true)
    expect(() => {
      shared.polluted = 1
    }).toThrow(TypeError)
    expect(newRow().polluted).toBeUndefined()
  })
  test('are told from everything else', () => {
    for (const other of [{}, Object.create(null), [], null, undefined, 1, 'x', new Map()])
      expect(isRow(other)).toBe(false)
  })
})

test('withoutPrototypes makes rows of objects at any depth, and changes nothing else', () => {
  const value = JSON.parse('{"a":[{"__proto__":{"b":null}},[true,"x",1.5]],"constructor":{}}') as Json
  const copy = withoutPrototypes(value) as { a: readonly [Row, Json]; constructor: Row }
  expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
  for (const each of [copy, copy.a[0], Object.values(copy.a[0])[0], copy.constructor]) expect(isRow(each)).toBe(true)
  fc.assert(
    fc.property(fc.jsonValue(), each => {
      expect(JSON.stringify(withoutPrototypes(each as Json))).toBe(JSON.stringify(each))
    }),
  )
})

describe('derive', () => {
  test('sets, adds last, unsets; setting beats unsetting; the row stays as it was', () => {
    const row = rowOf([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    const next = derive(
      row,
      rowOf([
        ['b', 20],
        ['d', 4],
      ]),
      ['a', 'missing'],
    )
    expect(Object.entries(next)).toEqual([
      ['b', 20],
      ['c', 3],
      ['d', 4],
    ])
    expect(Object.entries(row)).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    expect(Object.entries(derive(row, rowOf([['a', 9]]), ['a']))).toContainEqual(['a', 9])
  })
  test('is what a map would do', () => {
    fc.assert(
      fc.property(fields, fields, fc.subarray(NAMES), (before, set, unset) => {
        const expected = new Map<string, Json>(before)
        for (const name of unset) expected.delete(name)
        for (const [name, value] of set) expected.set(name, value)
        const next = derive(rowOf(before), rowOf(set), unset)
        expect(isRow(next)).toBe(true)
        expect(new Map(Object.entries(next))).toEqual(expected)
      }),
    )
  })
})

describe('frozen', () => {
  test('is the same value, and nothing of it can be changed, to any depth', () => {
    const row = rowOf([
      ['list', [{ deep: [1] }]],
      ['__proto__', rowOf([['x', 1]])],
      ['n', null],
    ])
    expect(frozen(row)).toBe(row)
    const parts: unknown[] = [row]
    for (const part of parts) {
      if (typeof part !== 'object' || part === null) continue
      expect(Object.isFrozen(part)).toBe(true)
      parts.push(...Object.values(part))
    }
    expect(parts).toContain(1)
    expect(frozen('text')).toBe('text')
  })
  test('reaches what lies in something that was frozen before', () => {
    const inner = [1]
    frozen(Object.freeze([inner]) as Json)
    expect(Object.isFrozen(inner)).toBe(true)
  })
})
