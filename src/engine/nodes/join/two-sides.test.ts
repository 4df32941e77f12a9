import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type MemorySpillFile, memorySpill } from '../../../../test/support/memory-spill.ts'
import type { JoinSide } from '../../../format/topology.ts'
import type { JoinNode } from '../../../plan/plan.ts'
import { IN_MEMORY, type Spill } from '../../ports/spill.ts'
import type { HeldRow } from '../../token/held-row.ts'
import { Subject, Token } from '../../token/token.ts'
import { Away } from '../spill/away.ts'
import { type Next, TwoSides } from './two-sides.ts'

/** As many matches as may be. */
const MOST = 3
// cast: nothing else of a node is asked for.
const node = {
  name: 'known',
  keys: { left: ['k'], right: ['k'] },
  by_value: [],
  max_matches: MOST,
  merge: 'union',
} as unknown as JoinNode

/** A row that comes; `k` is its key, null for none. Its place is its index. */
interface Coming {
  readonly side: JoinSide
  readonly k: number | null
}

function heldOf({ side, k }: Coming, place: number): HeldRow {
  const subject = new Subject('row', place + 1, { source: 1, index: place, line: place + 1, repeats: null })
  const row = { z: place, k, a: side }
  const token = new Token(place + 1, subject, 2, row, 1, { kind: 'flow', node: 1 }, null, undefined, 7)
  subject.open.add(token)
  subject.values = 1
  token.keep()
  return { token, started_us: place * 10 }
}

/** What is let go, in words. A partner that another group has consumed stands in brackets. */
function saying(next: Next): string {
  const { token, started_us } = next.row
  expect(started_us).toBe((token.id - 1) * 10)
  expect(Object.keys(token.row)).toEqual(['z', 'k', 'a'])
  expect([token.row.z, token.edge, token.subject.values, token.held]).toEqual([token.id - 1, 7, 1, true])
  if (next.side === 'right') return `right ${token.id}`
  const partners = next.partners.map(({ id, row, held }) => {
    expect(row.z).toBe(id - 1)
    return held === null ? `(${id})` : `${held.token.id}`
  })
  return `left ${token.id} ${next.fate} ${partners.join(' ')}`.trimEnd()
}

/** The same row by row, as docs/semantics.md has it. */
function expected(rows: readonly Coming[]): string[] {
  const numbered = rows.map((row, place) => ({ ...row, id: place + 1 }))
  const consumed = new Set<number>()
  const lefts = numbered.filter(({ side }) => side === 'left')
  const rights = numbered.filter(({ side }) => side === 'right')
  const of_left = lefts.map(({ id, k }) => {
    const matches = rights.filter(right => k !== null && right.k === k)
    if (matches.length > MOST) return `left ${id} too_many`
    const partners = matches.map(right => (consumed.has(right.id) ? `(${right.id})` : `${right.id}`))
    for (const right of matches) consumed.add(right.id)
    return `left ${id} matches ${partners.join(' ')}`.trimEnd()
  })
  return [...of_left, ...rights.filter(({ id }) => !consumed.has(id)).map(({ id }) => `right ${id}`)]
}

const coming = fc.record({
  side: fc.constantFrom<JoinSide>('left', 'right'),
  k: fc.oneof(fc.nat(12), fc.constant(null)),
})

/** Those that `ended` has were let go, or consumed, by a process before. Rows stay in memory from the place `stays` on. */
function filled(rows: readonly Coming[], spill: Spill, stays: number, ended: ReadonlySet<number>): TwoSides {
  const sides = new TwoSides(node, spill, new Away({ nodes: [] }))
  let held = 0
  for (const [place, row] of rows.entries()) {
    const each = heldOf(row, place)
    if (place === stays) sides.leave()
    if (!ended.has(each.token.id)) {
      sides.add(row.side, each, place)
      held++
    } else if (row.side === 'right') sides.addConsumed(each, place)
  }
  expect(sides.size).toBe(held)
  return sides
}

function take(sides: TwoSides, most: number): { readonly said: string[]; readonly ended: number[] } {
  const said: string[] = []
  const ended: number[] = []
  let prepared = 0
  while (!sides.prepare()) expect(++prepared).toBeLessThan(1_000)
  for (let next = said.length < most ? sides.next() : null; next !== null; ) {
    said.push(saying(next))
    ended.push(next.row.token.id)
    if (next.side === 'left') ended.push(...next.partners.map(({ id }) => id))
    next = said.length < most ? sides.next() : null
  }
  return { said, ended }
}

test('lets go what it holds as a join of each row with each other does, whatever fits into memory, and whoever goes on', () => {
  fc.assert(
    fc.property(
      fc.array(coming, { maxLength: 60 }),
      fc.constantFrom(1, 400, 3_000, 1_000_000),
      fc.nat(60),
      fc.nat(40),
      (rows, memory_bytes, stays, stops) => {
        const first = filled(rows, memorySpill(memory_bytes), stays, new Set())
        const before = take(first, stops)
        first.close()
        const spill = memorySpill(memory_bytes)
        // Right rows that were let go unmatched are gone, and so are those whose left ones are: nobody asks for them.
        const second = filled(rows, spill, stays, new Set(before.ended))
        const after = take(second, Number.POSITIVE_INFINITY)
        expect([...before.said, ...after.said]).toEqual(expected(rows))
        expect(second.size).toBe(0)
        expect((spill.files as MemorySpillFile[]).every(file => file.closed)).toBe(true)
      },
    ),
    { numRuns: 150 },
  )
})

test('gives all that it holds, without an order, to whoever gives the run up', () => {
  fc.assert(
    fc.property(fc.array(coming, { maxLength: 20 }), fc.nat(20), (rows, stays) => {
      const sides = filled(rows, memorySpill(1), stays, new Set([1]))
      const ids = Array.from(sides.all(), ({ token }) => token.id).sort((a, b) => a - b)
      expect(ids).toEqual(rows.map((_, place) => place + 1).slice(1))
      expect(sides.size).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('a key with very many right rows is no burden: all are left, and each left row fails', { tags: ['proof'] }, () => {
  const rows: Coming[] = [{ side: 'left', k: 1 }]
  for (let i = 0; i < 25_000; i++) rows.push({ side: 'right', k: 1 })
  const { said } = take(filled(rows, IN_MEMORY, 0, new Set()), Number.POSITIVE_INFINITY)
  expect(said.slice(0, 3)).toEqual(['left 1 too_many', 'right 2', 'right 3'])
  expect(said).toHaveLength(25_001)
})
