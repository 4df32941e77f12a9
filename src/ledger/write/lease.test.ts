import { afterEach, expect, test, vi } from 'vitest'
import { checkLease, LEASE_US, leaseIn, RENEW_EVERY_US } from './lease.ts'

afterEach(() => vi.unstubAllEnvs())

test('a lease is renewed three times and more before it runs out', () => {
  expect(LEASE_US).toBe(10_000_000)
  expect(RENEW_EVERY_US * 3).toBeLessThan(LEASE_US)
})

test.each([
  ['500ms', 500],
  ['1s', 1_000],
  ['10m', 600_000],
])('one of %s can be asked for', (asked, ms) => {
  vi.stubEnv('CUSTODY_LEASE', asked)
  expect(leaseIn(asked)).toBe(ms)
  expect(checkLease).not.toThrow()
})

test.each(['499ms', '11m', 'soon', '0s', '-1s', '5'])('one of %s is refused', asked => {
  vi.stubEnv('CUSTODY_LEASE', asked)
  expect(leaseIn(asked)).toBeNull()
  expect(checkLease).toThrow(expect.objectContaining({ code: 'CUSTODY_ARGUMENT' }))
})

test.each([undefined, ''])('nothing is asked for by %j', asked => {
  vi.stubEnv('CUSTODY_LEASE', asked)
  expect(checkLease).not.toThrow()
})
