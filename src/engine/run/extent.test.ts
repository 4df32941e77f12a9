import { expect, test } from 'vitest'
import type { SourceReader } from '../nodes/source/source-reader.ts'
import { extentOf } from './extent.ts'

/** A source of `size` bytes of which `bytes` are read; null: it doesn't know. */
function source(size: number | null, bytes: number | null, done = false) {
  const state = { bytes, done, source: { size: async () => size } }
  return { state, reader: state as unknown as SourceReader }
}

test('sources are reported together, each with what was read before', async () => {
  const [first, second] = [source(100, 60), source(50, 0)]
  const extent = await extentOf([first.reader, second.reader])
  first.state.bytes = 100
  second.state.bytes = 10
  expect(extent()).toEqual({ before: 60, read: 110, total: 150 })
})

test('a source that is done has the size that it had', async () => {
  const extent = await extentOf([source(7, 100, true).reader, source(50, 0).reader])
  expect(extent()).toEqual({ before: 100, read: 100, total: 150 })
})

test('nothing is reported where one of them knows nothing', async () => {
  expect((await extentOf([source(100, 0).reader, source(null, 0).reader]))()).toBeNull()
  expect((await extentOf([source(100, 0).reader, source(50, null).reader]))()).toBeNull()
})

test('a file that is gone has no size, and stops nothing', async () => {
  const { state, reader } = source(1, 0)
  state.source.size = () => Promise.reject(new Error('gone'))
  expect((await extentOf([reader]))()).toBeNull()
})
