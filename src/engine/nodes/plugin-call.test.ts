import { describe, expect, test } from 'vitest'
import { aggregateOf, PLUGIN_COMMON, Rig, transformOf } from '../../../test/support/rig.ts'
import { compileExpression } from '../../expression/expression.ts'
import { derive, newRow, type Row } from '../../model/row.ts'
import { OBSERVED, type RowSchema } from '../../model/schema.ts'
import type { AggregateNode, GateNode, PlanEdge, SinkNode, TransformNode } from '../../plan/plan.ts'
import type { Aggregate, Gate, GateResult, RowError, Transform, TransformResult } from '../../sdk/spec.ts'
import { visitContext } from '../../sdk/testing/calling.ts'
import { batchVisit, gateVisit, orderedVisit, transformVisit, writeRow } from './plugin-call.ts'

const STARTED_US = () => 5_000_000

const CONTEXT = visitContext()
const ROW = derive(newRow(), { n: 1 })
const edge = (number: number): PlanEdge => ({ number, from: 1, label: 'to', to: 2 })
const plugin = (more: object = {}) => ({ spec: { ...PLUGIN_COMMON, ...more }, options: null })

/** Returns what no typed plugin could. */
const returning = (result: unknown) => (() => result) as () => never
const throwing = (thrown: unknown) => () => {
  throw thrown
}

function transform(process: Transform['process'], cardinality: 'one' | 'many' = 'many') {
  const node = { name: 'grow', to: edge(1), plugin: plugin({ cardinality }) } as unknown as TransformNode
  return transformVisit(node, { process })(ROW, CONTEXT)
}
function ordered(process: () => never) {
  const node = { name: 'grow', to: edge(1), plugin: plugin({ cardinality: 'one' }) } as unknown as TransformNode
  return orderedVisit(node, { process })(ROW, { position: 1 })
}
function gate(decide: Gate['decide'], otherwise: PlanEdge | null = null) {
  const by = { kind: 'plugin', plugin: plugin() }
  const node = { name: 'tier', by, routes: new Map([['a', edge(1)]]), otherwise } as unknown as GateNode
  return gateVisit(node, { decide }, STARTED_US)(ROW, CONTEXT)
}
function batch(process: Aggregate['process']) {
  return batchVisit({ name: 'hold', plugin: plugin() } as unknown as AggregateNode, { process })([ROW], CONTEXT)
}
function write(take: (row: Row) => RowError | null) {
  return writeRow(
    { name: 'out', number: 3, plugin: plugin() } as unknown as SinkNode,
    { write: (_, row) => take(row) },
    ROW,
  )
}

const defectOf = (node: string) =>
  expect.objectContaining({
    code: 'CUSTODY_PLUGIN_DEFECT',
    where: expect.objectContaining({ node }),
    message: expect.stringContaining(`\`${node}\``) as string,
  }) as Error

const GARBAGE: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'row'],
  ['a number', 4],
  ['a function', () => ({ kind: 'row' })],
  ['a row without a wrapping', { n: 1 }],
  ['a list', [{ n: 1 }]],
  ['an unknown kind', { kind: 'raw', row: { n: 1 } }],
  ['kind alone: row', { kind: 'row' }],
  ['kind alone: rows', { kind: 'rows' }],
  ['kind alone: members', { kind: 'members' }],
  ['kind alone: label', { kind: 'label' }],
  ['kind alone: error', { kind: 'error' }],
  ['rows that are no list', { kind: 'rows', rows: { 0: {} } }],
  ['a row that is a text', { kind: 'row', row: 'n=1' }],
  ['a row that is a list', { kind: 'row', row: [1] }],
  ['a row that is a date', { kind: 'row', row: new Date(0) }],
  ['a row that is a map', { kind: 'row', row: new Map([['n', 1]]) }],
  ['a date in a row', { kind: 'row', row: { at: new Date(0) } }],
  ['a date deep in a row', { kind: 'rows', rows: [{ a: [{ at: new Date(0) }] }] }],
  ['bytes in a row', { kind: 'row', row: { bytes: new Uint8Array(3) } }],
  ['null among rows', { kind: 'rows', rows: [null] }],
  ['a label that is a number', { kind: 'label', label: 1 }],
  ['a label that is none', { kind: 'label', label: null }],
  ['an error with an undeclared code', error({ code: 'NEVER_HEARD' })],
  ['an error with a code of another form', error({ code: 'bad' })],
  ['an error with a number for its code', error({ code: 1 })],
  ['an error without a message', error({ message: undefined })],
  ['an error that does not say whether to retry', error({ retryable: undefined })],
  ['an error with details that are not JSON', error({ details: { n: Number.NaN } })],
]

