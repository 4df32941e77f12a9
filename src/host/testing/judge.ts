/**
 * Holds what a case came to against what it expects: pure. Everything that differs is a problem, each with the place of the test file at
 * which it is expected.
 */
import type { Expected, ExpectedError, ExpectedRow, TestCase } from '../../config/tests/format.ts'
import type { ConfigPath } from '../../config/tree.ts'
import { canonicalize } from '../../model/canonical.ts'
import { counted } from '../../model/number-text.ts'
import { isObject, type Json, newRow, type Row } from '../../model/row.ts'
import { aligned } from './align-rows.ts'
import { fits, type Match } from './fits.ts'
import type { ErrorResult, TokenResult } from './row-result.ts'
import type { CaseRun } from './run-case.ts'

/** A line of a comparison: expected, and not there; there, and not expected; or the same. */
export interface DiffLine {
  readonly kind: '-' | '+' | ' '
  readonly text: string
}

export interface Problem {
  /** From the case: where in the test file it is expected. */
  readonly at: ConfigPath
  /** A sentence without its end. */
  readonly message: string
  readonly diff: readonly DiffLine[]
  /** Why it may be so: errors that rows met and the case doesn't expect, a sentence each. */
  readonly notes: readonly string[]
}

const problem = (
  at: ConfigPath,
  message: string,
  diff: readonly DiffLine[] = [],
  notes: readonly string[] = [],
): Problem => ({ at, message, diff, notes })

/** `match`: of rows at sinks. */
export function judge(test: TestCase, run: CaseRun, match: Match): readonly Problem[] {
  const { expect } = test
  const unanswered = [...new Set(run.unanswered)].map(message => problem(['answers'], message))
  if (unanswered.length > 0) return unanswered
  const stop = stopProblem(expect, run)
  if (stop !== null) return [stop]
  if (expect === undefined || expectsNothing(expect))
    return [problem([], 'it expects nothing: write what must result into expect, or run with --update')]
  return judgeRows(expect, run, match)
}

/** Whether any run fits. */
export function expectsNothing({ sinks, files, counts, rows, errors, status, stops }: Expected): boolean {
  return sinks.size + files.size + counts.size + rows.length === 0 && (errors ?? status ?? stops) === undefined
}

/** The same, whether and why the run stops or not. */
export function judgeRows(expect: Expected, run: CaseRun, match: Match): readonly Problem[] {
  const { status } = expect
  const problems = [
    ...(status === undefined || status === run.status
      ? []
      : [problem(['expect', 'status'], 'the run ends with another status', pair(status, run.status))]),
    ...receiptProblems('sinks', expect, run, match),
    ...receiptProblems('files', expect, run, match),
    ...[...expect.counts].flatMap(([sink, count]) => {
      const { length } = run.sinks.get(sink) ?? []
      if (length === count) return []
      return [problem(['expect', 'counts', sink], `sink \`${sink}\` receives ${counted(length, 'row')}, not ${count}`)]
    }),
    ...expect.rows.flatMap((row, index) => rowProblem(row, index, run)),
  ]
  const [first, ...others] = problems
  return [
    // Once for all that is otherwise: why a row is missing here, and is there too much elsewhere.
    ...(first === undefined ? [] : [{ ...first, notes: unexpectedErrors(expect, run) }, ...others]),
    ...errorsProblem(expect.errors, run),
    ...run.unused.map(({ service, index }) =>
      problem(['answers', service, index], `nobody asks \`${service}\` for this answer`),
    ),
  ]
}

/** More are seldom read. */
const MOST_NOTES = 5

/** Where `errors` are expected, their own comparison says them. */
function unexpectedErrors({ errors, rows }: Expected, run: CaseRun): readonly string[] {
  if (errors !== undefined) return []
  const found = run.errors.filter(
    ({ row, source, code }) =>
      !rows.some(each => each.row === row && (each.source ?? source) === source && each.error === code),
  )
  const notes = found.slice(0, MOST_NOTES).map(each => `${errorText(each, OF_BATCH)}: ${each.message}`)
  const more = found.length - notes.length
  return more > 0 ? [...notes, `and ${counted(more, 'more error')}`] : notes
}

/** The code with which a run stopped; null if it didn't. */
export function stopOf({ status, error }: CaseRun): string | null {
  return error?.code ?? (status === 'cancelled' ? status : null)
}

function stopProblem(expect: Expected | undefined, run: CaseRun): Problem | null {
  const stops = expect?.stops
  const stopped = stopOf(run)
  if (stops === undefined)
    return stopped === null ? null : problem([], `the run stops: ${run.error?.message ?? 'it was interrupted'}`)
  if (stopped === stops) return null
  const at = ['expect', 'stops']
  return stopped === null
    ? problem(at, `the run doesn’t stop with ${stops}`)
    : problem(at, 'the run stops otherwise', pair(stops, stopped))
}

const pair = (expected: string, actual: string): readonly DiffLine[] => [
  { kind: '-', text: expected },
  { kind: '+', text: actual },
]

