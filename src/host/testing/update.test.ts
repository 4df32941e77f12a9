import { expect, test } from 'vitest'
import { parseTests } from '../../config/tests/load.ts'
import { CustodyError } from '../../model/error.ts'
import type { Row } from '../../model/row.ts'
import { judge } from './judge.ts'
import type { CaseRun } from './run-case.ts'
import { updated, withCase } from './update.ts'

/** A run of which row 1 went to `out`, and row 2 met an error. */
const RUN: CaseRun = {
  status: 'completed_with_failures',
  error: null,
  sinks: new Map<string, readonly Row[]>([
    ['out', [{ id: 1, name: 'ann' }]],
    ['bad', []],
  ]),
  files: new Map(),
  rows: [
    {
      source: 'in',
      row: 1,
      errors: [],
      tokens: [{ outcome: 'COMPLETED', cause: 'flow', sink: 'out', error: null, path: ['in', 'out'] }],
    },
    {
      source: 'in',
      row: 2,
      errors: [{ row: 2, source: 'in', node: 'in', code: 'SCHEMA_TYPE', message: 'no number' }],
      tokens: [{ outcome: 'QUARANTINED', cause: 'source_invalid', sink: null, error: 'SCHEMA_TYPE', path: ['in'] }],
    },
  ],
  errors: [{ row: 2, source: 'in', node: 'in', code: 'SCHEMA_TYPE', message: 'no number' }],
  nodes: [],
  unanswered: [],
  unused: [],
}

/** The text after an update, and that it then expects what is so. */
function update(text: string, run: CaseRun = RUN): string {
  const after = (before: string) => {
    const { tests } = parseTests(before, 'p.test.yaml')
    if (tests === null) throw new Error(`doesn’t parse:\n${before}`)
    const cases = tests.content.cases.map((each, index) => ({
      test: each,
      index,
      run,
      problems: judge(each, run, each.match ?? tests.content.match),
      duration_ms: 0,
    }))
    return { tests, name: 'p', cases, coverage: NOTHING, interrupted: false }
  }
  const { text: result } = updated(after(text))
  expect(after(result).cases.flatMap(each => each.problems)).toEqual([])
  return result
}

const NONE = { of: 0, covered: 0, missed: [] }
const NOTHING = { nodes: NONE, ways: NONE, error_routes: NONE }

test('a case that expects nothing gets all that its sinks receive', () => {
  expect(
    update(`# mine
cases:
  - name: one   # of two
    rows: { in: [{ id: 1 }] }

  # more
  - name: 'two'
    rows: { in: [] }
`),
  ).toBe(`# mine
cases:
  - name: one   # of two
    rows: { in: [{ id: 1 }] }
    expect:
      sinks:
        out:
          - { id: 1, name: ann }
        bad: []

  # more
  - name: 'two'
    rows: { in: [] }
    expect:
      sinks:
        out:
          - { id: 1, name: ann }
        bad: []
`)
})

test('rows of files are replaced by those that go there, and a case without expect gets them, too', () => {
  const run = { ...RUN, files: new Map([['out/a.csv', [{ id: 1, name: 'ann' }]]]) }
  const text = (expected: string) => `cases:\n  - { name: one, expect: { files: ${expected} } }\n`
  expect(update(text('{ out/a.csv: [{ id: 2 }], out/b.csv: [{ id: 1 }] }'), run)).toBe(
    text('{ out/a.csv: [ { id: 1 } ], out/b.csv: [] }'),
  )
  expect(update('cases:\n  - { name: one }\n', run)).toContain('files: { out/a.csv: [ { id: 1, name: ann } ] }')
})

