/** Results of test cases: for people as they come, and as JSON. */
import type { TestFile } from '../../config/tests/load.ts'
import type { Covered } from '../../host/testing/coverage.ts'
import type { DiffLine, Problem } from '../../host/testing/judge.ts'
import type { CaseResult, Tested } from '../../host/testing/test-pipeline.ts'
import type { Terminal } from '../terminal.ts'
import { count, counted, printable, shorten, wrap } from './text.ts'

type View = Pick<Terminal, 'paint' | 'columns'>

/** Lines of a comparison that are shown of each problem; of those that are the same only the ones beside others. */
const MOST_LINES = 40

/** `✓ NAME`, or `✗ NAME  FILE:LINE` with all that is wrong; `updated`: what was wrong with it is what it expects now. */
export function caseText(
  { test, index, problems }: CaseResult,
  tests: TestFile,
  { paint, columns }: View,
  updated = false,
): string {
  const name = printable(test.name)
  if (updated) return `  ${paint('yellow', '~')} ${name}  ${paint('dim', 'updated')}`
  if (problems.length === 0) return `  ${paint('green', '✓')} ${name}`
  const { line } = tests.locate(['cases', index])
  return [
    `  ${paint('red', '✗')} ${paint('bold', name)}  ${paint('dim', `${printable(tests.file)}:${line}`)}`,
    ...problems.flatMap(({ message, diff, notes }) => [
      ...wrap(printable(message), columns - 6, 8).map(each => `      ${each}`),
      ...shownLines(diff).map(each => lineText(each, { paint, columns })),
      ...notes.flatMap(note =>
        wrap(printable(`met: ${note}`), columns - 8, 4).map(each => paint('dim', `        ${each}`)),
      ),
    ]),
  ].join('\n')
}

function lineText({ kind, text }: DiffLine, { paint, columns }: View): string {
  const line = shorten(`        ${kind} ${printable(text)}`, columns * 3)
  return kind === ' ' ? paint('dim', line) : paint(kind === '-' ? 'red' : 'green', line)
}

function shownLines(diff: readonly DiffLine[]): readonly DiffLine[] {
  const shown = diff.filter((each, i) =>
    [diff[i - 1], each, diff[i + 1]].some(near => near !== undefined && near.kind !== ' '),
  )
  if (shown.length <= MOST_LINES) return shown
  return [
    ...shown.slice(0, MOST_LINES),
    { kind: ' ', text: `… and ${counted(shown.length - MOST_LINES, 'line')} more` },
  ]
}

/** How many pass, and what no case went through. `updated`: numbers of cases that expect now what they came to. */
export function closingText(
  { cases, coverage }: Tested,
  { paint, columns }: View,
  updated: ReadonlySet<number>,
): string {
  const passed = cases.filter(each => each.problems.length === 0).length
  const all = passed + updated.size === cases.length
  const { nodes, ways, error_routes } = coverage
  const part = ({ of, covered }: Covered, what: string) => `${count(covered)} of ${count(of)} ${what}`
  const missed = [...nodes.missed, ...ways.missed, ...error_routes.missed]
  const never = missed.length === 0 ? [] : wrap(missed.map(printable).join(' · '), columns - 11, 6)
  return [
    '',
    paint(
      ['bold', all ? 'green' : 'red'],
      updated.size > 0 ? updatedText(cases.length, passed, updated.size) : passedText(cases.length, passed),
    ),
    `  covered  ${part(nodes, 'nodes')} · ${part(ways, 'ways')} · ${part(error_routes, 'error routes')}`,
    ...never.map((line, i) => `  ${i === 0 ? 'never    ' : '         '}${line}`),
  ].join('\n')
}

function passedText(cases: number, passed: number): string {
  if (passed === cases) return counted(passed, 'case passes', 'cases pass')
  return `${count(passed)} of ${counted(cases, 'case passes', 'cases pass')}`
}

function updatedText(cases: number, passed: number, updated: number): string {
  const left = cases - passed - updated
  return [
    `${counted(updated, 'case')} updated`,
    ...(passed === 0 ? [] : [counted(passed, 'case passes as it was', 'cases pass as they were')]),
    ...(left === 0 ? [] : [`${counted(left, 'case fails', 'cases fail')}, and by more than what is expected`]),
  ].join(' · ')
}

/** `-` is expected, `+` is there instead. */
export function diffText(diff: readonly DiffLine[]): string {
  return diff.map(({ kind, text }) => `${kind} ${text}`).join('\n')
}

export function testedJson({ tests, name, cases, coverage }: Tested, updated: ReadonlySet<number>): unknown {
  return {
    ok: cases.every(each => each.problems.length === 0),
    file: tests.file,
    pipeline: name,
    cases: cases.map(({ test, index, problems, duration_ms }) => ({
      name: test.name,
      line: tests.locate(['cases', index]).line,
      ok: problems.length === 0,
      duration_ms,
      ...(updated.has(index) ? { updated: true } : {}),
      problems: problems.map(each => problemJson(each, index, tests)),
    })),
    coverage,
  }
}

function problemJson({ at, message, diff, notes }: Problem, index: number, tests: TestFile): unknown {
  const { line, column } = tests.locate(['cases', index, ...at], 'key')
  const of = (kind: DiffLine['kind']) => diff.filter(each => each.kind === kind).map(each => each.text)
  return { message, line, column, expected: of('-'), actual: of('+'), notes }
}
