import { expect, test } from 'vitest'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import { SessionClock } from './session-clock.ts'

test('rings as its clock does, until it is closed', () => {
  const clock = new VirtualClock()
  const session = new SessionClock(clock, 0)
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
  const session = new SessionClock(clock, 5_000)
  expect(session.now_us()).toBe(5_000)
  session.wake(10, () => undefined)
  clock.advance()
  expect(session.now_us()).toBe(5_010)
  expect(new SessionClock(clock, 500).now_us()).toBe(clock.now_us())
})

test('gives no time twice where it is asked to, and doesn’t go back behind what it gave', () => {
  const session = new SessionClock(new VirtualClock(1_000), 0)
  expect([session.next_us(), session.next_us(), session.now_us()]).toEqual([1_000, 1_001, 1_001])
})