// ── sinks ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All rows that a sink or a file gets. */
function receiptProblems(kind: 'sinks' | 'files', expect: Expected, run: CaseRun, match: Match): readonly Problem[] {
  const what = kind === 'sinks' ? 'sink' : 'file'
  return [...expect[kind]].flatMap(([name, rows]) => {
    const diff = rowsDiff(rows, run[kind].get(name) ?? [], match)
    return diff === null ? [] : [problem(['expect', kind, name], `${what} \`${name}\` receives other rows`, diff)]
  })
}

/** null if they are as expected. */
function rowsDiff(expected: readonly Row[], actual: readonly Row[], match: Match): readonly DiffLine[] | null {
  const pairs = aligned(expected, actual, (a, b) => fits(a, b, match))
  if (pairs.every(({ fit }) => fit)) return null
  return pairs.flatMap(({ expected: a, actual: b, fit }): readonly DiffLine[] => {
    if (fit) return [{ kind: ' ', text: canonicalize(a ?? {}) }]
    return [
      ...(a === null ? [] : [{ kind: '-', text: canonicalize(a) } as const]),
      ...(b === null ? [] : [{ kind: '+', text: canonicalize(a === null ? b : named(a, b, match)) } as const]),
    ]
  })
}

/** Of a row the fields that are expected, as they are; all where all are compared. */
export function named(expected: Json, actual: Json, match: Match): Json {
  if (match === 'exact' || !isObject(expected) || !isObject(actual)) return actual
  const shown = newRow()
  for (const [field, each] of Object.entries(expected)) {
    const own = Object.hasOwn(actual, field) ? actual[field] : undefined
    if (own !== undefined) shown[field] = named(each, own, match)
  }
  return shown
}

// ── rows and errors ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What can be expected of a row's end. */
export const ENDINGS = ['outcome', 'cause', 'sink', 'error', 'path'] as const

/** Its tokens; none if there is no such row. */
export function tokensOf({ row, source }: ExpectedRow, { rows }: CaseRun): readonly TokenResult[] {
  return rows.find(each => each.row === row && (source ?? each.source) === each.source)?.tokens ?? []
}

/** How much of what is expected a token fits. */
function agreement(expected: ExpectedRow, token: TokenResult): number {
  return ENDINGS.filter(key => expected[key] !== undefined && endingText(expected[key]) === endingText(token[key]))
    .length
}

/** The token that is most likely meant. */
export function closest(expected: ExpectedRow, tokens: readonly TokenResult[]): TokenResult | undefined {
  return tokens.toSorted((a, b) => agreement(expected, b) - agreement(expected, a))[0]
}

function rowProblem(expected: ExpectedRow, index: number, run: CaseRun): readonly Problem[] {
  const at = ['expect', 'rows', index]
  const tokens = tokensOf(expected, run)
  const token = closest(expected, tokens)
  const name = `row ${expected.row}${expected.source === undefined ? '' : ` of ${expected.source}`}`
  if (token === undefined) return [problem([...at, 'row'], `there is no ${name}`)]
  const wrong = ENDINGS.filter(
    key => expected[key] !== undefined && endingText(expected[key]) !== endingText(token[key]),
  )
  if (wrong.length === 0) return []
  const diff = wrong.flatMap(key => pair(`${key}: ${endingText(expected[key])}`, `${key}: ${endingText(token[key])}`))
  const more = tokens.length > 1 ? `; the nearest of its ${tokens.length} tokens` : ''
  return [problem(at, `${name} ends otherwise${more}`, diff)]
}

function endingText(value: string | readonly string[] | null | undefined): string {
  return value == null ? 'none' : typeof value === 'string' ? value : value.join(' → ')
}

const OF_BATCH = 'a row that an aggregate made:'

function errorsProblem(expected: readonly ExpectedError[] | undefined, { errors }: CaseRun): readonly Problem[] {
  if (expected === undefined) return []
  const pairs = aligned(expected, errors, isError)
  if (pairs.every(({ fit }) => fit)) return []
  const diff = pairs.flatMap(({ expected: a, actual: b, fit }): readonly DiffLine[] => {
    if (fit && b !== null) return [{ kind: ' ', text: errorText(b, OF_BATCH) }]
    return [
      ...(a === null ? [] : [{ kind: '-', text: errorText(a, 'any row') } as const]),
      ...(b === null ? [] : [{ kind: '+', text: `${errorText(b, OF_BATCH)}: ${b.message}` } as const]),
    ]
  })
  return [problem(['expect', 'errors'], 'rows meet other errors', diff)]
}

function isError(expected: ExpectedError, actual: ErrorResult): boolean {
  const { row = actual.row, source = actual.source, node = actual.node, code = actual.code } = expected
  return row === actual.row && source === actual.source && node === actual.node && code === actual.code
}

/** `nobody`: whose it is, where it is no row's. */
function errorText({ row, node, code }: ExpectedError | ErrorResult, nobody: string): string {
  return [
    row === undefined ? nobody : `row ${row}`,
    code ?? 'any error',
    ...(node === undefined ? [] : [`at ${node}`]),
  ].join(' ')
}
