import { describe, expect, test } from 'vitest'
import type { Diagnostic } from '../../model/error.ts'
import { plain } from '../terminal.ts'
import { diagnosticCounts, renderDiagnostics } from './diagnostics.ts'
import { columnsOf } from './text.ts'

const problem: Diagnostic = {
  file: 'pipeline.yaml',
  line: 31,
  column: 11,
  length: 14,
  severity: 'error',
  code: 'CUSTODY_UNKNOWN_FIELD',
  message: "row.term_month isn't a field that can reach `term`",
  hint: 'did you mean term_months?',
}
const view = (text: string | null, columns = 100) => ({ paint: plain, columns, sourceLine: () => text })

describe('a diagnostic', () => {
  test('has the place, the line, the mark and the hint', () => {
    expect(renderDiagnostics([problem], view('    gate: row.term_month >= 240'))).toBe(
      [
        "pipeline.yaml:31:11: error CUSTODY_UNKNOWN_FIELD: row.term_month isn't a field that can reach `term`",
        '  31 |     gate: row.term_month >= 240',
        '     |           ^^^^^^^^^^^^^^',
        '  hint: did you mean term_months?',
      ].join('\n'),
    )
  })

  test('does without the line if the file is gone', () => {
    expect(renderDiagnostics([problem], view(null)).split('\n')).toHaveLength(2)
  })

  test('shows no ledger key that the line has', () => {
    const key = `custody-ledger-key+0123456789abcdef+${'aB+/'.repeat(11)}`
    const rendered = renderDiagnostics([{ ...problem, column: 14 }], view(`      key: ${key} # here`, 200))
    expect(rendered).toContain(`key: custody-ledger-key+0123456789abcdef+${'*'.repeat(44)} # here`)
  })

  test('marks behind tabs and wide characters', () => {
    const [, line, mark] = renderDiagnostics([{ ...problem, column: 4, length: 3 }], view('\t東xabc: 1')).split('\n')
    expect(line).toBe('  31 |     東xabc: 1')
    expect(mark).toBe('     |        ^^^')
  })

  test('cuts a long line around the mark', () => {
    const text = `${'a'.repeat(200)}ERROR${'b'.repeat(200)}`
    const [, line = '', mark = ''] = renderDiagnostics([{ ...problem, column: 201, length: 5 }], view(text, 60)).split(
      '\n',
    )
    expect(columnsOf(line)).toBeLessThanOrEqual(60)
    expect(line).toMatch(/\| …a+ERRORb+…$/)
    expect(line.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('ERROR')
  })

  test('cuts a mark that is itself too long', () => {
    const rendered = renderDiagnostics([{ ...problem, column: 1, length: 500 }], view('x'.repeat(500), 60))
    for (const line of rendered.split('\n').slice(1, 3)) expect(columnsOf(line)).toBeLessThanOrEqual(60)
  })

  test('never passes control characters on', () => {
    const rendered = renderDiagnostics([{ ...problem, message: 'a\u001b[2J' }], view('\u001b[2J: 1'))
    expect(rendered).not.toContain('\u001b')
  })
})

test('counts', () => {
  expect(diagnosticCounts([problem, problem])).toBe('2 errors')
  expect(diagnosticCounts([problem, { ...problem, severity: 'warning' }])).toBe('1 error, 1 warning')
  expect(diagnosticCounts([])).toBe('no problems')
})
