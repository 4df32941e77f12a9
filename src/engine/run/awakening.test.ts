import { expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import { type Holder, thisProcess } from '../../model/holder.ts'
import type { Notice } from '../nodes/source/source-reader.ts'
import { awaitAwakening } from './awakening.ts'

/** How long whoever takes over waits, where the lease runs out so much later; a notice says why. */
async function waits(holder: Holder | null, left_us: number): Promise<number> {
  const notices: Notice[] = []
  const clock = new VirtualClock()
  const began_us = clock.monotonic_us()
  const lease = { holder: holder === null ? '' : JSON.stringify(holder), expires_us: clock.wall_us() + left_us }
  await clock.drive(
    awaitAwakening(lease, { time_us: async () => clock.wall_us() }, clock, notice => notices.push(notice)),
  )
  const waited_us = clock.monotonic_us() - began_us
  const text = expect.stringMatching(/may have slept with its machine: it is given 5 s/)
  expect(notices).toEqual(waited_us > 0 ? [{ kind: 'waiting', text }] : [])
  return waited_us
}

test('a holder that lives on this machine is given longer than it needs to renew', async () => {
  expect(await waits(thisProcess(), 0)).toBeGreaterThan(4_000_000)
  expect(await waits(thisProcess(), -8 * 3_600_000_000)).toBeGreaterThan(4_000_000)
})

test.each<[string, Holder | null, number]>([
  ['that still has its lease', thisProcess(), 1],
  ['of which nobody knows whether it lives', { ...thisProcess(), host: 'elsewhere' }, 0],
  ['that is gone', { ...thisProcess(), start: 'earlier' }, 0],
  ['that gave it up', null, 0],
])('nobody waits for one %s', async (_, holder, left_us) => {
  expect(await waits(holder, left_us)).toBe(0)
})
