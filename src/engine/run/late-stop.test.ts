/** A run is stopped when its input has ended. */
import { expect, test } from 'vitest'
import { memorySpill } from '../../../test/support/memory-spill.ts'
import { Rig } from '../../../test/support/rig.ts'

const NUMBERS = Array.from({ length: 600 }, (_, i) => (i * 7) % 600)
const TEXT = `
name: late
sources:
  in: { plugin: feed, options: { chunks: [{ rows: [${NUMBERS.map(n => `{ n: ${n} }`).join(', ')}] }] }, on_invalid: discard, to: ranked }
nodes:
  ranked: { sort: [n], to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`
/** Fewer than so many files of a sort are merged as they are read. */
const MERGED_AT_ONCE = 64

test('while a sort merges its files it is heard, and what is held stays held', async () => {
  const rig = new Rig(TEXT)
  const { files, ...spill } = memorySpill(500)
  const create = () => {
    rig.clock.spend(1_000_000)
    return spill.create()
  }
  const { summary } = await rig.run({ spill: { ...spill, create }, stop_after_ms: 1 })
  expect(files.length).toBeGreaterThan(2 * MERGED_AT_ONCE)
  expect(summary).toMatchObject({ status: 'cancelled', tokens: { born: 600, ended: 0, open: 600 } })
  await rig.resume(1000)
  expect(rig.column('out', 'n')).toEqual(NUMBERS.toSorted((a, b) => a - b))
})
