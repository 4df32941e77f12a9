import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LedgerReader, StoredEntry, StoredPayload } from '../../ledger/read-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { Json } from '../../model/row.ts'
import { verifyFiles } from './files.ts'

const RUN = '019b7c1a-0000-7000-8000-000000000001'
const NONCE = 'ab'.repeat(16)
const folder = mkdtempSync(join(tmpdir(), 'custody-files-'))
const path = join(folder, 'out.csv')
const CONTENT = 'id\n1\n2\n'
const artifact = { path, rows: 2, bytes: 7, sha256: createHash('sha256').update(CONTENT).digest('hex') }

const entry = (seq: number, facts: { [key: string]: Json }): StoredEntry => ({
  seq,
  row: null,
  body: canonicalize(facts),
})
const publish = entry(8, { k: 'publish', artifacts: [], t: 1, c: ['cd'.repeat(32)], w: 3 })
const totals = {
  rows: { read: 0, ingested: 0, rejected: 0 },
  tokens: { born: 0, ended: 0, open: 0 },
  ...{ groups: 0, batches: 0, endings: [], visits: [], edges: [] },
}
const seal = entry(9, {
  ...{ k: 'seal', status: 'completed', totals, subjects: { size: 0, root: 'ef'.repeat(32) }, t: 1, z: NONCE },
})

/** What `verifyFiles` asks of a ledger. */
function ledger(entries: readonly StoredEntry[], payload: StoredPayload | null): LedgerReader {
  return {
    url: 'test:',
    logs: async () => [{ log: 1, run: RUN, part: 0 }],
    async *entriesOfRun() {
      yield* entries
    },
    payload: async () => payload,
  } as Partial<LedgerReader> as LedgerReader
}
const payloadOf = (value: Json): StoredPayload => ({
  seq: 8,
  salts: new Uint8Array(16),
  body: canonicalize([[value]]),
})
const problems = async (reader = ledger([publish, seal], payloadOf({ out: artifact }))) => {
  const { name, ok, problems: found } = await verifyFiles(reader, RUN)
  expect(name).toBe('files')
  expect(ok).toBe(found.length === 0)
  return found.map(each => each.replace(path, 'PATH'))
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
  expect(await problems(ledger([publish, seal], payloadOf({ out: empty })))).toEqual([])
})
test('a run that is not sealed has no final outputs', async () => {
  rmSync(path)
  expect(await problems(ledger([publish], payloadOf({ out: artifact })))).toEqual([])
})
test('what was published is erased, or is not what it should be', async () => {
  expect(await problems(ledger([publish, seal], null))).toEqual(['what the run published is erased'])
  expect(await problems(ledger([publish, seal], payloadOf({ out: { path } })))).toEqual([
    "what the run published can't be read: `artifacts.out.rows` is missing, not a whole number from 0",
  ])
  expect(await problems(ledger([publish, seal], payloadOf([1])))).toEqual([
    expect.stringMatching(/^what the run published can't be read/),
  ])
})
test('an unknown run', async () => {
  await expect(verifyFiles(ledger([], null), 'none')).rejects.toMatchObject({ code: 'CUSTODY_RUN_UNKNOWN' })
})
