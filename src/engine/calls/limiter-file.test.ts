import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thisProcess } from '../../model/holder.ts'
import { LimiterFile } from './limiter-file.ts'
import { MINUTE_US } from './pace.ts'

let folder = ''
const open: LimiterFile[] = []
const opened = () => {
  const limiter = new LimiterFile(join(folder, 'some/where/limits.db'))
  open.push(limiter)
  return limiter
}
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-limiter-'))
})
afterEach(() => {
  for (const limiter of open.splice(0)) limiter.close()
  rmSync(folder, { recursive: true })
})

const free = { per_minute: null, concurrency: 1_000 }

describe('runs that name one file', () => {
  test('share the calls of a minute', () => {
    const limits = { per_minute: 3, concurrency: 1_000 }
    const [a, b] = [opened(), opened()]
    expect([a.begin('x', limits, 1), b.begin('x', limits, 2), a.begin('x', limits, 3)]).toEqual([0, 0, 0])
    // Any 60 seconds, both ends included, have three at most.
    expect(b.begin('x', limits, 10)).toBe(1 + MINUTE_US + 1 - 10)
    expect(b.begin('x', limits, 1 + MINUTE_US)).toBe(1)
    expect(b.begin('x', limits, 2 + MINUTE_US)).toBe(0)
    expect(a.begin('x', limits, 2 + MINUTE_US)).toBe(1)
    expect(a.begin('other', limits, 10)).toBe(0)
  })

  test('share the places of a service', () => {
    const limits = { per_minute: null, concurrency: 2 }
    const [a, b] = [opened(), opened()]
    expect([a.begin('x', limits, 1), b.begin('x', limits, 1)]).toEqual([0, 0])
    expect(a.begin('x', limits, 1)).toBeGreaterThan(0)
    expect(a.begin('other', limits, 1)).toBe(0)
    b.end('x')
    expect(a.begin('x', limits, 1)).toBe(0)
    expect(b.begin('x', limits, 1)).toBeGreaterThan(0)
  })

  test('give back what they had when they close', () => {
    const limits = { per_minute: null, concurrency: 1 }
    const [a, b] = [opened(), opened()]
    a.begin('x', limits, 1)
    expect(b.begin('x', limits, 1)).toBeGreaterThan(0)
    open.shift()?.close()
    expect(b.begin('x', limits, 1)).toBe(0)
  })
})

test('what a process that is gone had under way is forgotten', () => {
  const limiter = opened()
  limiter.begin('x', free, 1)
  limiter.end('x')
  const db = new DatabaseSync(join(folder, 'some/where/limits.db'))
  const gone = JSON.stringify({ ...thisProcess(), start: 'another' })
  db.prepare('INSERT INTO under_way VALUES (?, ?, 5)').run('x', gone)
  expect(limiter.begin('x', { per_minute: null, concurrency: 1 }, 1)).toBe(0)
  expect(db.prepare('SELECT count(*) AS n FROM under_way WHERE holder = ?').get(gone)).toEqual({ n: 0 })
  db.close()
})

test('a file that is something else is refused by its name', () => {
  const path = join(folder, 'notes.txt')
  writeFileSync(path, 'not a database at all, and long enough to be read as one'.repeat(20))
  expect(() => new LimiterFile(path)).toThrow(expect.objectContaining({ code: 'CUSTODY_LIMITER' }))
  expect(() => new LimiterFile(folder)).toThrow(expect.objectContaining({ code: 'CUSTODY_LIMITER' }))
})
