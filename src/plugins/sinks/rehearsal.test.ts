import { expect, test } from 'vitest'
import type { Row } from '../../model/row.ts'
import { OBSERVED } from '../../model/schema.ts'
import type { SinkContext, SinkSpec } from '../../sdk/spec.ts'
import { csvSink } from './csv.ts'
import { httpSink } from './http.ts'
import { jsonSink } from './json.ts'
import { jsonlSink } from './jsonl.ts'
import { textSink } from './text.ts'

const CONTEXT: SinkContext = {
  ...{ node: 'out', folder: '/nowhere', input: OBSERVED, secrets: [], run: 'r', placed: null },
  ...{ run_started_us: () => 0, originalNames: () => ({}) },
  inUse: path => (path === '/nowhere/out/held' ? 'which is the ledger' : null),
}

/** Of each row the code of its error, or its file. */
// biome-ignore lint/suspicious/noExplicitAny: sinks of any options; each parses its own
function said(spec: SinkSpec<any>, options: object, rows: readonly Row[]) {
  const rehearsal = spec.rehearse?.(spec.options.parse(options), CONTEXT)
  return rows.map(row => {
    const answer = rehearsal?.row(row)
    return answer?.kind === 'error' ? answer.code : answer?.file
  })
}

test.each([
  ['csv', csvSink],
  ['jsonl', jsonlSink],
  ['json', jsonSink],
])('%s says which file a row goes to, or why to none, and touches nothing', (_, spec) => {
  const rows = ['a', 'b', 'A', null, '', 'x/y', 'held', 'c'].map(name => ({ name }))
  expect(said(spec, { path: 'out/{{ row.name }}', max_files: 2 }, rows)).toEqual([
    'out/a',
    'out/b',
    'out/a',
    'PATH_NULL',
    'PATH_VALUE',
    'PATH_VALUE',
    'PATH_IN_USE',
    'PATH_FILES',
  ])
})

test('a row without text makes no file, and its errors are those of the format', () => {
  const rows = [{ a: 'x' }, { a: 'y', text: 'one' }, { a: 'x', text: 'two' }]
  expect(said(textSink, { path: '{{ row.a }}', max_files: 1 }, rows)).toEqual(['TEXT_FIELD', 'y', 'PATH_FILES'])
  expect(said(csvSink, { path: 'one.csv' }, [{ a: 1 }, { a: 2, b: 3 }, { a: 4 }])).toEqual([
    null,
    'COLUMN_UNKNOWN',
    null,
  ])
})

test('a request that can’t be built is refused, and none is made', () => {
  const options = { url: 'https://desk.example/{{ row.id }}' }
  expect(said(httpSink, options, [{ id: 1 }, { other: 1 }])).toEqual([null, 'HTTP_URL'])
})
