/** Whatever a pipeline and its sources do, its ledger holds: sealed at once, stopped, resumed or abandoned. */
// @module-tag proof
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { parseVerifierKey } from '../src/format/verifier-key.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { verifyLedger } from '../src/read/verify/verify.ts'
import { generateModel, type Shape } from './simulation/generate.ts'
import { Random } from './simulation/random.ts'
import { problemTexts } from './support/forger.ts'
import { LONG } from './support/form.ts'
import { testPorts } from './support/ledger.ts'
import { RICH, runModel, type Stopped } from './support/simulated-ledger.ts'

const SEEDS = Number(process.env.CUSTODY_SEEDS ?? (LONG ? 40 : 1))
const FIRST = Number(process.env.CUSTODY_SEED ?? 1)
/** Timeouts, and slow branches: groups wait wherever a run is stopped. */
const TIMED = { later: true, groups: true, timed: true, crashes: false, max_nodes: 12, max_rows: 30 }
/** Batches by key. */
const KEYED = { later: true, groups: true, keyed: true, calls: true, crashes: false, max_nodes: 12, max_rows: 30 }
/** Sorts. */
const SORTED = { later: true, groups: true, sorted: true, crashes: false, max_nodes: 12, max_rows: 30 }
const SHAPE = { later: true, groups: true, calls: true, sends: true, crashes: false, max_nodes: 12, max_rows: 30 }

const folder = mkdtempSync(join(tmpdir(), 'custody-verify-'))
const keys = [parseVerifierKey(testPorts().signer.verifier_key)]
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each<[string, Stopped['next'] | null, Shape]>([
  ['not disturbed', null, SHAPE],
  ['stopped', 'nothing', SHAPE],
  ['resumed', 'resume', SHAPE],
  ['abandoned', 'abandon', SHAPE],
  ['abandoned while groups wait', 'abandon', TIMED],
  ['by key', null, KEYED],
  ['by key, resumed', 'resume', KEYED],
  ['by key, abandoned', 'abandon', KEYED],
  ['sorted', null, SORTED],
  ['sorted, stopped', 'nothing', SORTED],
  ['sorted, resumed', 'resume', SORTED],
  ['sorted, abandoned', 'abandon', SORTED],
  ['stopped by a source that misbehaved, and was fixed', 'fix', SHAPE],
])('ledgers of random pipelines hold: %s', async (name, next, shape) => {
  // All of them as runs of one ledger.
  const url = `sqlite:${join(folder, `${name}.db`)}`
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const stopped = next === null ? null : { after_us: 5_000 + ((seed * 7919) % 900_000), next }
    await runModel(url, generateModel(new Random(seed), shape), seed, stopped)
  }
  const reader = await openLedgerReader(url)
  const options = { keys, decisions: shape === KEYED || shape === SORTED }
  const result = await verifyLedger(reader, options)
  expect(await verifyLedger(reader, { ...options, kept_whole: 0 })).toEqual(result)
  await reader.close()
  expect(problemTexts(result), `repeat with: CUSTODY_SEED=${FIRST} CUSTODY_SEEDS=${SEEDS}`).toEqual([])
  expect(result.runs.length).toBe(SEEDS)
  expect(result.runs.every(each => each.sealed) || next === 'nothing').toBe(true)
})

test('groups that failed hold, whose members were written to a sink', async () => {
  const url = `sqlite:${join(folder, 'written.db')}`
  const nodes = RICH.nodes.map(node => {
    if (node.kind === 'coalesce') return { ...node, branches: ['left', 'right', 'third'], on_error: 'bad' }
    if (node.kind !== 'fork') return node
    return { ...node, branches: [...node.branches, { branch: 'third', to: 'join' }] }
  })
  await runModel(url, { ...RICH, nodes }, 1)
  const reader = await openLedgerReader(url)
  const result = await verifyLedger(reader, { keys })
  await reader.close()
  expect(problemTexts(result)).toEqual([])
  const db = new DatabaseSync(url.slice('sqlite:'.length))
  const failed = db.prepare(
    `SELECT count(*) AS members FROM token_outcomes WHERE cause = 'branch_lost' AND sink = 'bad' GROUP BY group_id`,
  )
  const members = failed.all().map(each => each.members)
  db.close()
  expect(members).toContain(2)
})
