import { expect, test } from 'vitest'
import type { RunLine } from '../../api/runs.ts'
import { linesOf, pairOf, trendsOf, withChange, withFirst } from './run-list.ts'

const counts = { born: 0, ended: 0, open: 0 }
const line = (run: string, read = 10, failed_rows = 0, name = 'a'): RunLine => ({
  run,
  name,
  status: 'running',
  started_at: '2026-11-21T14:02:11.482Z',
  ended_at: null,
  rows: { read, ingested: read, rejected: 0 },
  tokens: counts,
  failed_rows,
  cost_usd: 0,
  duration_ms: 1,
})
const runs = (lines: ReturnType<typeof linesOf>) => lines.map(each => each.run)

test('a first page that is asked for again adds what is new, and repeats nothing', () => {
  const pages = [
    { answer: [line('3'), line('2')], next: '/more' },
    { answer: [line('1')], next: null },
  ]
  const fresh = withFirst(pages, { answer: [line('4'), line('3', 20)], next: '/other' })
  expect(runs(linesOf(fresh))).toEqual(['4', '3', '2', '1'])
  expect(fresh[0]?.next).toBe('/more')
  expect(linesOf(fresh)[1]).toMatchObject({ rows: { read: 20 } })
})

test('a change of a run that is listed changes its line only; of another one none', () => {
  const pages = [{ answer: [line('2'), { run: '1', problem: 'torn' }], next: null }]
  const change = { ...line('2', 77, 3), status: 'completed' as const }
  const changed = withChange(pages, change)
  expect(linesOf(changed.pages)).toMatchObject([
    { run: '2', status: 'completed', failed_rows: 3, rows: { read: 77 } },
    { run: '1', problem: 'torn' },
  ])
  expect(changed.more).toBe(true)
  expect(withChange(changed.pages, change).more).toBe(false)
  for (const run of ['9', '1']) expect(withChange(pages, { ...change, run })).toEqual({ pages, more: true })
})

test('a trend has the run and those of its pipeline before it, the oldest first and at most twelve', () => {
  const lines = Array.from({ length: 30 }, (_, i) => line(String(30 - i), 30 - i, 1, i % 2 === 0 ? 'even' : 'odd'))
  const trends = trendsOf(lines)
  expect(trends.get('30')?.map(each => each.rows)).toEqual([8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30])
  expect(trends.get('3')?.map(each => each.run)).toEqual(['1', '3'])
})

test('two runs are compared from the older to the newer, however they were chosen', () => {
  const lines = [line('3'), line('2'), line('1')]
  expect(pairOf(lines, new Set(['1', '3']))).toEqual({ old: '1', new: '3' })
  expect(pairOf(lines, new Set(['1']))).toBeNull()
})
