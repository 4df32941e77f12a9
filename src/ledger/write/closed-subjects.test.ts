import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { leafHash } from '../../format/hash.ts'
import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import { TREES } from '../../format/trees.ts'
import { ClosedSubjects, NOTHING_CLOSED } from './closed-subjects.ts'

const leaf = (row: number) => leafHash(`last of ${row}`)
const leaves = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => leaf(first + i))

/** Rows 1 to `rows`, in an order that a list of numbers makes. */
function shuffled(rows: number, by: readonly number[]): number[] {
  const order = Array.from({ length: rows }, (_, i) => ({ row: i + 1, at: by[i % by.length] ?? 0 }))
  return order.sort((a, b) => a.at - b.at || a.row - b.row).map(({ row }) => row)
}

test('CLOSED-SUBJECTS-1: in whatever order rows end, tiles are those of their last leaves, given once, and the rest is known', () => {
  const numbers = fc.array(fc.nat(1000), { minLength: 1, maxLength: 700 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 700 }), numbers, fc.nat(699), (rows, by, cut) => {
      let closed = new ClosedSubjects(NOTHING_CLOSED)
      const tiles = new Map<number, string>()
      const accept = () => {
        for (const [tree, index, root] of closed.accept()) tiles.set(tree * 100 + index, root)
      }
      for (let row = 1; row <= rows; row++) closed.add(row, null, null)
      for (const [i, row] of shuffled(rows, by).entries()) {
        closed.add(row, null, leaf(row))
        if (i % 50 === 49) accept()
        if (i !== cut) continue
        // Between commits it may move to another thread.
        accept()
        closed = new ClosedSubjects(structuredClone(closed.state()))
      }
      accept()
      const full = Math.floor(rows / TILE_WIDTH)
      expect([...tiles.keys()].sort()).toEqual(Array.from({ length: full }, (_, i) => TREES.rows * 100 + i))
      for (let index = 0; index < full; index++) {
        const root = tileRoot(leaves(index * TILE_WIDTH + 1, (index + 1) * TILE_WIDTH))
        expect(closed.rows.tile(index)).toBe(root)
        expect(tiles.get(TREES.rows * 100 + index)).toBe(root)
      }
      expect(closed.rows.size).toBe(rows)
      expect(closed.rows.rest()).toEqual(leaves(full * TILE_WIDTH + 1, rows))
    }),
  )
})

test('CLOSED-SUBJECTS-2: what is dropped is forgotten', () => {
  const closed = new ClosedSubjects(NOTHING_CLOSED)
  closed.add(1, null, leaf(1))
  closed.accept()
  closed.add(2, null, leaf(9))
  closed.drop()
  expect(closed.rows.size).toBe(1)
  closed.add(2, null, leaf(2))
  closed.accept()
  expect(closed.rows.rest()).toEqual([leaf(1), leaf(2)])
})

test('CLOSED-SUBJECTS-3: of what waits for very long nothing is kept, and nothing is made up', () => {
  const closed = new ClosedSubjects(NOTHING_CLOSED)
  const last = 101_000 + TILE_WIDTH
  for (let row = 1; row <= last; row++) closed.add(row, null, row % TILE_WIDTH === 1 ? null : leaf(row))
  closed.accept()
  for (let row = 1; row <= last; row += TILE_WIDTH) closed.add(row, null, leaf(row))
  closed.accept()
  expect(closed.rows.tile(0)).toBeNull()
  const index = Math.floor(last / TILE_WIDTH) - 1
  expect(closed.rows.tile(index)).toBe(tileRoot(leaves(index * TILE_WIDTH + 1, (index + 1) * TILE_WIDTH)))
})

test('CLOSED-SUBJECTS-3: what was there before is known by its full tiles only', () => {
  const before = { last: 300, before: 300, tiles: new Map([[0, leaf(0)]]), parts: new Map(), unfollowed: [] }
  const closed = new ClosedSubjects({ ...NOTHING_CLOSED, rows: before })
  for (let row = 290; row <= 513; row++) closed.add(row, null, leaf(row))
  expect(closed.accept()).toEqual([])
  expect(closed.rows.tile(0)).toBe(leaf(0))
  expect(closed.rows.tile(1)).toBeNull()
  expect(closed.rows.rest()).toEqual([leaf(513)])
})
