import { expect, test } from 'vitest'
import { CommitSize } from './commit-size.ts'

test('commits grow while the disk is slow, and shrink when it no longer is', () => {
  const size = new CommitSize(100)
  const sizes = (waits: readonly number[]) =>
    waits.map(waited_us => {
      size.adapt(1000, waited_us)
      return size.rows
    })
  expect(sizes([251, 999, 999])).toEqual([200, 400, 400])
  expect(sizes([250, 63])).toEqual([400, 400])
  expect(sizes([62, 0, 0])).toEqual([200, 100, 100])
})

test('where no time goes by, nothing changes', () => {
  const size = new CommitSize()
  size.adapt(0, 0)
  expect(size.rows).toBe(1000)
})
