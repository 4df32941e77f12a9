import { expect, test } from 'vitest'
import { tileRoot } from '../../format/tiled-tree.ts'
import { TILE_WIDTH } from '../../format/tree.ts'
import { LastLeaves } from './tiles.ts'

const leaf = (number: number) => number.toString(16).padStart(64, '0')

test('a tile is full when each of its rows is closed', () => {
  const leaves = new LastLeaves()
  for (let row = 1; row <= TILE_WIDTH; row++) leaves.take(row, leaf(row), true)
  expect(leaves.tile(0)).toBe(tileRoot(Array.from({ length: TILE_WIDTH }, (_, i) => leaf(i + 1))))
})

test('a row that closes twice in the place of another fills no tile, and there is no tree', () => {
  const leaves = new LastLeaves()
  for (let row = 1; row <= TILE_WIDTH + 1; row++) leaves.take(row === 200 ? 201 : row, leaf(row), true)
  expect(leaves.tile(0)).toBeNull()
  expect(leaves.tree()).toBeNull()
})
