/** Runs with splits that read ranges of a table, killed at the named points and resumed. */
// @module-tag proof
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LONG } from '../support/form.ts'
import { lettersSql } from '../support/sql-databases.ts'
import { eachPoint, testKills, undisturbedRuns } from './kills.ts'
import type { CrashPipeline } from './pipelines.ts'

/** Of several commits in each split. */
const ROWS = 6_000

function lettersFile(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'custody-letters-'))
  try {
    const path = join(folder, 'letters.db')
    const db = new DatabaseSync(path)
    db.exec(lettersSql('sqlite', ROWS))
    db.close()
    return readFileSync(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const LETTERS: CrashPipeline = {
  name: 'letters of a table',
  asynchronous: false,
  splits: 2,
  files: { 'letters.db': lettersFile() },
  yaml: `
name: letters-of-a-table
splits: { count: 2 }
defaults: { on_error: discard, on_invalid: discard }
sources:
  letters: { plugin: sqlite, options: { path: letters.db, table: letters, key: [weight, id] }, to: light }
nodes:
  light: { transform: filter, options: { keep: row.weight < 6 }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/letters.jsonl } }
`,
}

testKills(
  eachPoint(1)
    .filter(({ point }) => LONG || point === 'after_commit')
    .map(each => ({ ...each, later: each.point === 'after_commit' || each.later, threaded: false, pipeline: LETTERS })),
  undisturbedRuns(),
  { often: true },
)
