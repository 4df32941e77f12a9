import { expect, test } from 'vitest'
import { serviceText } from './service.ts'

const now_us = 1_700_000_000_000_000

test('a service that is down, one that wants to be left alone, and one that was asked as often as it may be', () => {
  const facts = { service: 'openai', now_us, open: 412, one_each: true }
  expect(serviceText({ kind: 'down', ...facts, failures: 25, last: '503', next_try_us: now_us + 20_000_000 })).toBe(
    '  ⏸ openai: 25 calls in a row failed (503), next try in 20 s · 412 rows wait',
  )
  expect(serviceText({ kind: 'left_alone', ...facts, open: 1, until_us: now_us + 600_000_000 })).toBe(
    '  ⏸ openai asks to be left alone until 2023-11-14 22:23:20Z, for 10 min · 1 row waits',
  )
  const paced = { kind: 'paced', ...facts, until_us: now_us + 58_000_000 } as const
  expect(serviceText({ ...paced, assumed: true })).toBe(
    '  ⏸ openai: the process before may have asked as often as `per_minute` allows, next call in 58 s · 412 rows wait',
  )
  expect(serviceText({ ...paced, assumed: false })).toBe(
    '  ⏸ openai: `per_minute` is reached, next call in 58 s · 412 rows wait',
  )
  expect(serviceText({ ...paced, one_each: false, assumed: false })).toMatch(/412 tokens wait$/)
  expect(serviceText({ kind: 'back', service: 'open\u001bai' })).toBe('  ▶ open\\u001bai answers again')
})
