import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MINUTE_US } from '../engine/calls/rate-window.ts'
import { thisProcess } from '../model/holder.ts'
import { LimiterFile } from './limiter-file.ts'

let folder = ''
let now_us = 0
const open: LimiterFile[] = []
const opened = () => {
  const limiter = new LimiterFile(join(folder, 'some/where/limits.db'), () => now_us)
  open.push(limiter)
  return limiter
}
beforeEach(() => {
  now_us = 1_000_000_000
  folder = mkdtempSync(join(tmpdir(), 'custody-limiter-'))
})
afterEach(() => {
  for (const limiter of open.splice(0)) limiter.close()
  rmSync(folder, { recursive: true })
})

const free = { per_minute: null, concurrency: 1_000 }
const pass = (us: number) => {
  now_us += us
}

describe('runs that name one file', () => {
  test('share the calls of a minute, each from its beginning until a minute after its end', () => {
    const limits = { per_minute: 3, concurrency: 1_000 }
    const [a, b] = [opened(), opened()]
    expect([a.begin('x', limits), b.begin('x', limits), a.begin('x', limits)]).toEqual([0, 0, 0])
    // However long they take, until they have ended they may still be counted.
    pass(10 * MINUTE_US)
    expect(b.begin('x', limits)).toBeGreaterThan(0)
    a.end('x')
    pass(9)
    expect(b.begin('x', limits)).toBe(MINUTE_US + 1 - 9)
    pass(MINUTE_US - 9)
    // Any 60 seconds, both ends included, have three at most.
    expect(b.begin('x', limits)).toBe(1)
    pass(1)
    expect(b.begin('x', limits)).toBe(0)
    expect(a.begin('x', limits)).toBeGreaterThan(0)
    expect(a.begin('other', limits)).toBe(0)
  })

  test('share the places of a service', () => {
    const limits = { per_minute: null, concurrency: 2 }
    const [a, b] = [opened(), opened()]
    expect([a.begin('x', limits), b.begin('x', limits)]).toEqual([0, 0])
    expect(a.begin('x', limits)).toBeGreaterThan(0)
    expect(a.begin('other', limits)).toBe(0)
    b.end('x')
    expect(a.begin('x', limits)).toBe(0)
    expect(b.begin('x', limits)).toBeGreaterThan(0)
  })

  test('give back places when they close, and not what they took of the minute', () => {
    const limits = { per_minute: 1, concurrency: 1 }
    const [a, b] = [opened(), opened()]
    a.begin('x', limits)
    open.shift()?.close()
    expect(b.begin('x', limits)).toBe(MINUTE_US + 1)
    pass(MINUTE_US + 1)
    expect(b.begin('x', limits)).toBe(0)
  })

  test('continue where the clock was set back', () => {
    const limits = { per_minute: 1, concurrency: 1 }
    const [a] = [opened()]
    a.begin('x', limits)
    a.end('x')
    pass(-500_000_000)
    expect(a.begin('x', limits)).toBe(MINUTE_US + 1)
  })
})

test('what a process that is gone had under way gives back its places at once, and its minutes in a minute', () => {
  const limiter = opened()
  limiter.begin('x', free)
  limiter.end('x')
  pass(MINUTE_US + 1)
  const db = new DatabaseSync(join(folder, 'some/where/limits.db'))
  const gone = JSON.stringify({ ...thisProcess(), start: 'another' })
  db.prepare('INSERT INTO under_way VALUES (?, ?, 5)').run('x', gone)
  expect(limiter.begin('x', { per_minute: 5, concurrency: 1 })).toBe(MINUTE_US + 1)
  expect(limiter.begin('x', { per_minute: null, concurrency: 1 })).toBe(0)
  expect(db.prepare('SELECT count(*) AS n FROM under_way WHERE holder = ?').get(gone)).toEqual({ n: 0 })
  db.close()
})

test('a file that is something else is refused by its name', () => {
  const path = join(folder, 'notes.txt')
  writeFileSync(path, 'not a database at all, and long enough to be read as one'.repeat(20))
  expect(() => new LimiterFile(path)).toThrow(expect.objectContaining({ code: 'CUSTODY_LIMITER' }))
  expect(() => new LimiterFile(folder)).toThrow(expect.objectContaining({ code: 'CUSTODY_LIMITER' }))
})
