/** Whose values an answer has: all of them are on record, also those of rows that nobody asked for. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LedgerAnswers } from '../../src/host/answers/ledger-answers.ts'
import { AccessLog } from '../../src/server/access/access-log.ts'
import { RecordedAnswers } from '../../src/server/access/recorded-answers.ts'
import { Verifications } from '../../src/server/verifications.ts'
import { WorkFolder } from '../support/work-folder.ts'

/** Rows 1 to 6 are orders, 7 and 8 customers; orders are sent by threes, and the first of each customer are counted. */
const pipeline = (port: number) => `
name: orders
defaults: { on_error: discard, on_invalid: discard }
guards: { failed: off }
sources:
  orders: { plugin: jsonl, options: { path: orders.jsonl }, schema: { mode: fixed, fields: { customer: string, n: integer } }, to: homes.left }
  customers: { plugin: jsonl, options: { path: customers.jsonl }, to: homes.right }
nodes:
  homes: { join: { left: customer, right: customer }, merge: nested, routes: { matched: which, left: discard, right: discard } }
  which: { gate: 'row.left.n > 3', routes: { true: desk, false: flat } }
  flat: { transform: compute, options: { set: { n: row.left.n } }, to: count }
  count: { aggregate: batch_stats, trigger: { count: 2 }, options: { value: n }, to: out }
sinks:
  desk: { plugin: http, options: { url: 'http://127.0.0.1:${port}/', allow: [127.0.0.1], batch: { rows: 3 } } }
  out: { plugin: jsonl, options: { path: out.jsonl } }
`
const ORDERS = [1, 2, 3, 4, 5, 6].map(n => `${JSON.stringify({ customer: n === 2 ? 'bo' : 'al', n })}\n`)

let server: Server
let work: WorkFolder
let answers: LedgerAnswers
let run: string
let log: AccessLog

beforeAll(async () => {
  server = createServer((request, response) => request.resume().on('end', () => response.end('{"seen":[4,5,6]}')))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  work = new WorkFolder({
    'p.yaml': pipeline(typeof address === 'object' && address !== null ? address.port : 0),
    'orders.jsonl': ORDERS.join(''),
    'customers.jsonl': '{"customer":"al","town":"A"}\n{"customer":"bo","town":"B"}\n',
  })
  run = await work.run()
  answers = await LedgerAnswers.open({ url: `sqlite:${work.folder}/custody.db`, env: work.env })
  log = await AccessLog.open(join(work.folder, 'access.jsonl'), () => 0)
})
afterAll(async () => {
  await log?.close()
  await answers?.close()
  work?.close()
  server?.close()
})

const who = { user: 'ann', role: 'analyst', by: { kind: 'token' } } as const
const asking = () => new RecordedAnswers({ answers, log, verifications: new Verifications() }, who)
/** What is on record of a look. */
async function recorded(look: () => Promise<unknown>): Promise<readonly unknown[]> {
  const path = join(work.folder, 'access.jsonl')
  const before = readFileSync(path, 'utf8').split('\n').length
  await look()
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .slice(before - 1, -1)
  return lines.map(line => JSON.parse(line)).map(({ what, run: of, rows }) => [what, of === run ? 'run' : of, rows])
}

test('a story has values of those that one request had with it, and of the right row that it was joined with', async () => {
  expect(await recorded(() => asking().ask('row', { run, row: 5 }))).toEqual([
    ['row', 'run', [[5, 5]]],
    [
      'row',
      'run',
      [
        [4, 4],
        [6, 7],
      ],
    ],
  ])
})

test('and of the members of its batch', async () => {
  expect(await recorded(() => asking().ask('row', { run, row: 1 }))).toEqual([
    ['row', 'run', [[1, 1]]],
    [
      'row',
      'run',
      [
        [2, 2],
        [7, 7],
      ],
    ],
  ])
})

test('a sentence with which a run stopped may have values, and is on record by whichever answer it is seen', async () => {
  const over = ['guards.min_rows=100', 'sinks.out.options.if_exists=replace'].flatMap(each => ['--set', each])
  const { stderr } = await work.custody('run', 'p.yaml', ...over)
  expect(stderr).toContain('CUSTODY_GUARD')
  const [stopped] = (await answers.ask('runs', { limit: 1 })).runs
  const look = [['run', stopped?.run, []]]
  expect(await recorded(() => asking().ask('run', { run: 'latest' }))).toEqual(look)
  expect(await recorded(() => asking().ask('limits', { run: 'latest' }))).toEqual(look)
  expect(await recorded(() => asking().ask('limits', { run }))).toEqual([])
})

test('why a record doesn’t hold may quote it, and so is on record, whatever was asked', async () => {
  const db = new DatabaseSync(join(work.folder, 'custody.db'))
  db.exec('DROP TRIGGER payloads_no_update')
  db.exec(`UPDATE payloads SET body = replace(body, '"town":"A"', '"town":"C"')`)
  db.close()
  const problems = (of: string | null) => [['problems', of, []]]
  expect(await recorded(() => asking().ask('row', { run, row: 7 }))).toEqual(problems('run'))
  expect(await recorded(() => asking().ask('verify', { run: 'latest' }))).toEqual(problems(null))
  const pieces = asking().exported({ run, format: 'jsonl' }, new AbortController().signal)
  const read = async () => {
    for await (const _ of pieces);
  }
  expect(await recorded(() => expect(read()).rejects.toMatchObject({ code: 'CUSTODY_VERIFY_FAILED' }))).toEqual(
    problems('run'),
  )
})
