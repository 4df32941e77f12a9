import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check'
import { expect, test } from 'vitest'
import { thisProcess } from '../../model/holder.ts'
import type { LeasePage, StoredLease } from '../read-port.ts'
import { freeSplits } from './offers.ts'

const NOW_US = 1_000_000
const LOG = 7
const HELD = JSON.stringify({ ...thisProcess(), host: 'another machine' })

type State = 'closed' | 'free' | 'run_out' | 'held'

function leaseOf(state: State, log: number): readonly StoredLease[] {
  if (state === 'closed') return []
  const holder = state === 'free' ? '' : HELD
  return [{ log, epoch: 1, holder, expires_us: state === 'held' ? NOW_US + 1 : state === 'free' ? 0 : NOW_US }]
}

/** `log`s of other runs come before and after it, and are free. */
function readerOf(states: readonly State[]) {
  const all = [LOG - 1, LOG, ...states.map((_, i) => LOG + 1 + i), LOG + states.length + 1].flatMap((log, i) =>
    leaseOf(states[i - 2] ?? 'free', log),
  )
  let read = 0
  const leases = async (page?: LeasePage) => {
    const { from = 0, to = Number.POSITIVE_INFINITY, at_most = Number.POSITIVE_INFINITY } = page ?? {}
    const found = all.filter(({ log }) => log >= from && log <= to).slice(0, at_most)
    read += found.length
    return found
  }
  return { reader: { leases }, read: () => read }
}

test('splits that are free are found, wherever the look begins: all of them, or some', async () => {
  const states = array(constantFrom<State>('closed', 'free', 'run_out', 'held'), { minLength: 1, maxLength: 300 })
  await assert(
    asyncProperty(states, async all => {
      const free = all.flatMap((state, i) => (state === 'free' || state === 'run_out' ? [i + 1] : []))
      const found = await freeSplits(readerOf(all).reader, { log: LOG, splits: all.length }, NOW_US)
      const ascending = [...found.free].sort((a, b) => a - b)
      expect(new Set(ascending).size).toBe(ascending.length)
      expect(free).toEqual(expect.arrayContaining(ascending))
      if (ascending.length < 32) {
        expect(ascending).toEqual(free)
        expect(found.is_under_way).toBe(all.includes('held'))
      }
    }),
  )
})

test('a look reads few leases where many splits are free', async () => {
  await assert(
    asyncProperty(integer({ min: 1_000, max: 20_000 }), async splits => {
      const { reader, read } = readerOf(Array.from({ length: splits }, () => 'free'))
      await freeSplits(reader, { log: LOG, splits }, NOW_US)
      expect(read()).toBeLessThanOrEqual(128)
    }),
    { numRuns: 20 },
  )
})
