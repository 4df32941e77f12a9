import { expect, test } from 'vitest'
import { TOPOLOGY } from '../../../test/support/ledger.ts'
import { readable } from '../../../test/support/payload.ts'
import { commitment, SALT_BYTES } from '../../format/hash.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { EqualRows } from './equal-rows.ts'

const ROW = 5

/** A row that is forked after a call, its numbers shifted and its times moved by `by`. */
const facts = (by = 0) => ({
  d: [[4 + by, 'forked', 0]],
  e: [
    [7 + by, 20, 4, 0, 4 + by],
    [8 + by, 23, 8, 0, 90 + 3 * by],
    [9 + by, 3, 9, 9, 0, 'BAD', 3],
  ],
  g: [[4 + by, 0, 4, 2]],
  h: [[8 + by, 8, 90 + 3 * by, 2 + by]],
  n: [[7 + by], [8 + by, 4 + by, 0, 1, 7 + by], [9 + by, 4 + by, 1, 1, 7 + by]],
  o: 0,
  r: 5,
  s: [1, 5, 6 + by],
  t: 1000 + by,
  v: [
    [7 + by, 1, 1, 0, 0, 1, 1, 5 + by, 6 + by],
    [7 + by, 4, 1, 0, 1, 1, 0, 5, 6 + by],
    [9 + by, 6, 1, 1, 1, 2, 9, 5, 6, 'BAD', 3],
  ],
  w: 1,
  x: [[11 + by, 7 + by, 2, 1, 1, 1, by === 0 ? 0 : 3, 2, 3, 9 + by, 8 + by]],
})

const VALUES: readonly Json[] = [{ a: 1 }, { b: 2 }, { c: 3 }]
type Facts = { readonly [key: string]: unknown }

/** An entry that commits to values; `by` is in their salts, too. */
function entry(body: Facts, by = 0, values: readonly Json[] = VALUES, seq = 4 + by): FullEntry {
  const salts = new Uint8Array(values.length * SALT_BYTES).fill(1 + by)
  const c = values.map(each => commitment(salts.subarray(0, SALT_BYTES), canonicalize(each)))
  const payload = { seq, salts, body: canonicalize(values.map(each => [each])) }
  return { seq, row: ROW, batch: null, body: canonicalize({ ...body, c } as Json), payload }
}

function areEqual(
  old: readonly FullEntry[],
  other: readonly FullEntry[],
  topologies: { readonly old: Topology; readonly new: Topology } = { old: TOPOLOGY, new: TOPOLOGY },
): boolean {
  const equal = new EqualRows(topologies)
  const are = equal.are({ old, new: other }, { old: ROW, new: ROW })
  expect(
    new EqualRows({ old: topologies.new, new: topologies.old }).are({ old: other, new: old }, { old: ROW, new: ROW }),
  ).toBe(are)
  return are
}

const OLD = [entry(facts())]

test('numbers, times, salts and who answered don’t count', () => {
  expect(areEqual(OLD, OLD)).toBe(true)
  expect(areEqual(OLD, [entry(facts(17), 17)])).toBe(true)
})

test('of rows that took several commits each follows the one before', () => {
  const parts = (by: number, p = 4 + by) => {
    const { n, v, g, d, e, x, h, s, ...rest } = facts(by)
    const first = { ...rest, n: n.slice(0, 1), v: v.slice(0, 1), s, x, o: 1 }
    const then = { ...rest, n: n.slice(1), v: v.slice(1), g, d, e, h, w: 3, p }
    return [entry(first, by, VALUES.slice(0, 2)), entry(then, by, VALUES.slice(2), 9 + by)]
  }
  expect(areEqual(parts(0), parts(17))).toBe(true)
  expect(areEqual(parts(0), parts(17, 3))).toBe(false)
  expect(areEqual(parts(0), OLD)).toBe(false)
  expect(areEqual(parts(0).slice(0, 1), parts(17).slice(0, 1))).toBe(false)
})

test('nodes and edges go by their names', () => {
  const nodes = [
    ...TOPOLOGY.nodes.slice(0, 1),
    { name: 'more', kind: 'transform' } as const,
    ...TOPOLOGY.nodes.slice(1),
  ]
  const moved = (node: number) => (node > 1 ? node + 1 : node)
  const edges = TOPOLOGY.edges.map(([from, label, to]) => [moved(from), label, moved(to)] as const)
  const { v, g, e, x, ...rest } = facts()
  const at = (facts: ReadonlyArray<readonly unknown[]>, ...places: readonly number[]) =>
    facts.map(fact => fact.map((each, i) => (places.includes(i) ? moved(each as number) : each)))
  const body = { ...rest, v: at(v, 1), g: at(g, 2), e: at(e, 2, 3), x: at(x, 2) }
  const topologies = { old: TOPOLOGY, new: { nodes, edges } }
  expect(areEqual(OLD, [entry(body)], topologies)).toBe(true)
  expect(areEqual(OLD, OLD, topologies)).toBe(false)
})

/** Facts that count, each with what else it could say. */
const CHANGES: ReadonlyArray<readonly [what: string, body: object]> = [
  ['an edge', { v: facts().v.map(f => f.with(6, 2)) }],
  ['a node', { v: facts().v.map(f => f.with(1, 3)) }],
  ['a status', { v: facts().v.map(f => f.with(3, 2)) }],
  ['the value that left', { v: facts().v.map(f => f.with(5, 3)) }],
  ['a visit’s code', { v: facts().v.map(f => (f.length > 9 ? f.with(9, 'BUSY') : f)) }],
  ['a visit more', { v: [...facts().v, ...facts().v] }],
  ['a fate', { e: facts().e.map(f => f.with(1, 1)) }],
  ['a sink', { e: facts().e.map(f => f.with(3, 10)) }],
  ['an ending’s code', { e: facts().e.map(f => (f.length > 5 ? f.with(5, 'BUSY') : f)) }],
  ['a branch', { n: facts().n.map(f => (f.length > 1 ? f.with(2, 0) : f)) }],
  ['a verdict', { d: facts().d.map(f => f.with(1, 'timeout')) }],
  ['a child', { g: facts().g.map(f => f.with(3, 3)) }],
  ['a failed call', { x: facts().x.map(f => f.with(6, 1)) }],
  ['another answer', { x: facts().x.map(f => f.with(8, 1)) }],
]

test.each(CHANGES)('%s counts', (_what, more) => {
  expect(areEqual(OLD, [entry({ ...facts(), ...more })])).toBe(false)
})

test('values count, and whether they are what was committed to', () => {
  expect(areEqual(OLD, [entry(facts(), 0, [{ a: 1 }, { b: 2 }, { c: 4 }])])).toBe(false)
  const [{ payload, ...first }] = OLD as [FullEntry]
  const salted = { seq: 4, salts: new Uint8Array(3 * SALT_BYTES), body: readable(payload)?.body ?? '' }
  expect(areEqual(OLD, [{ ...first, payload: salted }])).toBe(false)
  expect(areEqual([{ ...first, payload: null }], [{ ...first, payload: null }])).toBe(false)
  const erased = { ...salted, body: '[null,null,null]' }
  expect(areEqual([{ ...first, payload: erased }], [{ ...first, payload: erased }])).toBe(false)
})

test('what is no entry of the row is equal to nothing', () => {
  expect(areEqual([], [])).toBe(false)
  for (const body of ['{', '{}', `${OLD[0]?.body} `, OLD[0]?.body.replace('"r":5', '"r":6')]) {
    const wrong = [{ ...OLD[0], body } as FullEntry]
    expect(areEqual(wrong, wrong)).toBe(false)
  }
})
