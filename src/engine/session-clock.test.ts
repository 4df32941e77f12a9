import { expect, test } from 'vitest'
import { VirtualClock } from '../../test/support/virtual-clock.ts'
import { SessionClock } from './session-clock.ts'

test('rings as its clock does, until it is closed', () => {
  const clock = new VirtualClock()
  const session = new SessionClock(clock)
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