test('only what is otherwise is replaced, and of rows only what was expected of them', () => {
  expect(
    update(`cases:
  - name: blocks
    expect:
      sinks:
        out:   # all of it
          - { id: 3 }
          - id: 4
            name: bob
        bad: [{ id: 2 }]   # none
      counts: { out: 2,   bad: 0 }
      rows:
        - { row: 1, sink: bad, path: [in, bad] }   # the first
        - row: 2
          sink: out
          error: OTHER
      errors: []
      status: completed # for now
  - { name: braces, expect: { sinks: { out: [] }, counts: { out: 4 } } }
`),
  ).toBe(`cases:
  - name: blocks
    expect:
      sinks:
        out:   # all of it
          - { id: 1 }
        bad: []   # none
      counts: { out: 1,   bad: 0 }
      rows:
        - { row: 1, sink: out, path: [ in, out ] }   # the first
        - { row: 2, error: SCHEMA_TYPE }
      errors:
        - { row: 2, source: in, node: in, code: SCHEMA_TYPE }
      status: completed_with_failures # for now
  - { name: braces, expect: { sinks: { out: [ { id: 1, name: ann } ] }, counts: { out: 1 } } }
`)
})

test('a stop that isn’t one takes nothing with it, and one that is new adds itself', () => {
  expect(
    update(`cases:
  - name: block
    expect:
      stops: CUSTODY_SOURCE   # some day
      counts: { out: 7 }   # of ten
      status: completed_with_failures # as ever
  - { name: braces, expect: { counts: { out: 1 }, stops: CUSTODY_SOURCE } }
  - { name: first, expect: { stops: CUSTODY_SOURCE, counts: { out: 1 } } }
  - name: alone
    expect: { stops: CUSTODY_SOURCE }
`),
  ).toBe(`cases:
  - name: block
    expect:
      counts: { out: 1 }   # of ten
      status: completed_with_failures # as ever
  - { name: braces, expect: { counts: { out: 1 } } }
  - { name: first, expect: { counts: { out: 1 } } }
  - name: alone
    expect:
      sinks:
        out:
          - { id: 1, name: ann }
        bad: []
`)
  const stopped = { ...RUN, error: new CustodyError('CUSTODY_SOURCE', 'gone') }
  expect(
    update(
      `cases:
  - name: block
    expect:
      counts: { out: 1 }
      status: completed_with_failures # as ever
  - name: other
    expect: { stops: CUSTODY_HEADER, counts: { out: 2 } }
`,
      stopped,
    ),
  ).toBe(`cases:
  - name: block
    expect:
      counts: { out: 1 }
      status: completed_with_failures # as ever
      stops: CUSTODY_SOURCE
  - name: other
    expect: { stops: CUSTODY_SOURCE, counts: { out: 1 } }
`)
})

test('comments stay in their lines, and a case that expects nothing is filled', () => {
  expect(
    update(`cases:
  - name: errors   # met
    expect:
      errors: []   # none, it was thought
      counts: { out: 1 }
  - name: nothing   # yet
    expect: {}   # --update
  - name: bare   # last of all
`),
  ).toBe(`cases:
  - name: errors   # met
    expect:
      errors:   # none, it was thought
        - { row: 2, source: in, node: in, code: SCHEMA_TYPE }
      counts: { out: 1 }
  - name: nothing   # yet
    expect:   # --update
      sinks:
        out:
          - { id: 1, name: ann }
        bad: []
  - name: bare   # last of all
    expect:
      sinks:
        out:
          - { id: 1, name: ann }
        bad: []
`)
})

test('a case is appended behind the comment of the last line', () => {
  expect(withCase('cases:\n  - name: one   # of two\n', { name: 'two' })).toBe(
    'cases:\n  - name: one   # of two\n\n  - name: two\n',
  )
})

test('a case with more wrong than its expectations stays as it is', () => {
  const text = 'cases: [{ name: gone, expect: { rows: [{ row: 9, sink: out }], counts: { out: 7 } } }]\n'
  const { tests } = parseTests(text, 'p.test.yaml')
  const [only] = tests?.content.cases ?? []
  if (tests === null || only === undefined) throw new Error('it doesn’t parse')
  const result = { test: only, index: 0, run: RUN, problems: judge(only, RUN, 'fields'), duration_ms: 0 }
  expect(updated({ tests, name: 'p', cases: [result], coverage: NOTHING, interrupted: false })).toEqual({
    text,
    changed: new Set(),
  })
})
