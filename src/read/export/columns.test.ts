import { expect, test } from 'vitest'
import type { ExpressionText } from '../../format/run-values.ts'
import type { NodeKind, Topology } from '../../format/topology.ts'
import type { Json } from '../../model/row.ts'
import { ColumnLineage } from './columns.ts'
import { reachedFrom } from './flow.ts'

type NodeGiven = readonly [
  name: string,
  kind: NodeKind,
  plugin?: string | undefined,
  options?: Json,
  reads?: { readonly [what: string]: readonly string[] },
]

/** A plan of these nodes, and edges by name. The first sources have the fields a, b and c. */
function planOf(nodes: readonly NodeGiven[], edges: ReadonlyArray<readonly [string, string, string]>) {
  const number = (name: string) => nodes.findIndex(each => each[0] === name) + 1
  const topology: Topology = {
    nodes: nodes.map(([name, kind, plugin]) => ({
      ...{ name, kind, ...(plugin === undefined ? {} : { plugin }) },
      ...(kind === 'sort' ? { sort: [{ field: 'b', order: 'asc', nulls: 'last' }] } : {}),
    })),
    edges: edges.map(([from, label, to]) => [number(from), label, number(to)]),
  }
  const fields = ['a', 'b', 'c'].map(name => ({ name, schema: { type: 'string' }, optional: false }))
  const sources = nodes.filter(each => each[1] === 'source')
  const given = { plugin: 'csv', records: 1, bytes: null, path: null, files: [] }
  return {
    topology,
    inputs: sources.map(([source, , plugin]) => ({ source, ...given, fields: plugin === 'bare' ? [] : fields })),
    options: Object.fromEntries(nodes.map(([name, , , options]) => [name, options ?? null])),
    expressions: Object.fromEntries(
      nodes.map(([name, , , , reads]) => [
        name,
        Object.entries(reads ?? {}).map(
          ([what, read]): ExpressionText => ({
            for: what,
            source: '',
            reads: read.map(each => (each === '' ? [] : [each])),
          }),
        ),
      ]),
    ),
  }
}

/** `field: source.field`, with `~` before what was changed. */
function columnsAt(plan: ReturnType<typeof planOf>, node: string) {
  const { columns, ...rest } = new ColumnLineage(plan).at(node)
  const of = [...(columns ?? [])].map(([field, origins]) => [
    field,
    origins.map(each => `${each.identity ? '' : '~'}${each.source}.${each.field}`),
  ])
  return { columns: columns === null ? null : Object.fromEntries(of), ...rest }
}

const line = (...nodes: readonly NodeGiven[]) =>
  planOf(
    [['in', 'source'], ...nodes, ['out', 'sink']],
    [...nodes, ['out', 'sink'] as const].map(([name], i) => [i === 0 ? 'in' : (nodes[i - 1]?.[0] ?? ''), 'to', name]),
  )

test('fields are renamed, dropped, selected, changed and computed', () => {
  const renamed = line(['map', 'transform', 'field_mapper', { rename: { a: 'x' }, drop: ['c'] }])
  expect(columnsAt(renamed, 'out').columns).toEqual({ x: ['in.a'], b: ['in.b'] })
  const swapped = line(['map', 'transform', 'field_mapper', { rename: { a: 'b', b: 'a' }, select: ['a'] }])
  expect(columnsAt(swapped, 'out').columns).toEqual({ b: ['in.a'], a: ['in.b'] })
  const changed = line(['fit', 'transform', 'coerce', { fields: { a: 'integer' } }])
  expect(columnsAt(changed, 'out').columns).toEqual({ a: ['~in.a'], b: ['in.b'], c: ['in.c'] })
  const computed = line([
    ...(['set', 'transform', 'compute', { set: { a: '', sum: '', all: '', odd: '', none: '' } }] as const),
    { 'set.a': ['a'], 'set.sum': ['a', 'b'], 'set.all': [''], 'set.odd': ['undeclared'], 'set.none': [] },
  ])
  expect(columnsAt(computed, 'out').columns).toEqual({
    ...{ a: ['~in.a'], b: ['in.b'], c: ['in.c'] },
    ...{ sum: ['~in.a', '~in.b'], all: ['~in.a', '~in.b', '~in.c'], none: [] },
  })
})

