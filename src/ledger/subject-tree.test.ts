import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { leafHash } from '../format/hash.ts'
import { Frontier } from '../format/tree.ts'
import { SubjectTree } from './subject-tree.ts'

test('in whatever order rows end, the tree is that of their last leaves, batches after rows', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(5), fc.infiniteStream(fc.nat()), (rows, batches, random) => {
      const tree = new SubjectTree()
      const entries: Array<() => void> = []
      const order = Array.from({ length: rows }, (_, i) => ({ row: i + 1, at: random.next().value ?? 0 }))
      for (const { row } of order) tree.add(row, null, 1, leafHash(`first of ${row}`))
      for (const { row } of order.sort((a, b) => a.at - b.at)) {
        entries.push(() => tree.add(row, null, 0, leafHash(`row ${row}`)))
      }
      for (let batch = batches; batch > 0; batch--)
        entries.push(() => tree.add(null, batch, 0, leafHash(`batch ${batch}`)))
      for (const [i, add] of entries.entries()) {
        if (i < rows) expect(tree.head()).toBeNull()
        add()
      }
      const expected = new Frontier()
      for (let row = 1; row <= rows; row++) expected.append(leafHash(`row ${row}`))
      for (let batch = 1; batch <= batches; batch++) expected.append(leafHash(`batch ${batch}`))
      expect(tree.head()).toEqual({ size: expected.size, root: expected.root() })
    }),
  )
})

test('it gives up rather than be wrong or grow without bound', () => {
  const again = new SubjectTree()
  again.add(1, null, 0, leafHash('a'))
  again.add(1, null, 0, leafHash('b'))
  expect(again.head()).toBeNull()
  const waiting = new SubjectTree()
  waiting.add(1, null, 1, leafHash('a'))
  for (let row = 2; row < 100_010; row++) waiting.add(row, null, 0, 'x')
  waiting.add(1, null, 0, leafHash('a'))
  expect(waiting.head()).toBeNull()
})
