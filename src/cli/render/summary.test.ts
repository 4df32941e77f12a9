import { expect, test } from 'vitest'
import type { EndingCounts } from '../../read/show/summary.ts'
import { plain } from '../terminal.ts'
import { renderSummary } from './summary.ts'

const ending = (words: string, count: number, more: Partial<EndingCounts> = {}): EndingCounts =>
  ({ outcome: '', cause: '', class: 'failure', words, sink: null, count, ...more }) as EndingCounts

function summary(endings: readonly EndingCounts[], rows: number): string[] {
  const facts = {
    ...{ status: 'completed', rows: { read: rows, rejected: 0 }, tokens: { born: rows, ended: rows, open: 0 } },
    ...{ endings, sinks: { out: { rows: 1 } }, checkpoint: '', signed_by: null, dry_run: false },
  }
  return renderSummary(facts, '/', 120, plain)
}

test('each thing is said once', () => {
  const lines = summary([ending('dropped after an error', 2), ending('written to a sink', 3, { sink: 'problems' })], 5)
  expect(lines).toContain('    dropped                   2   after an error')
  expect(lines).toContain('    after an error            3   problems')
})

test('where there are several, each has its number', () => {
  const [, , line] = summary([ending('dropped after an error', 2), ending('rejected at the source', 1)], 3)
  expect(line).toBe('    dropped                   3   after an error 2 · rejected at the source 1')
})

test('one is one', () => {
  const lines = summary([ending('abandoned', 1)], 1).join('\n')
  expect(lines).toContain('read         1 row\n')
  expect(lines).toContain('ended        1 of 1 row instance, each exactly once\n')
  expect(lines).toContain('written      out  1 row')
})