test('what decides whether rows come, and in which order, is told apart', () => {
  const plan = line(
    ['words', 'transform', 'keyword_filter', { fields: ['a'] }],
    ['keep', 'transform', 'filter', { keep: '' }, { keep: ['c'] }],
    ['gate', 'gate', undefined, null, { gate: ['b'] }],
    ['order', 'sort'],
  )
  expect(columnsAt(plan, 'out')).toEqual({
    columns: { a: ['in.a'], b: ['in.b'], c: ['in.c'] },
    unknown_behind: [],
    influences: [
      { source: 'in', field: 'a', by: 'FILTER' },
      { source: 'in', field: 'c', by: 'FILTER' },
      { source: 'in', field: 'b', by: 'CONDITIONAL' },
      { source: 'in', field: 'b', by: 'SORT' },
    ],
  })
})

test.each([
  ['a plugin of its own', ['own', 'transform', 'own', {}]],
  ['an aggregate', ['own', 'aggregate', 'batch_stats', { value: 'a' }]],
  ['a join', ['own', 'join']],
  ['options that were erased', ['own', 'transform', 'field_mapper', null]],
] as const)('nothing is known behind %s', (_what, node) => {
  const plan = line(node, ['later', 'transform', 'passthrough', {}])
  expect(columnsAt(plan, 'out')).toMatchObject({ columns: null, unknown_behind: ['own'] })
  expect(columnsAt(plan, 'own').columns).toEqual({ a: ['in.a'], b: ['in.b'], c: ['in.c'] })
})

test('nothing is known of rows whose fields no schema declares', () => {
  const plan = planOf(
    [
      ['in', 'source', 'bare'],
      ['out', 'sink'],
    ],
    [['in', 'to', 'out']],
  )
  expect(columnsAt(plan, 'out')).toMatchObject({ columns: null, unknown_behind: ['in'] })
})

test('ways are put together; by an error a row leaves as it came, and a rejected record has no fields', () => {
  const nodes: readonly NodeGiven[] = [
    ['one', 'source'],
    ['two', 'source'],
    ['own', 'transform', 'own', {}],
    ['map', 'transform', 'field_mapper', { rename: { a: 'x' } }],
    ['out', 'sink'],
    ['problems', 'sink'],
  ]
  const plan = planOf(nodes, [
    ['one', 'to', 'map'],
    ['map', 'to', 'out'],
    ['two', 'to', 'own'],
    ['own', 'on_error', 'problems'],
    ['one', 'on_invalid', 'problems'],
    ['own', 'to', 'map'],
    ['map', 'on_error', 'problems'],
  ])
  expect(columnsAt(plan, 'problems')).toMatchObject({ columns: null, unknown_behind: ['own'] })
  expect(reachedFrom(plan.topology, 'problems')).toEqual(['one', 'two'])
  const direct = planOf(
    nodes.filter(([name]) => name !== 'own'),
    [
      ['one', 'to', 'out'],
      ['two', 'to', 'map'],
      ['map', 'to', 'out'],
      ['map', 'on_error', 'problems'],
      ['one', 'on_invalid', 'problems'],
    ],
  )
  expect(columnsAt(direct, 'out').columns).toEqual({
    a: ['one.a'],
    b: ['one.b', 'two.b'],
    c: ['one.c', 'two.c'],
    x: ['two.a'],
  })
  expect(columnsAt(direct, 'problems').columns).toEqual({ a: ['two.a'], b: ['two.b'], c: ['two.c'] })
})
