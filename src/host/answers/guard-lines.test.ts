import { expect, test } from 'vitest'
import type { Threshold } from '../../plan/plan.ts'
import { type GuardedRun, guardLines } from './guard-lines.ts'

const NONE = { rejected: null, failed: null, min_rows: null }
const share = (percent: number): Threshold => ({ kind: 'share', percent })
const count = (most: number): Threshold => ({ kind: 'count', most })
const OFF: Threshold = { kind: 'off' }

function lines(own: Partial<GuardedRun>, source: Partial<GuardedRun['sources'][number]> = {}) {
  const sources = [{ source: 's', guards: NONE, records: 100, rejected: 6, failed: 20, done: true, ...source }]
  const run = { guards: NONE, sources, over: true, stops: 0, published: true, ...own }
  return guardLines(run).map(({ key, counted, of, state, did }) => [key, counted, of, state, did])
}

test('each guard has what it allows, what was counted, and what became of it', () => {
  const guards = { rejected: share(5), failed: share(20), min_rows: count(95) }
  expect(lines({ guards, stops: 1, published: false })).toEqual([
    ['guards.rejected', 6, 100, 'broken', 'stopped'],
    ['guards.failed', 20, 100, 'held', 'nothing'],
    ['guards.min_rows', 94, null, 'broken', 'stopped'],
  ])
})

test('what was published all the same was overruled; what hasn’t ended isn’t judged', () => {
  const guards = { ...NONE, failed: count(10), min_rows: count(500) }
  expect(lines({ guards })[1]).toEqual(['guards.failed', 20, 100, 'broken', 'overruled'])
  expect(lines({ guards, over: false }, { done: false }).map(([key, , , state]) => [key, state])).toEqual([
    ['guards.rejected', 'open'],
    ['guards.failed', 'open'],
    ['guards.min_rows', 'open'],
  ])
})

test('a source’s own guards stand before those of the run, and may be off', () => {
  const guards = { ...NONE, rejected: share(1) }
  const own = { rejected: OFF, failed: count(20), min_rows: count(0) }
  expect(lines({ guards }, { guards: own })).toEqual([
    ['sources.s.guards.rejected', 6, 100, 'off', 'nothing'],
    ['sources.s.guards.min_rows', 94, null, 'off', 'nothing'],
    ['sources.s.guards.failed', 20, 100, 'held', 'nothing'],
  ])
})

test('where nothing was said, all records rejected, or none where there had been some, stop a run', () => {
  const all = { records: 10, rejected: 10, failed: 10, done: false }
  expect(lines({ over: false, stops: 1, published: false }, all)).toEqual([
    ['guards.rejected', 10, 10, 'broken', 'stopped'],
  ])
  const none = { records: 0, rejected: 0, failed: 0 }
  expect(lines({ stops: 1, published: false }, none)[1]).toEqual(['guards.min_rows', 0, null, 'broken', 'stopped'])
  expect(lines({}, none)[1]).toEqual(['guards.min_rows', 0, null, 'held', 'nothing'])
})
