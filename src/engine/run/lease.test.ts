import { expect, test } from 'vitest'
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
  rig.ledger.now_us = () => rig.clock.wall_us()
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
