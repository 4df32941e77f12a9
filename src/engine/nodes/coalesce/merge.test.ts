import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalize } from '../../../model/canonical.ts'
import { type Json, type Row, withoutPrototypes } from '../../../model/row.ts'
import { type ArrivedBranch, mergeBranches } from './merge.ts'

type OnConflict = 'last_wins' | 'first_wins' | 'fail'

const row = (fields: object): Row => withoutPrototypes(fields as Row) as Row
const arrived = (branches: { readonly [branch: string]: object }): ArrivedBranch[] =>
  Object.entries(branches).map(([branch, fields]) => ({ branch, row: row(fields) }))

function union(parent: object, branches: { readonly [branch: string]: object }, on_conflict: OnConflict = 'last_wins') {
  return mergeBranches({ kind: 'union', on_conflict }, arrived(branches), row(parent))
}

describe('union', () => {
  test('takes what each branch wrote', () => {
    expect(union({ id: 1 }, { a: { id: 1, x: 1 }, b: { id: 1, y: 2 } })).toEqual({
      kind: 'row',
      row: { id: 1, x: 1, y: 2 },
      origins: { x: 'a', y: 'b' },
      overruled: {},
    })
  })

  test('a value that equals the parent’s is no write, and overrules nothing', () => {
    expect(union({ n: 1 }, { a: { n: 2 }, b: { n: 1 } }, 'fail')).toMatchObject({ row: { n: 2 }, origins: { n: 'a' } })
  })

  test('what an arrived branch kept is kept, even if another dropped it', () => {
    expect(union({ n: 1, m: 1 }, { a: { m: 1 }, b: { n: 1, m: 1 } })).toMatchObject({
      row: { n: 1, m: 1 },
      origins: {},
    })
  })

  test('what all arrived branches dropped is dropped', () => {
    const merged = union({ n: 1, m: 1 }, { a: { m: 1 }, b: { m: 1 } })
    expect(merged).toEqual({ kind: 'row', row: { m: 1 }, origins: {}, overruled: {} })
  })

  test('a write beats a drop', () => {
    expect(union({ n: 1 }, { a: {}, b: { n: 2 } }, 'fail')).toMatchObject({ row: { n: 2 }, origins: { n: 'b' } })
  })

  test('equal writes are no conflict, however their keys are ordered', () => {
    expect(union({}, { a: { o: { p: 1, q: 2 } }, b: { o: { q: 2, p: 1 } } }, 'fail')).toMatchObject({
      kind: 'row',
      overruled: {},
    })
  })

  test.each<[OnConflict, number, string, object]>([
    [
      'last_wins',
      3,
      'c',
      [
        { branch: 'a', value: 1 },
        { branch: 'b', value: 2 },
      ],
    ],
    [
      'first_wins',
      1,
      'a',
      [
        { branch: 'b', value: 2 },
        { branch: 'c', value: 3 },
      ],
    ],
  ])('%s: in the order of the coalesce’s list, and the values that lost are kept', (on_conflict, n, origin, lost) => {
    expect(union({ n: 0 }, { a: { n: 1 }, b: { n: 2 }, c: { n: 3 } }, on_conflict)).toEqual({
      kind: 'row',
      row: { n },
      origins: { n: origin },
      overruled: { n: lost },
    })
  })

  test('fail names the first field and those that wrote it', () => {
    expect(union({ m: 0, n: 0 }, { a: { m: 0, n: 1 }, b: { m: 0, n: 2 }, c: { m: 0, n: 0 } }, 'fail')).toEqual({
      kind: 'conflict',
      field: 'n',
      branches: ['a', 'b'],
    })
  })

  test('null, false, 0 and an empty text are values like others', () => {
    expect(union({ a: 1, b: 1 }, { x: { a: null, b: 1 }, y: { a: 1, b: '' } })).toMatchObject({
      row: { a: null, b: '' },
      origins: { a: 'x', b: 'y' },
    })
    expect(union({ a: null }, { x: {}, y: {} })).toMatchObject({ row: {} })
  })

  test('fields keep the parent’s order; new ones follow in the order of the branches', () => {
    const merged = union({ z: 1, a: 1 }, { x: { n: 1, a: 2, z: 1 }, y: { b: 1, z: 1, a: 1 } })
    expect(merged.kind === 'row' && Object.keys(merged.row)).toEqual(['z', 'a', 'n', 'b'])
  })

  test('fields of any name are data', () => {
    const write = (value: Json) => row(JSON.parse(`{"__proto__": ${value}, "constructor": ${value}}`) as object)
    const branches = [
      { branch: 'a', row: write(1) },
      { branch: 'b', row: write(2) },
    ]
    const merged = mergeBranches({ kind: 'union', on_conflict: 'last_wins' }, branches, row({}))
    expect(merged.kind === 'row' && canonicalize(merged.row)).toBe('{"__proto__":2,"constructor":2}')
    expect(merged.kind === 'row' && Object.keys(merged.overruled).sort()).toEqual(['__proto__', 'constructor'])
    expect(merged.kind === 'row' && Object.keys(merged.origins).sort()).toEqual(['__proto__', 'constructor'])
  })
})

