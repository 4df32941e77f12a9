/** Each answer about the example has the shape that src/api says it has, with values and without. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { Unsound } from '../../src/api/common.ts'
import { RunDiff } from '../../src/api/diff.ts'
import { Docs } from '../../src/api/docs.ts'
import { Evidence, Verified } from '../../src/api/evidence.ts'
import { RunCounts } from '../../src/api/live.ts'
import { RowDocument } from '../../src/api/proof.ts'
import { RowsPage } from '../../src/api/rows.ts'
import { Calls, Errors, Plan, RunsPage, ShownRun } from '../../src/api/runs.ts'
import { SqlAnswer } from '../../src/api/sql.ts'
import { ExplainedRow } from '../../src/api/story.ts'
import type { Asked, Kind } from '../../src/host/answers/asked.ts'
import { LedgerAnswers } from '../../src/host/answers/ledger-answers.ts'
import { runInProcess } from '../support/in-process.ts'

const SHAPES: { readonly [K in Kind]: z.ZodType } = {
  runs: RunsPage,
  run: ShownRun,
  counts: RunCounts,
  plan: Plan,
  rows: RowsPage,
  row: ExplainedRow,
  proof: RowDocument,
  letter: RowDocument,
  diff: RunDiff,
  verify: Verified,
  docs: Docs,
  errors: Errors,
  calls: Calls,
  evidence: Evidence,
  sql: SqlAnswer,
}

let folder = ''
let answers: LedgerAnswers

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-answers-'))
  cpSync(join(import.meta.dirname, '../../examples/loan-triage'), join(folder, 'loans'), { recursive: true })
  const env = { XDG_CONFIG_HOME: join(folder, 'home') }
  const run = await runInProcess(['run', 'loans/pipeline.yaml', '--ledger', 'custody.db'], folder, env)
  expect(run.exit, run.stderr).toBe(0)
  answers = await LedgerAnswers.open({ url: `sqlite:${join(folder, 'custody.db')}`, env })
})

afterAll(async () => {
  await answers?.close()
  rmSync(folder, { recursive: true, force: true })
})

const latest = { run: 'latest' }
const QUESTIONS: ReadonlyArray<{ readonly [K in Kind]: readonly [K, Asked[K]['params']] }[Kind]> = [
  ['runs', { limit: 10 }],
  ['run', latest],
  ['counts', latest],
  ['plan', latest],
  ['rows', { ...latest, limit: 20 }],
  ['row', { ...latest, row: 17 }],
  ['row', { ...latest, token: 3 }],
  ['proof', { ...latest, row: 17 }],
  ['letter', { ...latest, row: 17 }],
  ['diff', { old: 'latest', new: 'latest', list: 10 }],
  ['verify', latest],
  ['docs', {}],
  ['errors', latest],
  ['calls', latest],
  ['evidence', {}],
  ['sql', { sql: 'SELECT * FROM token_outcomes', limit: 5 }],
]

test('with values and without', async () => {
  for (const [kind, params] of QUESTIONS) {
    for (const values of [true, false]) {
      const refused = !values && (kind === 'proof' || kind === 'letter')
      const answer = answers.ask(kind, params, { values })
      if (refused) await expect(answer, kind).rejects.toMatchObject({ code: 'CUSTODY_VALUES_WITHHELD' })
      else expect(SHAPES[kind].safeParse(await answer).error, `${kind}, values ${values}`).toBe(undefined)
    }
  }
  expect(Unsound.safeParse(await answers.ask('run', latest)).success).toBe(false)
})
