import { describe, expect, test } from 'vitest'
import { brokenFailure, failure, type StatusRules, statusFailure } from './failures.ts'
import { retriedStatuses } from './options.ts'

const RULES: StatusRules = { retried: retriedStatuses(true), one_service: true, authenticated: true, stop_on: [403] }
const of = (status: number, rules: Partial<StatusRules> = {}, more: { direct?: boolean; wait?: number } = {}) =>
  statusFailure(
    { status, origin: 'https://one.example', retry_after_ms: more.wait ?? null, direct: more.direct ?? true },
    { ...RULES, ...rules },
  )

describe('a status', () => {
  test.each([
    ['401 with credentials', of(401), 'auth'],
    ['407 with credentials', of(407), 'auth'],
    ['402 with credentials', of(402), 'quota'],
    ['one that is listed', of(403), 'status'],
    ['401 without credentials', of(401, { authenticated: false }), undefined],
    ['403 that isn’t listed', of(403, { stop_on: [] }), undefined],
    ['401 of another service, behind a redirect', of(401, {}, { direct: false }), undefined],
    ['404', of(404), undefined],
  ])('%s stops the run, or doesn’t', (_what, failed, stops) => {
    expect(failed.stops).toBe(stops)
    expect(failed).toMatchObject({ retryable: false, unbilled: true })
  })

  test.each([
    ['500', of(500), { outage: true, retryable: true }],
    ['501', of(501), { outage: true, retryable: false }],
    ['520 of a gateway', of(520), { outage: true, retryable: true }],
    ['408', of(408), { outage: true, retryable: true }],
    ['503 with Retry-After', of(503, {}, { wait: 2000 }), { throttled: true, retry_after_ms: 2000, unbilled: true }],
    ['529 with Retry-After', of(529, {}, { wait: 2000 }), { throttled: true, retry_after_ms: 2000, unbilled: true }],
    ['429', of(429), { throttled: true, code: 'HTTP_RATE_LIMITED' }],
  ])('%s is the service’s', (_what, failed, expected) => {
    expect(failed).toMatchObject(expected)
    expect(failed.stops).toBeUndefined()
  })

  test('where rows bring the URL, or a redirect leads elsewhere, nothing is the service’s', () => {
    expect(of(500, { one_service: false })).not.toHaveProperty('outage')
    expect(of(500, {}, { direct: false })).not.toHaveProperty('outage')
  })
})

describe('a connection', () => {
  const broken = (reached: 'nothing' | 'service', code = 'HTTP_NETWORK', direct = true) =>
    brokenFailure({ ...failure(code, 'no', false), reached, direct }, { one_service: true })

  test('that was never made can be tried again, and cost nothing', () => {
    expect(broken('nothing')).toEqual({ ...failure('HTTP_NETWORK', 'no', true), outage: true, unbilled: true })
    expect(broken('nothing', 'HTTP_TLS')).toMatchObject({ outage: true, retryable: true })
  })

  test('that broke may have bought something, and isn’t tried again where that would do it twice', () => {
    expect(broken('service')).toEqual({ ...failure('HTTP_NETWORK', 'no', false), outage: true })
  })

  test('behind a redirect, or to what no row may ask, is the row’s', () => {
    expect(broken('nothing', 'HTTP_NETWORK', false)).not.toHaveProperty('outage')
    expect(broken('nothing', 'HTTP_ADDRESS_REFUSED')).not.toHaveProperty('outage')
  })
})
