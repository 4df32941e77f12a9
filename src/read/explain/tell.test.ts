import { describe, expect, test } from 'vitest'
import { subjectDraft, T0, visit } from '../../../test/support/ledger.ts'
import type { SubjectEntry } from '../../format/entry.ts'
import type { ExpressionText } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import type { Json } from '../../model/row.ts'
import { Course } from '../fold/course.ts'
import { type Scene, tellTokens, type Values } from './tell.ts'

const topology: Topology = {
  nodes: [
    { name: 'in', kind: 'source', plugin: 'csv' },
    { name: 'size', kind: 'gate' },
    { name: 'calc', kind: 'transform', plugin: 'compute' },
    { name: 'out', kind: 'sink', plugin: 'csv' },
  ],
  edges: [
    [1, 'to', 2],
    [2, 'small', 3],
    [2, 'else', 4],
    [2, 'on_error', 0],
    [3, 'to', 4],
  ],
}

function scene(size: readonly ExpressionText[]): Scene {
  const calc = [{ for: 'set.total', source: 'row.a * row.b.c', reads: [['a'], ['b', 'c'], ['gone']] }]
  return {
    topology,
    plan: { fields: {}, expressions: { size, calc }, options: { in: { path: 'data.csv' } } },
    reads: new Map(),
    started_us: 1_767_323_045_000_000,
    paths: new Map([['out', '/tmp/out.csv']]),
    named: new Map(),
  }
}

function valuesOf(...known: (Json | null)[]): Values {
  return {
    get: number => {
      const value = known[number - 1] ?? null
      return value === null ? { kind: 'erased' } : { kind: 'known', value }
    },
    hash: number => (number === 0 ? null : String(number).padStart(64, '0')),
  }
}

function entry(draft: Partial<SubjectEntry>): SubjectEntry {
  const { values: _, moved: __, ...facts } = subjectDraft({ subject: { kind: 'row', row: 1 }, time_us: T0 })
  return {
    ...facts,
    births: [{ token: 1, group: 0, ordinal: 0, value: 1, parents: [] }],
    commitments: [],
    nonce: null,
    ...draft,
  }
}

const course = (each: SubjectEntry) => Course.of([each], topology)

const cases: ExpressionText[] = [
  { for: 'tiny', source: 'row.a < 1', reads: [['a']] },
  { for: 'small', source: 'row.a < 10 && row.z', reads: [['a'], ['z']] },
  { for: 'big', source: 'row.q', reads: [['q']] },
]

describe('decisions', () => {
  const decided = (edge: number, expressions: readonly ExpressionText[], value: Json | null = { a: 5, q: 1 }) =>
    tellTokens(course(entry({ visits: [visit(1, 2, 0, [1, 1], edge, 0)] })), valuesOf(value), scene(expressions))[0]
      ?.visits[0]?.decision

  test('of one expression', () => {
    const gate = [{ for: 'gate', source: 'row.a < 10', reads: [['a']] }]
    expect(decided(2, gate)).toEqual({ expression: 'row.a < 10', values: { a: 5 }, label: 'small', tried: [] })
  })

  test('of cases: those that were tried, and no more', () => {
    expect(decided(2, cases)).toEqual({
      expression: 'row.a < 10 && row.z',
      values: { a: 5 },
      label: 'small',
      tried: [{ label: 'tiny', expression: 'row.a < 1' }],
    })
    expect(decided(3, cases)).toMatchObject({ expression: 'else', values: { a: 5, q: 1 }, label: 'else' })
    expect(decided(3, cases)?.tried).toHaveLength(3)
  })

  test('with what is known of decimals, and the start of the run where they name it', () => {
    const sees = { fields: { a: { schema: { type: 'string', format: 'decimal' }, optional: false } } }
    const gate = { for: 'gate', source: 'row.a > 1 && row.d < run.started_at', reads: [['a'], ['d']], sees }
    expect(decided(2, [gate], { a: '1.50', d: '1.50' })).toMatchObject({
      values: { a: '1.50', d: '1.50' },
      decimals: ['a'],
      started_at: '2026-01-02T03:04:05.000Z',
    })
  })

  test('without their values once these are erased', () => {
    expect(decided(2, cases, null)).toMatchObject({ values: {}, label: 'small' })
  })
})

test('expressions of a plugin tell what they read, nested fields too', () => {
  const [token] = tellTokens(
    course(entry({ visits: [visit(1, 3, 0, [1, 2], 5, 0)] })),
    valuesOf({ a: 2, b: { c: 3 } }, { a: 2, total: 6 }),
    scene([]),
  )
  expect(token?.visits[0]).toMatchObject({
    evaluations: [{ for: 'set.total', expression: 'row.a * row.b.c', values: { a: 2, 'b.c': 3 } }],
    changed: { set: { total: 6 }, unset: ['b'] },
    decision: null,
  })
})

describe('an open token', () => {
  test('stands where its last edge leads', () => {
    const [token] = tellTokens(course(entry({ visits: [visit(1, 1, 0, [0, 1], 1, 0)] })), valuesOf({}), scene([]))
    expect(token).toMatchObject({ ending: null, waits: { node: 'size', held: false } })
  })
  test('or at the node that will try again, or holds it', () => {
    const failed = visit(1, 3, 1, [1, 0], 0, 0, { code: 'E', value: 2 })
    const [again] = tellTokens(course(entry({ visits: [failed] })), valuesOf({}), scene([]))
    expect(again).toMatchObject({
      waits: { node: 'calc', held: false },
      visits: [{ error: { code: 'E', message: { kind: 'erased' } } }],
    })
    const [held] = tellTokens(course(entry({ visits: [visit(1, 3, 2, [1, 0], 0, 0)] })), valuesOf({}), scene([]))
    expect(held).toMatchObject({ waits: { node: 'calc', held: true } })
  })
})

test('fields with the names of a prototype are data', () => {
  const before = JSON.parse('{"__proto__": 1, "constructor": 2}') as Json
  const after = JSON.parse('{"__proto__": 3, "constructor": 2}') as Json
  const [token] = tellTokens(
    course(entry({ visits: [visit(1, 3, 0, [1, 2], 5, 0)] })),
    valuesOf(before, after),
    scene([]),
  )
  expect(Object.entries(token?.visits[0]?.changed?.set ?? {})).toEqual([['__proto__', 3]])
})

test('paths of sources and sinks', () => {
  const tokens = tellTokens(
    course(entry({ visits: [visit(1, 1, 0, [0, 1], 1, 0), visit(1, 4, 0, [1, 0], 0, 9)] })),
    valuesOf({}),
    scene([]),
  )
  expect(tokens[0]?.visits.map(each => each.path)).toEqual(['data.csv', '/tmp/out.csv'])
})
