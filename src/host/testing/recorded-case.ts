/** A case made of a row on record: its data as it was ingested, what services answered, and how it ended. */
import { CustodyError } from '../../model/error.ts'
import { isObject, type Json, type MutableRow, newRow, type Row } from '../../model/row.ts'
import { formatTime } from '../../model/time.ts'
import type { RunReader } from '../../read/evidence/run-reader.ts'
import { explainRow } from '../../read/explain/explain.ts'
import type { CallStory, Known, Story, TokenStory } from '../../read/explain/story.ts'
import { startedOf } from '../../read/runs/started.ts'
import { resultOf } from './row-result.ts'

/** The name of the case that is made of a row. */
const caseName = (run: string, row: number) => `row ${row} of run ${run}`

/** @throws CustodyError CUSTODY_ROW_UNKNOWN; CUSTODY_ARGUMENT if the row can't be given again. */
export async function recordedCase(reader: RunReader, log: number, row: number): Promise<Row> {
  const story = await explainRow(reader, log, row)
  const { subject, run } = story
  if (subject.kind !== 'row') throw new TypeError('a batch is no row')
  const { source } = subject
  const test = newRow()
  test.name = caseName(run, row)
  const started_us = await startedOf(reader, log)
  if (started_us !== null) test.clock = instant(started_us)
  test.rows = mapOf([[source, [ingested(story, row)]]])
  const answers = answersOf(story)
  if (answers.length > 0) test.answers = mapOf(answers)
  test.expect = expected(story, source)
  return test
}

/** To the microsecond. */
function instant(time_us: number): string {
  const micros = time_us % 1000
  return micros === 0 ? formatTime(time_us) : formatTime(time_us).replace('Z', `${String(micros).padStart(3, '0')}Z`)
}

/** @throws CustodyError CUSTODY_ARGUMENT. */
function ingested({ tokens }: Story, row: number): Row {
  const [first] = tokens[0]?.visits ?? []
  if (first?.error != null)
    throw refused(`row ${row} was rejected, so that there is no row to give`, 'Give its record in a file, with files:.')
  const data = first?.data
  if (data?.kind === 'known' && isObject(data.value)) return data.value
  throw refused(`the data of row ${row} is erased`)
}

function refused(message: string, hint?: string): CustodyError {
  return new CustodyError('CUSTODY_ARGUMENT', message, hint === undefined ? {} : { hint })
}

// ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** By service, in the order of its calls. Where several were made, each answer is for its own request. */
function answersOf({ tokens, onward }: Story): ReadonlyArray<readonly [service: string, answers: Json]> {
  const batches = onward.flatMap(({ subject }) => (subject.kind === 'batch' ? subject.calls : []))
  const calls = [...tokens.flatMap(({ visits }) => visits.flatMap(each => each.calls)), ...batches]
    .filter(({ status }) => status !== 'throttled')
    .sort((a, b) => a.call - b.call)
  return [...Map.groupBy(calls, ({ service }) => service)].map(([service, own]) => [
    service,
    own.map(call => answer(call, own.length > 1)),
  ])
}

function answer(call: CallStory, with_request: boolean): Json {
  const made = newRow()
  if (with_request) made.when = known(call.request, call)
  const response = known(call.response, call)
  if (call.status === 'ok' || call.status === 'recorded') made.response = response
  else made.failure = failureOf(response)
  return made
}

/** Of an error more may be on record than a case can give. */
function failureOf(response: Json): Json {
  const failure = newRow()
  if (isObject(response))
    for (const key of ['code', 'message', 'retryable'])
      if (Object.hasOwn(response, key)) failure[key] = response[key] ?? null
  return failure
}

/** @throws CustodyError CUSTODY_ARGUMENT. */
function known(value: Known<Json>, { service }: CallStory): Json {
  if (value.kind === 'known') return value.value
  throw refused(`what \`${service}\` was asked, or answered, is ${value.kind}`)
}

// ── what is expected ────────────────────────────────────────────────────────────────────────────────────────────────

function expected(story: Story, source: string): Json {
  const { tokens, errors } = resultOf(story)
  const expect = newRow()
  // Tokens that are passed on, to branches or to what is merged of them, end elsewhere.
  const rows = story.tokens.flatMap((token, i): Row[] => {
    const result = tokens[i]
    if (token.ending === null || result === undefined || isPassedOn(token, story)) return []
    const row: MutableRow = newRow()
    Object.assign(row, { row: 1, source })
    for (const key of ['outcome', 'cause', 'sink', 'error'] as const) if (result[key] !== null) row[key] = result[key]
    row.path = result.path
    return [row]
  })
  if (rows.length > 0) expect.rows = rows
  const sinks = writtenOf(story)
  if (sinks.length > 0) expect.sinks = mapOf(sinks)
  // In a batch there were other rows, too, and what was made of these and what it met is another thing.
  if (story.onward.length === 0) expect.errors = errors.map(({ node, code }) => ({ row: 1, source, node, code }))
  return expect
}

function isPassedOn({ token, ending }: TokenStory, { tokens }: Story): boolean {
  return ending?.class === 'passed on' && tokens.some(each => each.parents.includes(token))
}

/** What sinks took, by sink; where one took several, the order of a new run may be another, so they are left out. */
function writtenOf({ tokens }: Story): ReadonlyArray<readonly [sink: string, rows: Json]> {
  const taken = tokens.flatMap(({ visits }) => {
    const last = visits.at(-1)
    if (last?.kind !== 'sink' || last.error !== null || last.data?.kind !== 'known') return []
    return [[last.node, [last.data.value]] as const]
  })
  return taken.filter(([sink]) => taken.filter(([other]) => other === sink).length === 1)
}

function mapOf(entries: ReadonlyArray<readonly [string, Json]>): Row {
  const map = newRow()
  for (const [key, value] of entries) map[key] = value
  return map
}
