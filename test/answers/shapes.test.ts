/** Answers about the example, and about ledgers that are odd, have the shapes of src/api; commands print the same. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Unsound } from '../../src/api/common.ts'
import { LedgerAnswers } from '../../src/host/answers/ledger-answers.ts'
import { openLedger } from '../../src/ledger/open.ts'
import { testPorts } from '../support/ledger.ts'
import { ROOT } from '../support/source-file.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { type AnyQuestion, questions, shapeProblem } from './questions.ts'

const EMPTY = `
name: empty
sources: { in: { plugin: text, options: { path: none.txt, field: line }, on_invalid: discard, guards: { min_rows: 0 }, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace }, on_error: discard } }
`

let work: WorkFolder
let answers: LedgerAnswers
const url = () => `sqlite:${work.folder}/custody.db`

beforeAll(async () => {
  work = new WorkFolder({ 'p.yaml': EMPTY, 'none.txt': '' })
  cpSync(join(ROOT, 'examples/loan-triage'), join(work.folder, 'loans'), { recursive: true })
  await work.run('--ledger', 'custody.db')
  const run = ['run', 'loans/pipeline.yaml', '--ledger', 'custody.db', '--limit', '200']
  await work.custody(...run)
  await work.custody(...run, '--set', 'nodes.tier.gate=row.loan_amount >= 1000')
  answers = await LedgerAnswers.open({ url: url(), env: work.env })
})

afterAll(async () => {
  await answers?.close()
  work?.close()
})

/** What the command prints that answers the same. */
function printed([kind, params]: AnyQuestion): readonly string[] | null {
  if (kind === 'runs') return ['runs']
  if (kind === 'run') return ['show', params.run]
  if (kind === 'diff' && params.key === undefined) return ['diff', params.old, params.new, '--list', '100']
  if (kind === 'verify') return ['verify']
  return kind === 'row' && 'row' in params ? ['explain', params.run, '--row', `${params.row}`] : null
}

test('of the example, as commands print them', async () => {
  for (const question of questions(2, 1, 'id')) {
    const [kind, params] = question
    const answer = await answers.ask(kind, params)
    expect(Unsound.safeParse(answer).success, kind).toBe(false)
    expect(shapeProblem(kind, answer), kind).toBe(null)
    const command = printed(question)
    const own = kind === 'runs' && answer !== null && 'runs' in answer ? answer.runs : answer
    if (command !== null) expect(own, kind).toEqual((await work.custody(...command, '--json')).json)
  }
})

test('of a ledger without a run, and of a run without rows', { tags: ['proof'] }, async () => {
  const bare = `sqlite:${work.folder}/bare.db`
  await (await openLedger(bare, testPorts(), { create: true })).close()
  const none = await LedgerAnswers.open({ url: bare, env: work.env })
  expect(await none.ask('runs', { limit: 10 })).toEqual({ runs: [], next_cursor: null })
  expect(shapeProblem('evidence', await none.ask('evidence', {}))).toBe(null)
  expect(await none.ask('verify', {})).toMatchObject({ runs: [] })
  await expect(none.ask('run', { run: 'latest' })).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
  await none.close()
  await work.run('--ledger', 'custody.db')
  for (const [kind, params] of questions(0, 0, null)) {
    expect(shapeProblem(kind, await answers.ask(kind, params)), kind).toBe(null)
  }
  await expect(answers.ask('row', { run: 'latest', row: 1 })).rejects.toMatchObject({ code: 'CUSTODY_ROW_UNKNOWN' })
})

