import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { verifyFiles } from './files.ts'

const RUN = '019b7c1a-0000-7000-8000-000000000001'
const LATER = '019b7c1a-0000-7000-8000-000000000002'
const NONCE = 'ab'.repeat(16)
const folder = mkdtempSync(join(tmpdir(), 'custody-files-'))
const path = join(folder, 'out.csv')
const CONTENT = 'id\n1\n2\n'
const artifact = { path, rows: 2, bytes: 7, sha256: createHash('sha256').update(CONTENT).digest('hex') }

const totals = {
  rows: { read: 0, ingested: 0, rejected: 0 },
  tokens: { born: 0, ended: 0, open: 0 },
  ...{ groups: 0, batches: 0, endings: [], visits: [], edges: [] },
}
const VALUE = { c: ['cd'.repeat(32)], w: 3 }
const publish = { k: 'publish', artifacts: [], t: 1, ...VALUE }
const commit = { k: 'commit', commit: 1, cursors: [], receipts: [], totals, t: 1, ...VALUE, w: 4 }
const seal = { k: 'seal', status: 'completed', totals, subjects: { size: 0, root: 'ef'.repeat(32) }, t: 2, z: NONCE }

interface FakeRun {
  readonly run: string
  /** From entry 1 on. */
  readonly entries: readonly { readonly [key: string]: Json }[]
  /** Of entry 1. */
  readonly payload: Json | null
}

/** What `verifyFiles` asks of a ledger; the runs are logs 1, 2, … */
function ledger(...runs: readonly FakeRun[]): LedgerReader {
  const entryOf = (log: number, seq: number) => runs[log - 1]?.entries[seq - 1]
  return {
    url: 'test:',
    logs: async () => [{ log: 0, run: null, part: 0 }, ...runs.map(({ run }, i) => ({ log: i + 1, run, part: 0 }))],
    size: async log => (runs[log - 1]?.entries.length ?? 0) + 1,
    entry: async (log, seq) => {
      const facts = entryOf(log, seq)
      return facts === undefined ? null : { seq, row: null, body: canonicalize(facts) }
    },
    payload: async (log, seq) => {
      const value = runs[log - 1]?.payload ?? null
      return value === null ? null : { seq, salts: new Uint8Array(16), body: canonicalize([[value]]) }
    },
  } as Partial<LedgerReader> as LedgerReader
}
const sealed = (payload: Json | null, run = RUN): FakeRun => ({ run, entries: [publish, commit, seal], payload })
const problems = async (reader = ledger(sealed({ out: artifact })), run = RUN) => {
  const check = (await verifyFiles(reader, [run])).get(run)!
  expect(check.name).toBe('files')
  expect(check.ok).toBe(check.problems.length === 0)
  return check.problems.map(each => each.replace(path, 'PATH'))
}

beforeAll(() => mkdirSync(folder, { recursive: true }))
beforeEach(() => writeFileSync(path, CONTENT))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a file as the run left it', async () => {
  expect(await problems()).toEqual([])
})
test('a changed, shortened, lengthened, missing file, and a folder in its place', async () => {
  writeFileSync(path, 'id\n1\n3\n')
  expect(await problems()).toEqual([expect.stringMatching(/^sink out: PATH was changed: its SHA-256 is [0-9a-f]{64}/)])
  truncateSync(path, 5)
  expect(await problems()).toEqual(['sink out: PATH has 5 bytes, and the run left 7'])
  writeFileSync(path, CONTENT)
  appendFileSync(path, '3\n')
  expect(await problems()).toEqual(['sink out: PATH was added to: 2 bytes more than the run left'])
  rmSync(path)
  expect(await problems()).toEqual(['sink out: PATH is missing'])
  mkdirSync(path)
  expect(await problems()).toEqual(['sink out: PATH is not a file'])
  rmSync(path, { recursive: true })
})
test('an empty file', async () => {
  const empty = { ...artifact, bytes: 0, sha256: createHash('sha256').digest('hex') }
  writeFileSync(path, '')
  expect(await problems(ledger(sealed({ out: empty })))).toEqual([])
})
test('a run that is not sealed has no final outputs', async () => {
  rmSync(path)
  expect(await problems(ledger({ run: RUN, entries: [publish, commit], payload: { out: artifact } }))).toEqual([])
})
test('of a file that a later run wrote, too, only that run can be held to its word', async () => {
  const later = { ...seal, t: 3 }
  const second: FakeRun = { run: LATER, entries: [publish, commit, later], payload: { out: artifact } }
  const both = ledger(second, sealed({ out: { ...artifact, bytes: 1 } }))
  expect(await problems(both, RUN)).toEqual([])
  expect(await problems(both, LATER)).toEqual([])
  rmSync(path)
  expect(await problems(both, RUN)).toEqual([])
  expect(await problems(both, LATER)).toEqual(['sink out: PATH is missing'])
})
test('what was published can not be read', async () => {
  const spoiled = ledger({ run: RUN, entries: [publish, commit, { k: 'seals' }], payload: null })
  expect(await problems(spoiled)).toEqual([expect.stringMatching(/^what was published can't be read/)])
})