describe('nested and select', () => {
  test('nested has a field for each branch that arrived, in order', () => {
    const merged = mergeBranches({ kind: 'nested' }, arrived({ b: { n: 1 }, a: { n: 2 } }), row({ n: 0 }))
    expect(merged).toEqual({ kind: 'row', row: { b: { n: 1 }, a: { n: 2 } }, origins: {}, overruled: {} })
    expect(merged.kind === 'row' && Object.keys(merged.row)).toEqual(['b', 'a'])
  })

  test('select takes one branch’s row as it is', () => {
    expect(
      mergeBranches({ kind: 'select', branch: 'b' }, arrived({ a: { n: 1 }, b: { m: 2 } }), row({ n: 0 })),
    ).toEqual({
      kind: 'row',
      row: { m: 2 },
      origins: {},
      overruled: {},
    })
  })

  test('select says which branch is missing', () => {
    expect(mergeBranches({ kind: 'select', branch: 'b' }, arrived({ a: {} }), row({}))).toEqual({
      kind: 'select_missing',
      branch: 'b',
    })
  })
})

// ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────────

const anyValue = fc.constantFrom<Json>(0, 1, 2, null, 'x', [1], { p: 1 })
const anyRow = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__'), anyValue).map(row)
const anyCase = fc.record({
  parent: anyRow,
  rows: fc.array(anyRow, { minLength: 1, maxLength: 4 }),
  on_conflict: fc.constantFrom<OnConflict>('last_wins', 'first_wins', 'fail'),
})
const text = (value: Json | undefined) => (value === undefined ? undefined : canonicalize(value))

describe('properties of union', () => {
  test('each field follows the rules of writing and dropping', () => {
    fc.assert(
      fc.property(anyCase, ({ parent, rows, on_conflict }) => {
        const branches = rows.map((each, i) => ({ branch: `b${i}`, row: each }))
        const merged = mergeBranches({ kind: 'union', on_conflict }, branches, parent)
        const fields = new Set([parent, ...rows].flatMap(each => Object.keys(each)))
        const writers = (field: string) =>
          branches.filter(each => Object.hasOwn(each.row, field) && text(each.row[field]) !== text(parent[field]))
        const disputed = [...fields].filter(
          field => new Set(writers(field).map(each => text(each.row[field]))).size > 1,
        )
        if (on_conflict === 'fail' && disputed.length > 0) {
          expect(merged.kind).toBe('conflict')
          return
        }
        if (merged.kind !== 'row') throw new Error(`it gave ${merged.kind}`)
        for (const field of fields) {
          const writing = writers(field)
          const standing = on_conflict === 'first_wins' ? writing[0] : writing.at(-1)
          const kept = rows.some(each => Object.hasOwn(each, field))
          const wanted = standing === undefined ? (kept ? parent[field] : undefined) : standing.row[field]
          expect(text(merged.row[field])).toBe(text(wanted))
          expect(Object.hasOwn(merged.origins, field) ? merged.origins[field] : undefined).toBe(standing?.branch)
          const lost = writing.filter(each => text(each.row[field]) !== text(wanted)).map(each => each.branch)
          const overruled = Object.hasOwn(merged.overruled, field) ? merged.overruled[field] : []
          expect(overruled?.map(each => each.branch)).toEqual(lost)
        }
        expect(Object.keys(merged.row).every(field => fields.has(field))).toBe(true)
      }),
    )
  })

  test('it changes none of the rows it was given', () => {
    fc.assert(
      fc.property(anyCase, ({ parent, rows, on_conflict }) => {
        const before = [parent, ...rows].map(text)
        mergeBranches(
          { kind: 'union', on_conflict },
          rows.map((each, i) => ({ branch: `b${i}`, row: each })),
          parent,
        )
        expect([parent, ...rows].map(text)).toEqual(before)
      }),
    )
  })
})