test('of a run that a guard stopped, and of what is left when it is given up', { tags: ['proof'] }, async () => {
  const folder = new WorkFolder({ 'p.yaml': EMPTY, 'none.txt': 'one\ntwo\n' })
  const guarded = ['run', 'p.yaml', '--ledger', 'stopped.db', '--set', 'sources.in.guards.min_rows=5']
  expect((await folder.custody(...guarded)).exit).toBe(1)
  const stopped = await LedgerAnswers.open({ url: `sqlite:${folder.folder}/stopped.db`, env: folder.env })
  const all = questions(2, 2, null).filter(([kind]) => !['story', 'proof', 'letter', 'diff', 'sql'].includes(kind))
  const shapes = async () => {
    for (const [kind, params] of all)
      for (const values of [true, false])
        expect(shapeProblem(kind, await stopped.ask(kind, params, { values })), `${kind} ${values}`).toBe(null)
  }
  await shapes()
  const run = { run: 'latest' }
  expect(await stopped.ask('run', run)).toMatchObject({
    status: 'failed',
    stopped: { code: expect.any(String) },
    bound: expect.any(Number),
  })
  expect(await stopped.ask('run', run, { values: false })).toMatchObject({ stopped: { message: null }, staged: [] })
  const guard = { key: 'sources.in.guards.min_rows', counted: 2, state: 'broken', did: 'stopped' }
  expect(await stopped.ask('limits', run)).toMatchObject({
    said: { guards: expect.arrayContaining([expect.objectContaining(guard)]) },
    interruptions: [{ code: 'CUSTODY_GUARD', message: expect.any(String), resumed_at: null }],
  })
  const unseen = { said: null, at_risk_usd: null, interruptions: [{ code: 'CUSTODY_GUARD', message: null }] }
  expect(await stopped.ask('limits', run, { values: false })).toMatchObject(unseen)
  await expect(stopped.ask('proof', { ...run, row: 1 })).rejects.toMatchObject({ code: 'CUSTODY_PROOF_OPEN' })
  await folder.custody('abandon', 'latest', '--ledger', 'stopped.db')
  await shapes()
  expect(await stopped.ask('run', run)).toMatchObject({ status: 'abandoned' })
  await stopped.close()
  folder.close()
})

test('runs are given page by page, and by pipeline and status', async () => {
  const seen: unknown[] = []
  let cursor: string | null = null
  do {
    const page: { runs: unknown[]; next_cursor: string | null } = await answers.ask('runs', {
      limit: 1,
      ...(cursor === null ? {} : { cursor }),
    })
    seen.push(...page.runs)
    cursor = page.next_cursor
  } while (cursor !== null)
  expect(seen).toEqual((await answers.ask('runs', { limit: 10 })).runs)
  expect(seen.length).toBeGreaterThan(2)
  const named = await answers.ask('runs', { limit: 10, name: 'empty' })
  const empty = expect.objectContaining({ name: 'empty', status: 'empty', failed_rows: 0 })
  expect(named.runs).toEqual(named.runs.map(() => empty))
  expect(seen.length - named.runs.length).toBe(2)
  expect((await answers.ask('runs', { limit: 10, status: 'failed' })).runs).toEqual([])
  await expect(answers.ask('runs', { limit: 1, cursor: 'x' })).rejects.toMatchObject({ code: 'CUSTODY_ARGUMENT' })
})

test('a question that is given up is answered with that, and others go on', async () => {
  const given_up = new AbortController()
  const verified = answers.ask('verify', {}, { signal: given_up.signal })
  const run = answers.ask('run', { run: 'latest~1' })
  given_up.abort(new Error('enough'))
  await expect(verified).rejects.toThrow('enough')
  expect(await run).toMatchObject({ name: 'loan-triage', holds: true })
  const seen: unknown[] = []
  const all = { run: 'latest~1' }
  expect(await answers.ask('verify', all, { onProgress: each => seen.push(each) })).toMatchObject({ ok: true })
  // Whoever stops listening to an export ends it.
  for await (const { rows } of answers.stream('export', { ...all, format: 'jsonl' })) {
    expect(rows[0]).toBe(1)
    break
  }
})

test('an error has the code that commands give', async () => {
  await expect(answers.ask('row', { run: 'latest~1', row: 9_999 })).rejects.toMatchObject({
    code: 'CUSTODY_ROW_UNKNOWN',
  })
  const wrong = answers.ask('rows', { run: 'latest~1', limit: 5, where: 'row.' })
  await expect(wrong).rejects.toMatchObject({ code: 'CUSTODY_CEL_SYNTAX' })
  const missing = LedgerAnswers.open({ url: `sqlite:${work.folder}/no.db`, env: work.env })
  await expect(missing).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_NOT_FOUND' })
})
