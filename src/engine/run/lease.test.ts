import { expect, test } from 'vitest'
import { MemorySpillFile } from '../../../test/support/memory-spill.ts'
import { Rig } from '../../../test/support/rig.ts'

/** What is left of the lease each second, for as long as the source keeps still, in seconds. */
async function leftOfLease(trigger: string, at: (rig: Rig) => void = () => undefined): Promise<readonly number[]> {
  const rig = new Rig(`
name: waits
sources:
  numbers:
    plugin: feed
    options: { chunks: [{ rows: [{ n: 1 }] }, { after_ms: 60000, rows: [{ n: 2 }] }] }
    on_invalid: discard
    to: hold
nodes:
  hold: { aggregate: gather, trigger: ${trigger}, on_error: discard, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
`)
  rig.ledger.leases_end = true
  at(rig)
  const left: number[] = []
  for (let second = 1; second < 60; second++)
    rig.clock.wake(second * 1_000_000 + 1, () => {
      left.push(((rig.ledger.expires_us ?? 0) - rig.clock.wall_us()) / 1_000_000)
    })
  const { error } = await rig.run()
  expect(error).toBeNull()
  return left
}

test.each([
  ['nothing happens', '{ max_age: 1h }'],
  ['it is woken up each second, and there is nothing to commit', "{ when: 'batch.age_seconds > 3600' }"],
])('a run keeps its lease while %s', async (_, trigger) => {
  const left = await leftOfLease(trigger)
  expect(left).toHaveLength(59)
  expect(Math.min(...left)).toBeGreaterThan(5)
})

test('after its machine slept it has a lease again as soon as it would have renewed it, and keeps it', async () => {
  const left = await leftOfLease('{ max_age: 1h }', rig =>
    rig.clock.wake(10_500_000, () => rig.clock.sleepDeeply(8 * 3_600_000_000)),
  )
  expect(Math.min(...left.slice(0, 10))).toBeGreaterThan(5)
  expect(left[10]).toBeLessThan(0)
  expect(Math.min(...left.slice(14))).toBeGreaterThan(5)
})

test.each([
  ['sort', 'hold: { sort: [n], to: out }', ['hold']],
  [
    'join',
    'hold: { join: { left: n, right: n }, routes: { matched: out, left: out, right: out }, on_error: discard }',
    ['hold.left', 'hold.right'],
  ],
])('a run keeps its lease while a %s puts in order what it holds in many files', async (_, node, ways) => {
  const rows = Array.from({ length: 300 }, (_, n) => `{ n: ${n} }`)
  const sources = ways.map(
    (to, i) =>
      `  numbers${i}: { plugin: feed, options: { chunks: [{ rows: [${rows}] }] }, on_invalid: discard, to: ${to} }`,
  )
  const rig = new Rig(`
name: merges
sources:
${sources.join('\n')}
nodes:
  ${node}
sinks:
  out: { plugin: keep, on_error: discard }
`)
  rig.ledger.leases_end = true
  const left: number[] = []
  class SlowFile extends MemorySpillFile {
    override read(position: number, bytes: Uint8Array): void {
      rig.clock.spend(25_000)
      left.push(((rig.ledger.expires_us ?? 0) - rig.clock.wall_us()) / 1_000_000)
      super.read(position, bytes)
    }
  }
  // Each row has a file of its own.
  const { error } = await rig.run({ spill: { memory_bytes: 1, create: () => new SlowFile() } })
  expect(error).toBeNull()
  expect(rig.disk.get('out')).toHaveLength(300)
  expect(left.length).toBeGreaterThan(600)
  expect(Math.min(...left)).toBeGreaterThan(0)
})
