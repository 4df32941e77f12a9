import { expect, test } from 'vitest'
import type { EndingCounts, ErrorCounts } from '../../read/show/summary.ts'
import { plain } from '../terminal.ts'
import { renderSummary, rowOrToken, statusText } from './summary.ts'

const ending = (words: string, count: number, more: Partial<EndingCounts> = {}): EndingCounts =>
  ({ outcome: '', cause: '', class: 'failure', words, sink: null, count, ...more }) as EndingCounts

function summary(endings: readonly EndingCounts[], rows: number, errors: readonly ErrorCounts[] = []): string[] {
  const facts = {
    ...{ status: 'completed', rows: { read: rows, rejected: 0 }, tokens: { born: rows, ended: rows, open: 0 } },
    ...{
      endings,
      errors,
      sinks: { out: { rows: 1 } },
      checkpoint: '',
      signed_by: null,
      writes_nothing: false,
      dry_run: false,
    },
  }
  return renderSummary(facts, '/', 120, plain)
}

test('how many rows failed is said as it is: all, most, or the share; never some of all', () => {
  const text = (read: number, failed_rows: number) =>
    statusText({ status: 'completed_with_failures', rows: { read }, failed_rows }, 2_000_000, plain)
  expect(text(60, 60)).toBe('done in 2 s; all 60 rows ended in failure')
  expect(text(1, 1)).toBe('done in 2 s; its one row ended in failure')
  expect(text(400, 312)).toBe('done in 2 s; most rows ended in failure: 312 of 400')
  expect(text(2400, 12)).toBe('done in 2 s; 12 of 2,400 rows ended in failure (0.5 %)')
  expect(text(10_000_000, 1)).toBe('done in 2 s; 1 of 10,000,000 rows ended in failure (less than 0.1 %)')
  expect(text(5, 0)).toBe('done in 2 s; some of what was made of rows ended in failure')
})

test('a run that was judged not to be good enough has published nothing', () => {
  const text = (reason: string) =>
    statusText({ status: 'failed', rows: { read: 5 }, failed_rows: 5, stopped: { reason } }, 1_000_000, plain)
  expect(text('guard')).toBe('stopped after 1 s; nothing was published')
  expect(text('strict')).toBe('stopped after 1 s; nothing was published')
  expect(text('plugin')).toBe('failed after 1 s')
})

test('each thing is said once', () => {
  const lines = summary([ending('dropped after an error', 2), ending('written to a sink', 3, { sink: 'problems' })], 5)
  expect(lines).toContain('    dropped                   2   after an error')
  expect(lines).toContain('    after an error            3   problems')
})

test('where there are several, each has its number', () => {
  const [, , line] = summary([ending('dropped after an error', 2), ending('rejected at the source', 1)], 3)
  expect(line).toBe('    dropped                   3   after an error 2 · rejected at the source 1')
})

test('what is in doubt is not called dropped', () => {
  const doubt = ending('in doubt: the far side may have taken it', 2, { outcome: 'FAILED', cause: 'in_doubt' })
  expect(summary([ending('dropped after an error', 1), doubt], 3).slice(2, 4)).toEqual([
    '    dropped                   1   after an error',
    '    in doubt                  2   the far side may have taken it',
  ])
})

test('one is one', () => {
  const lines = summary([ending('abandoned', 1)], 1).join('\n')
  expect(lines).toContain('read         1 row\n')
  expect(lines).toContain('ended        1 of 1 row, each exactly once\n')
  expect(lines).toContain('written      out  1 row')
})

test('tokens are rows where each row has only one', () => {
  const one = { rows: { read: 3, rejected: 0 }, tokens: { born: 3, ended: 3, open: 0 } }
  expect(rowOrToken(one)).toBe('row')
  expect(rowOrToken({ ...one, tokens: { born: 5, ended: 3, open: 2 } })).toBe('token')
})

test('errors are listed by code and node, the three most frequent', () => {
  const error = (code: string, node: string, count: number): ErrorCounts => ({ code, node, count })
  const two = [error('KEYWORD_FOUND', 'screen', 1215), error('CSV_RAGGED', 'applications', 2)]
  const line = (errors: readonly ErrorCounts[]) => summary([], 5, errors).find(each => each.includes('errors'))
  expect(line([])).toBeUndefined()
  expect(line(two)).toBe('  errors       1,215 KEYWORD_FOUND at screen · 2 CSV_RAGGED at applications')
  const four = [...two, error('C', 'c', 1), error('D', 'd', 1)]
  expect(line(four)).toBe(`${line(two)} · 1 C at c · …`)
})
