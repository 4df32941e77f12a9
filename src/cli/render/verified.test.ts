import { expect, test } from 'vitest'
import type { CheckResult } from '../../read/verify/check.ts'
import { plain } from '../terminal.ts'
import { renderVerified } from './verified.ts'

const check = (name: string, more: Partial<CheckResult> = {}): CheckResult => ({
  name,
  ok: true,
  problems: [],
  ...more,
})
const head = { ledger: 'l', size: 3, root: '' }
const run = { run: 'r', ok: false, entries: 40, tokens: 3, values: 2, sealed: false }

test('a check that was not finished has no tick, and says so', () => {
  const left = { ok: false, unfinished: true }
  const checks = [
    check('entries', { ok: false, problems: ["the log can't be read any further: a page is damaged"] }),
    check('values', left),
    check('totals', { ...left, problems: ['3 rows, and 2 are recorded'] }),
    check('seal', left),
    check('log 0'),
  ]
  const result = { ok: false, head, runs: [{ ...run, checks }], ledger: { ok: true, entries: 3, checks: [] } }
  expect(renderVerified(result, null, 80, plain)).toBe(
    [
      'run r',
      "  ✗ entries: the log can't be read any further: a page is damaged",
      '  – values: not checked to the end',
      '  ✗ totals: 3 rows, and 2 are recorded',
      '  – seal: not checked to the end',
      "  ✓ the ledger's own log knows the run, and agrees",
      'ledger',
      "doesn't hold: 2 problems.",
    ].join('\n'),
  )
})

test('erased values are counted where there are some', () => {
  const holds = { ...run, ok: true, sealed: true, checks: [check('values')] }
  const text = (erased?: number) => {
    const runs = [erased === undefined ? holds : { ...holds, values: 2398, erased }]
    return renderVerified(
      { ok: true, head, runs, ledger: { ok: true, entries: 3, checks: [] } },
      null,
      80,
      plain,
    ).split('\n')[1]
  }
  expect(text()).toBe('  ✓ 2 values against their commitments')
  expect(text(1)).toBe("  ✓ 2,398 values against their commitments; 1 more is erased, as the ledger's own log says")
  expect(text(1006)).toContain("; 1,006 more are erased, as the ledger's own log says")
})