function error(more: object): object {
  return { kind: 'error', code: 'BAD', message: 'bad', retryable: false, ...more }
}

/** A row that holds itself: going through it never ends. */
function knot(): object {
  const row: { self?: object } = {}
  row.self = row
  return row
}

describe.each([
  ['grow', (act: () => never) => transform(act)],
  ['tier', (act: () => never) => gate(act, edge(2))],
  ['hold', (act: () => never) => batch(act)],
] as const)('a plugin at `%s`', (node, visit) => {
  test.each(GARBAGE)('may not return %s', async (_name, result) => {
    expect(() => visit(returning(result))).toThrow(defectOf(node))
    await expect(visit(returning(Promise.resolve(result)))).rejects.toThrow(defectOf(node))
  })

  test.each<[string, unknown]>([
    ['an error', new TypeError('no such field')],
    ['a text', 'oops'],
    ['nothing', undefined],
    ['an error with half a letter', new Error('\ud83d')],
  ])('may not throw %s', async (_name, thrown) => {
    expect(() => visit(throwing(thrown))).toThrow(defectOf(node))
    await expect(visit(returning(Promise.reject(thrown)))).rejects.toThrow(defectOf(node))
  })

  test('may return an error that it declares, with more about it', () => {
    const own = error({ retryable: true, details: { status: 503 } })
    expect(visit(returning(own))).toEqual(own)
  })
})

describe('a transform', () => {
  test.each<[string, TransformResult, object]>([
    ['a row', { kind: 'row', row: ROW }, { kind: 'leave', edge: edge(1), row: ROW }],
    ['rows', { kind: 'rows', rows: [ROW] }, { kind: 'expand', edge: edge(1), rows: [ROW] }],
    ['no rows', { kind: 'rows', rows: [] }, { kind: 'filtered' }],
    ['filtered', { kind: 'filtered' }, { kind: 'filtered' }],
  ])('returns %s', (_name, result, step) => {
    expect(transform(() => result)).toEqual(step)
  })

  test('may not expand if it has not said so: what is born of an expansion is in no branch', () => {
    expect(() => transform(() => ({ kind: 'rows', rows: [ROW] }), 'one')).toThrow(defectOf('grow'))
    expect(() => transform(() => ({ kind: 'rows', rows: [] }), 'one')).toThrow(defectOf('grow'))
  })

  test('may not return a row that holds itself', () => {
    expect(() => transform(returning({ kind: 'row', row: knot() }))).toThrow(defectOf('grow'))
  })

  test('gives rows without prototypes, to any depth', () => {
    const row = JSON.parse('{"__proto__": {"x": [{"constructor": 1}]}}') as Row
    const step = transform(() => ({ kind: 'row', row }))
    if (step instanceof Promise || step.kind !== 'leave') throw new Error('it must leave at once')
    expect(JSON.stringify(step.row)).toBe('{"__proto__":{"x":[{"constructor":1}]}}')
    expect('toString' in step.row).toBe(false)
    expect('toString' in (Object.values(step.row)[0] as object)).toBe(false)
  })
})

