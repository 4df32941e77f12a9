import { expect, test } from 'vitest'
import { VirtualClock } from '../../../test/support/virtual-clock.ts'
import { SessionClock } from './run-clock.ts'

const HOUR_US = 3_600_000_000

/** Of a ledger whose clock is the machine's. */
function sessionOf(clock: VirtualClock, began_us = 0, before?: ConstructorParameters<typeof SessionClock>[2]) {
  return new SessionClock(clock, { began_us, now_us: () => clock.wall_us() }, before)
}

test('rings as its clock does, until it is closed', () => {
  const clock = new VirtualClock()
  const session = sessionOf(clock)
  const rung: string[] = []
  session.wake(10, () => rung.push('first'))
  session.wake(20, () => rung.push('called off'))()
  session.wake(30, () => rung.push('too late'))
  expect(clock.advance()).toBe(true)
  session.close()
  session.wake(40, () => rung.push('after it'))
  expect(clock.advance()).toBe(false)
  expect(rung).toEqual(['first'])
  expect(session.now_us()).toBe(clock.now_us())
})

test('begins behind the run’s last entry, though the machine’s clock was set back', () => {
  const clock = new VirtualClock(1_000)
  const session = sessionOf(clock, 0, { last_us: 5_000, stood: [] })
  expect(session.now_us()).toBe(5_000)
  session.wake(10, () => undefined)
  clock.advance()
  expect(session.now_us()).toBe(5_010)
  expect(sessionOf(clock, 500).now_us()).toBe(clock.now_us())
  expect(sessionOf(clock, 7_000, { last_us: 5_000, stood: [] }).now_us()).toBe(7_000)
})

test('gives no time twice where it is asked to, and doesn’t go back behind what it gave', () => {
  const session = sessionOf(new VirtualClock(1_000))
  expect([session.next_us(), session.next_us(), session.now_us()]).toEqual([1_000, 1_001, 1_001])
})

test('RUN-CLOCK-2: stamps are of the day on which the machine wakes up, and what it slept is no time of the run', () => {
  const clock = new VirtualClock()
  const session = sessionOf(clock)
  const began_us = session.now_us()
  clock.spend(5_000_000)
  clock.sleepDeeply(8 * HOUR_US)
  clock.spend(2_000_000)
  const ended_us = session.now_us()
  expect(ended_us - began_us).toBe(8 * HOUR_US + 7_000_000)
  expect(session.ran_us(began_us, ended_us)).toBe(7_000_000)
  expect(session.jumps).toEqual([[began_us + 7_000_000, ended_us]])
  clock.spend(1_000_000)
  expect(session.ran_us(ended_us, session.now_us())).toBe(1_000_000)
  expect(session.jumps).toHaveLength(1)
})

test('RUN-CLOCK-1: a clock that is set back takes no stamp with it, and no duration', () => {
  const clock = new VirtualClock()
  const session = sessionOf(clock)
  const began_us = session.now_us()
  clock.spend(5_000_000)
  clock.set(-HOUR_US)
  clock.spend(2_000_000)
  expect(session.now_us() - began_us).toBe(7_000_000)
  expect(session.ran_us(began_us, session.now_us())).toBe(7_000_000)
  clock.set(HOUR_US)
  clock.spend(1_000_000)
  expect(session.now_us() - began_us).toBe(8_000_000)
  expect(session.jumps).toEqual([])
})

test('what clocks drift apart in hours is no jump', () => {
  const clock = new VirtualClock()
  const session = sessionOf(clock)
  clock.set(999_999)
  clock.spend(1_000_000)
  expect(session.now_us()).toBe(clock.wall_us() - 999_999)
  clock.set(2)
  clock.spend(1_000_000)
  expect(session.now_us()).toBe(clock.wall_us())
})

test('a process that is stopped between its looks at two clocks doesn’t take that for a jump', () => {
  const clock = new VirtualClock()
  const session = sessionOf(clock)
  clock.spend(1_000_000)
  const wall_us = clock.wall_us.bind(clock)
  clock.wall_us = () => {
    const read_us = wall_us()
    clock.spend(60_000_000)
    return read_us
  }
  session.now_us()
  expect(session.jumps).toEqual([])
  expect(session.now_us()).toBeLessThanOrEqual(clock.peek_us())
})

test('RUN-CLOCK-3: the run’s clock stands still while the run is down, and what is on record from before counts too', () => {
  const clock = new VirtualClock(1_000_000_000)
  const session = sessionOf(clock, 0, { last_us: 900_000_000, stood: [[100_000_000, 300_000_000]] })
  clock.spend(5_000_000)
  // Jumps of a session that hasn't gone on yet lie in the time in which the run was down.
  clock.sleepDeeply(HOUR_US)
  clock.spend(1_000_000)
  session.now_us()
  const now_us = session.goOn()
  expect(now_us).toBe(1_006_000_000 + HOUR_US)
  expect(session.jumps).toEqual([])
  expect(session.ran_us(50_000_000, now_us)).toBe(850_000_000 - 200_000_000)
  expect(session.ran_us(200_000_000, 400_000_000)).toBe(100_000_000)
  clock.spend(2_000_000)
  expect(session.ran_us(899_000_000, session.now_us())).toBe(3_000_000)
  expect(session.ran_us(5, 4)).toBe(0)
})
