/** The format of test files (docs: “Testing pipelines”), as zod schemas: checker, typed values and documents are made from them. */
import { z } from 'zod'
import { ERRORS } from '../../model/error-codes.ts'
import { FATES } from '../../model/outcome.ts'
import type { Json, Row } from '../../model/row.ts'
import { list, map, object } from '../compound.ts'
import * as leaf from '../leaf.ts'
import { nearestHint } from '../nearest.ts'
import { words } from '../part.ts'
import { byKey, isMap } from '../picked.ts'

const { choice, count, instant, integer, text } = leaf

/** Of a row. */
const fields = z.custom<Row>(isMap).register(words, {
  docs: 'map: fields with their values',
  explain: () => ({ must: 'a map of fields' }),
  open: true,
})
/** A request or a response. */
const json = z
  .custom<Json>(value => value !== undefined)
  .register(words, {
    docs: 'any value',
    explain: () => ({ must: 'a value' }),
    open: true,
  })
const rows = list('row', 0, fields)
const empty_map = () => new Map<string, never>()

const answer = object('an answer', {
  when: json.optional().describe('Only for requests with these fields; absent: for any.'),
  response: json.describe('What the service answers, as it is recorded of a real call.'),
})
const failure = object('an answer that fails', {
  when: json.optional().describe('Only for requests with these fields; absent: for any.'),
  failure: object('a failure', {
    code: text.describe('One of the plugin’s error codes.'),
    message: text.prefault('the test says so').describe('For people.'),
    retryable: z
      .boolean()
      .register(words, { docs: '`true` or `false`', explain: () => ({ must: 'true or false' }) })
      .prefault(false)
      .describe('Whether another attempt could help.'),
  }).describe('The service gives no answer that can be used.'),
})

/** One of the words, which are too many for a table. */
function oneOf(known: readonly string[], docs: string, what: string, more: string) {
  return z.enum(known).register(words, {
    docs,
    explain: value =>
      typeof value === 'string'
        ? { says: `can’t be \`${value}\``, hint: nearestHint(value, known, what) ?? more }
        : { must: 'a text' },
  })
}
const outcome = oneOf([...new Set(FATES.map(each => each.outcome))], 'an outcome', 'outcomes', 'see docs/outcomes.md')
const cause = oneOf([...new Set(FATES.map(each => each.cause))], 'a cause', 'causes', 'see docs/outcomes.md')
const stop = oneOf([...Object.keys(ERRORS), 'cancelled'], 'a code', 'codes', 'docs/errors.md lists them')

const row = object('an expected row', {
  row: count.describe('Which one: its number in its source, from 1; records that are rejected count, too.'),
  source: text.optional().describe('Its source; needed if the pipeline has several.'),
  outcome: outcome.optional().describe('How it ends: COMPLETED, ROUTED, DISCARDED, … .'),
  cause: cause.optional().describe('Why it ends so: flow, gate, error, … .'),
  sink: text.optional().describe('The sink that it ends at.'),
  error: text.optional().describe('The code of the error with which it ends.'),
  path: list('node', 1, text)
    .optional()
    .describe('The names of the nodes that it goes through, from its source to its end.'),
})

const error = object('an expected error', {
  row: count.optional().describe('The number of the row in its source, from 1.'),
  source: text.optional().describe('Its source.'),
  node: text.optional().describe('Where it happens; a source, if the record doesn’t fit its schema.'),
  code: text.optional().describe('Its code.'),
})

const expected = object('expect', {
  sinks: map('sink', 'name', 0, rows)
    .prefault(empty_map)
    .describe('All rows that these sinks receive, in their order. Of each row the fields that are named are compared.'),
  files: map('file', 'any', 0, rows)
    .prefault(empty_map)
    .describe(
      'All rows that go to these files, in their order, where a sink’s path depends on the row. Paths are as the pipeline file would have them.',
    ),
  counts: map('sink', 'name', 0, integer(0)).prefault(empty_map).describe('How many rows these sinks receive.'),
  rows: list('row', 0, row)
    .prefault([])
    .describe('How rows end. Of a row that was forked or expanded, one of its tokens must end so.'),
  errors: list('error', 0, error)
    .optional()
    .describe('All errors that rows meet, in the order of the rows; [] if they meet none.'),
  status: choice('completed', 'completed_with_failures', 'empty').optional().describe('How the run ends.'),
  stops: stop.optional().describe('The code of the error with which the run stops.'),
})

const test_case = object('a case of a test file', {
  name: text.describe('What it shows, in one sentence.'),
  rows: map('source', 'name', 0, rows)
    .prefault(empty_map)
    .describe(
      'Rows by source, as its schema is given them: what options of the source rewrite (decimal, date_format, null_values) is rewritten already. A source that isn’t named has none.',
    ),
  files: map('source', 'name', 0, text)
    .prefault(empty_map)
    .describe('Instead of rows: the file that a source reads, from the test file’s folder; or a pattern, for several.'),
  answers: map(
    'service',
    'any',
    0,
    list('answer', 1, byKey({ response: answer, failure }).register(words, { what: 'an answer' })),
  )
    .prefault(empty_map)
    .describe('What services answer. Nothing is asked: a call that has no answer here fails the case.'),
  set: list('setting', 0, text)
    .prefault([])
    .describe('Values that replace some of the pipeline file, each as in --set: PATH=VALUE.'),
  clock: instant
    .optional()
    .describe('When the run starts, as run.started_at says it: for expressions that look at the date. Else it is now.'),
  match: choice('fields', 'exact')
    .optional()
    .describe('exact: a row at a sink has the expected fields and no others. Else as the file says.'),
  expect: expected.optional().describe('What must result; --update writes it.'),
})

export const TESTS = object('a test file', {
  pipeline: text
    .optional()
    .describe('The pipeline file, from the test file’s folder; NAME.yaml for NAME.test.yaml if not given.'),
  match: choice('fields', 'exact')
    .prefault('fields')
    .describe('fields: a row at a sink may have more fields than are expected. exact: it may not.'),
  cases: list('case', 1, test_case).describe('The cases, each with a run of its own.'),
})

export type TestsContent = z.output<typeof TESTS>
export type TestCase = TestsContent['cases'][number]
export type Expected = NonNullable<TestCase['expect']>
export type ExpectedRow = Expected['rows'][number]
export type ExpectedError = NonNullable<Expected['errors']>[number]
export type GivenAnswer = TestCase['answers'] extends Map<string, Array<infer A>> ? A : never