describe('a gate', () => {
  const label = (text: string): GateResult => ({ kind: 'label', label: text })

  test('leaves by the edge of its label, or by else', () => {
    expect(gate(() => label('a'))).toEqual({ kind: 'leave', edge: edge(1), row: ROW })
    expect(gate(() => label('b'), edge(2))).toEqual({ kind: 'leave', edge: edge(2), row: ROW })
  })

  test.each(['b', '', 'A', 'constructor', '__proto__'])('may not give the label %j, which has no route', async text => {
    expect(() => gate(() => label(text))).toThrow(defectOf('tier'))
    await expect(gate(async () => label(text))).rejects.toThrow(defectOf('tier'))
  })

  const expression = (source: string) => {
    const compiled = compileExpression(source, { over: 'row', schema: OBSERVED, in_run: true })
    if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
    return compiled.expression
  }
  const routes = new Map([
    ['true', edge(1)],
    ['false', edge(2)],
    ['north', edge(3)],
  ])
  const byExpression = (kind: 'boolean' | 'string', source: string, row: object, input = OBSERVED) => {
    const node = { name: 'tier', by: { kind, expression: expression(source) }, routes, otherwise: null, input }
    return gateVisit(node as unknown as GateNode, null, STARTED_US)(derive(newRow(), row as Row), CONTEXT)
  }

  test.each<['boolean' | 'string', string, object, object]>([
    ['boolean', 'row.n > 1', { n: 2 }, { kind: 'leave', edge: edge(1) }],
    ['boolean', 'row.n > 1', { n: 1 }, { kind: 'leave', edge: edge(2) }],
    ['string', 'row.region', { region: 'north' }, { kind: 'leave', edge: edge(3) }],
    ['boolean', 'row.n > 1', {}, { kind: 'error', code: 'FIELD_MISSING', retryable: false }],
    ['boolean', 'row.n / row.m > 1', { n: 1, m: 0 }, { kind: 'error', code: 'DIVISION_BY_ZERO', retryable: false }],
    ['boolean', 'run.started_at == timestamp(row.n)', { n: 5 }, { kind: 'leave', edge: edge(1) }],
    ['boolean', 'row.n', { n: 'yes' }, { kind: 'error', code: 'GATE_VALUE', retryable: false }],
    ['string', 'row.region', { region: 7 }, { kind: 'error', code: 'GATE_VALUE', retryable: false }],
  ])('%s gate `%s` with %j', (kind, source, row, step) => {
    expect(byExpression(kind, source, row)).toMatchObject(step)
  })

  test('a text for which there is no route is a plugin’s that broke its word, or else the plan was wrong; never the row’s error', () => {
    const south = (input: RowSchema) => () => byExpression('string', 'row.region', { region: 'south' }, input)
    const schema = { type: 'string', enum: ['north'] }
    const input = { ...OBSERVED, fields: new Map([['region', { schema, optional: false }]]) }
    expect(south(input)).toThrow(expect.objectContaining({ code: 'CUSTODY_PLUGIN_DEFECT', final: true }))
    expect(south(OBSERVED)).toThrow(expect.objectContaining({ code: 'CUSTODY_ENGINE_DEFECT', where: { node: 'tier' } }))
  })

  const byCases = (row: object, has_else: boolean) => {
    const cases = [
      { when: expression('row.n < 10'), label: 'true' },
      { when: expression('row.n < 20'), label: 'false' },
      ...(has_else ? [{ when: null, label: 'north' }] : []),
    ]
    const node = { name: 'tier', by: { kind: 'cases', cases }, routes, otherwise: null } as unknown as GateNode
    return gateVisit(node, null, STARTED_US)(derive(newRow(), row as Row), CONTEXT)
  }

  test('cases: the first that holds, then else', () => {
    expect(byCases({ n: 5 }, true)).toMatchObject({ edge: edge(1) })
    expect(byCases({ n: 15 }, true)).toMatchObject({ edge: edge(2) })
    expect(byCases({ n: 25 }, true)).toMatchObject({ edge: edge(3) })
    expect(byCases({ n: 25 }, false)).toMatchObject({ kind: 'error', code: 'GATE_VALUE' })
    expect(byCases({}, true)).toMatchObject({ kind: 'error', code: 'FIELD_MISSING' })
  })
})

describe('an aggregate', () => {
  test('may drop members, but return nothing else for them', () => {
    expect(batch(() => ({ kind: 'members', rows: [null, ROW] }))).toEqual({ kind: 'members', rows: [null, ROW] })
    expect(() => batch(returning({ kind: 'members', rows: [undefined] }))).toThrow(defectOf('hold'))
    expect(() => batch(returning({ kind: 'members', rows: [new Date(0)] }))).toThrow(defectOf('hold'))
  })
})

describe('a sink', () => {
  test('takes a row, or refuses it with a code that it declares', () => {
    expect(write(() => null)).toBeNull()
    expect(write(returning(error({ code: 'REFUSED' })))).toMatchObject({ code: 'REFUSED' })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['true', true],
    ['a promise', Promise.resolve(null)],
    ['an error with an undeclared code', error({ code: 'SECRET_42' })],
  ])('may not return %s', (_name, result) => {
    expect(() => write(returning(result))).toThrow(defectOf('out'))
  })

  test('may not throw', () => {
    expect(() => write(throwing(new Error('disk?')))).toThrow(defectOf('out'))
  })
})

// ── in a run ────────────────────────────────────────────────────────────────────────────────────────────────────────

const PIPELINE = `
name: defects
sources:
  numbers: { plugin: feed, options: { chunks: [{ rows: [{ n: 1 }, { n: 2 }, { n: 3 }] }] }, on_invalid: discard, to: grow }
nodes:
  grow: { transform: broken, on_error: problems, to: hold }
  hold: { aggregate: summing, trigger: { count: 2 }, on_error: problems, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  problems: { plugin: keep, on_error: discard }
`
const sound = { transform: transformOf('broken', row => ({ kind: 'row', row })), batch: aggregateOf('summing', sum) }

function sum(rows: readonly Row[]) {
  return { kind: 'rows', rows: [{ sum: rows.reduce((total, row) => total + Number(row.n), 0) }] } as const
}

