import { expect, test } from 'vitest'
import { TOPOLOGY } from '../../../test/support/ledger.ts'
import type { FullEntry } from '../../ledger/read-port.ts'
import { gistOf, type Numbering, numberings } from './gist.ts'

const [NAMES] = numberings([TOPOLOGY]) as [Numbering]

/** A row that is forked after a call, its numbers shifted and its times moved by `by`. */
const facts = (by = 0) => ({
  c: [`${by}`.padStart(64, '0')],
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
  p: 3 + by,
  r: 5,
  s: [1, 5, 6 + by],
  t: 1000 + by,
  v: [
    [7 + by, 1, 1, 0, 0, 1, 1, 5 + by, 6 + by],
    [7 + by, 4, 1, 0, 1, 1, 0, 5, 6],
    [9 + by, 6, 1, 1, 1, 2, 9, 5, 6, 'BAD', 3],
  ],
  w: 1,
  x: [[11 + by, 7 + by, 2, 1, 1, 1, by === 0 ? 0 : 3, 2, 3, 9 + by, 8 + by]],
})

function entry(body: unknown, payload: string | null = '[[{"a":1}],[{"b":2}],[{"c":3}]]'): FullEntry {
  const salts = new Uint8Array(48)
  const text = JSON.stringify(body)
  return {
    seq: 4,
    row: 5,
    batch: null,
    body: text,
    payload: payload === null ? null : { seq: 4, salts, body: payload },
  }
}

const GIST = gistOf([entry(facts())], NAMES)

test('numbers, times, salts, commits and who answered don’t count', () => {
  expect(GIST).not.toBeNull()
  expect(gistOf([entry(facts(17))], NAMES)).toBe(GIST)
  const { n, v, g, d, e, x, ...rest } = facts(17)
  const parts = [entry({ ...rest, n: n.slice(0, 1), v: v.slice(0, 1), x }, '[[{"a":1}],[{"b":2}]]')]
  parts.push(entry({ ...rest, n: n.slice(1), v: v.slice(1), g, d, e }, '[[{"c":3}]]'))
  expect(gistOf(parts, NAMES)).toBe(GIST)
})

test('nodes and edges go by their names', () => {
  const nodes = [
    ...TOPOLOGY.nodes.slice(0, 1),
    { name: 'more', kind: 'transform' } as const,
    ...TOPOLOGY.nodes.slice(1),
  ]
  const moved = (node: number) => (node > 1 ? node + 1 : node)
  const edges = TOPOLOGY.edges.map(([from, label, to]) => [moved(from), label, moved(to)] as const)
  const [first, second] = numberings([TOPOLOGY, { nodes, edges }]) as [Numbering, Numbering]
  const { v, g, e, x, ...rest } = facts()
  const at = (facts: ReadonlyArray<readonly unknown[]>, ...places: readonly number[]) =>
    facts.map(fact => fact.map((each, i) => (places.includes(i) ? moved(each as number) : each)))
  const body = { ...rest, v: at(v, 1), g: at(g, 2), e: at(e, 2, 3), x: at(x, 2) }
  expect(gistOf([entry(body)], second)).toBe(gistOf([entry(facts())], first))
  expect(gistOf([entry(facts())], second)).not.toBe(gistOf([entry(facts())], first))
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
  expect(gistOf([entry({ ...facts(), ...more })], NAMES)).not.toBe(GIST)
})

test('values count; without them, and of what is no entry, there is no gist', () => {
  expect(gistOf([entry(facts(), '[[{"a":1}],[{"b":2}],[{"c":4}]]')], NAMES)).not.toBe(GIST)
  expect(gistOf([entry(facts(), null)], NAMES)).toBeNull()
  expect(gistOf([{ ...entry(facts()), body: '{' }], NAMES)).toBeNull()
})