describe('a run that meets a defect', () => {
  const bad = (value: unknown) => ({ kind: 'row', row: derive(newRow(), { bad: value as string }) }) as const

  test.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['a date', new Date(0)],
    ['a big integer', 1n],
    ['half a letter', '\ud83d'],
    ['a function', () => 1],
  ])('stops at a row with %s, and names the node; nothing of the visit is recorded', async (_name, value) => {
    const rig = new Rig(PIPELINE, [
      transformOf('broken', row => (row.n === 3 ? bad(value) : { kind: 'row', row })),
      sound.batch,
    ])
    const { error: stopped, summary } = await rig.run()
    expect(stopped).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'grow' } })
    expect(summary.status).toBe('failed')
    expect(summary.tokens.open).toBe(1)
    expect(rig.column('out', 'sum')).toEqual([3])
    const third = rig.ledger.subjects().filter(({ subject }) => subject.kind === 'row' && subject.row === 3)
    expect(third.flatMap(({ visits }) => visits.map(({ node }) => node))).toEqual([1])
  })

  test('goes on when the plugin is fixed, as if nothing had been', async () => {
    const plugins = [transformOf('broken', row => (row.n === 2 ? bad(Number.NaN) : { kind: 'row', row })), sound.batch]
    const rig = new Rig(PIPELINE, plugins)
    await rig.run()
    expect(rig.column('out', 'sum')).toEqual([])
    plugins[0] = sound.transform
    const { error: stopped, summary } = await rig.resume(1_000)
    expect(stopped).toBeNull()
    expect(summary.status).toBe('completed')
    expect(rig.column('out', 'sum')).toEqual([3, 3])
  })

  test.each<[string, (rows: readonly Row[]) => never]>([
    ['throws', throwing(new Error('no'))],
    ['returns NaN', returning({ kind: 'rows', rows: [{ sum: Number.NaN }] })],
    ['returns NaN later', returning(Promise.resolve({ kind: 'rows', rows: [{ sum: Number.NaN }] }))],
    ['rejects', (() => Promise.reject(new Error('no'))) as () => never],
  ])('stops at an aggregate that %s, and continues with the same batch', async (_name, process) => {
    const plugins = [sound.transform, aggregateOf('summing', process)]
    const rig = new Rig(PIPELINE, plugins)
    const { error: stopped } = await rig.run()
    expect(stopped).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'hold' } })
    plugins[1] = sound.batch
    const { summary } = await rig.resume(1_000)
    expect(summary.status).toBe('completed')
    expect(rig.column('out', 'sum')).toEqual([3, 3])
  })

  test('a message that ends within a letter is kept, without that half', async () => {
    const rig = new Rig(PIPELINE, [
      transformOf('broken', row =>
        row.n === 3 ? { kind: 'error', code: 'BAD', message: 'cut: \ud83d', retryable: false } : { kind: 'row', row },
      ),
      sound.batch,
    ])
    const { error: stopped } = await rig.run()
    expect(stopped).toBeNull()
    expect(rig.column('problems', '_error')).toMatchObject([{ code: 'BAD', message: 'cut: \ufffd' }])
  })

  test('so it is if a plugin throws such a message: the run stops orderly', async () => {
    const rig = new Rig(PIPELINE, [transformOf('broken', throwing(new Error('cut: \ud83d'))), sound.batch])
    const { error: stopped, summary } = await rig.run()
    expect(stopped).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'grow' }, also: [] })
    expect(summary.status).toBe('failed')
    expect(rig.ledger.entries_kept.at(-1)).toMatchObject({ draft: { entry: { k: 'stop', reason: 'plugin' } } })
  })
})

test('a transform that takes its rows in order answers at once', () => {
  expect(ordered(returning({ kind: 'row', row: ROW }))).toEqual({ kind: 'leave', edge: edge(1), row: ROW })
  expect(() => ordered(returning(Promise.resolve({ kind: 'row', row: ROW })))).toThrow(defectOf('grow'))
  expect(() => ordered(throwing(new Error('no')) as () => never)).toThrow(defectOf('grow'))
  for (const [, garbage] of GARBAGE) expect(() => ordered(returning(garbage))).toThrow(defectOf('grow'))
})

test('what is made of a batch has the fields of its key, those that the aggregate has set as it set them', async () => {
  const node = { name: 'hold', plugin: plugin(), per: { fields: ['a', 'n', 'b'] } } as unknown as AggregateNode
  const rows = [derive(newRow(), { n: 1, a: 'x' }), derive(newRow(), { n: 1, a: 'x', b: null })]
  const process: Aggregate['process'] = () => ({ kind: 'rows', rows: [derive(newRow(), { count: 2, n: 'own' })] })
  const result = await batchVisit(node, { process })(rows, CONTEXT)
  expect(JSON.stringify(result)).toBe('{"kind":"rows","rows":[{"a":"x","b":null,"count":2,"n":"own"}]}')
})
