/**
 * No byte of an encrypted value stands in any file of the index, of the ledger, or of the server that has it, be it after an erasure and another
 * ledger key; what is in plain would be found. What a run that is killed leaves: test/crash/encryption.test.ts.
 */
// @module-tag proof
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RowsQuery } from '../src/api/rows.ts'
import { RunsQuery } from '../src/api/runs.ts'
import { LedgerAnswers } from '../src/host/answers/ledger-answers.ts'
import { makeKeyFile, readKeyFile } from '../src/ledger/encryption/key-file.ts'
import { ownKeychain } from '../src/ledger/encryption/keychain.ts'
import { ALL_OF_POSTGRES, ask } from './support/postgres.ts'
import { PostgresServer } from './support/postgres-server.ts'
import { WorkFolder } from './support/work-folder.ts'

const ENCRYPTED = 'wren-encrypted-canary'
const PLAIN = 'wren-plain-canary'
/** So many entries are worth an index. */
const ROWS = 2_500
const PIPELINE = (key: string) => `name: wrens
defaults: { on_error: discard, on_invalid: discard }
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: kept } }
nodes: { kept: { aggregate: dedupe, per: [note], output: passthrough, trigger: { count: 1 }, options: { key: [note] }, to: none } }
sinks: { none: { plugin: jsonl, options: { path: out/kept.jsonl, if_exists: replace } } }
ledger: { url: 'sqlite:./custody.db'${key} }
`
const rowsOf = (canary: string) =>
  Array.from({ length: ROWS }, (_, i) => `${JSON.stringify({ i, note: `${canary} ${i}` })}\n`).join('')
/** Not written by Custody, or what it was asked to write. */
const GIVEN = new Set(['node_modules', 'plain.yaml', 'p.yaml', 'rows.jsonl', 'out', 'ledger.key', 'next.key'])

/** Files below a folder in which the text stands, in one of the forms in which it might. */
function having(text: string, folder: string): string[] {
  const forms = (['utf8', 'utf16le', 'hex'] as const).map(form =>
    form === 'hex' ? Buffer.from(Buffer.from(text).toString('hex')) : Buffer.from(text, form),
  )
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => !GIVEN.has(path.split('/')[0] ?? '') && statSync(join(folder, path)).isFile())
    .filter(path => {
      const bytes = readFileSync(join(folder, path))
      return forms.some(each => bytes.includes(each))
    })
}

let work: WorkFolder
const withKey = (name: string) => `, encryption: { key: { file: ${name} } }`

beforeAll(() => {
  work = new WorkFolder({
    'p.yaml': PIPELINE(withKey('ledger.key')),
    'plain.yaml': PIPELINE(''),
    'rows.jsonl': rowsOf(ENCRYPTED),
  })
  makeKeyFile(join(work.folder, 'ledger.key'))
  makeKeyFile(join(work.folder, 'next.key'))
})
afterAll(() => work.close())

/** Both kinds of runs into a ledger. */
async function ran(...ledger: string[]): Promise<void> {
  for (const [file, canary] of [
    ['p.yaml', ENCRYPTED],
    ['plain.yaml', PLAIN],
  ] as const) {
    writeFileSync(join(work.folder, 'rows.jsonl'), rowsOf(canary))
    const { exit, stderr } = await work.custody('run', file, ...ledger)
    expect(exit, stderr).toBe(0)
  }
}

test('beside a ledger in a file, whose rows are looked for', async () => {
  await ran()
  const url = `sqlite:${join(work.folder, 'custody.db')}`
  ownKeychain.add(readKeyFile(join(work.folder, 'ledger.key')))
  const answers = await LedgerAnswers.open({ url, env: work.env, index: 'background' })
  const [plain = '', encrypted = ''] = (await answers.ask('runs', RunsQuery.parse({}))).runs.map(({ run }) => run)
  const found = async (run: string, text: string) => {
    const answer = await answers.ask('rows', { ...RowsQuery.parse({ text }), run })
    return 'rows' in answer ? { state: answer.index.state, rows: answer.rows.length } : answer
  }
  await vi.waitFor(
    async () => {
      expect(await found(plain, `${PLAIN} ${ROWS - 1}`)).toEqual({ state: 'ready', rows: 1 })
      expect(await found(encrypted, `${ENCRYPTED} ${ROWS - 1}`)).toEqual({ state: 'failed', rows: 1 })
    },
    { timeout: 20_000, interval: 100 },
  )
  await answers.close()
  expect(having(ENCRYPTED, work.folder)).toEqual([])
  expect(having(PLAIN, work.folder)).not.toEqual([])
  expect(existsSync(join(`${work.folder}/custody.db-index`, plain))).toBe(true)
})

describe.runIf(ALL_OF_POSTGRES)('in a server', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.begin()
  })
  afterAll(() => server.remove())

  test('and its write-ahead log', async () => {
    const on = ['--ledger', server.url()]
    await ran(...on)
    const everywhere = async (text: string) => {
      await ask(server.url(), 'CHECKPOINT')
      return [...having(text, server.data), ...having(text, work.folder)]
    }
    expect(await everywhere(ENCRYPTED)).toEqual([])
    // Encrypted or not, the same would be found: values in plain are.
    expect((await everywhere(PLAIN)).some(path => path.startsWith('pg_wal'))).toBe(true)
    const runs = (await work.custody('runs', '--json', ...on)).json as ReadonlyArray<{ readonly run: string }>
    const run = runs.at(-1)?.run ?? ''
    const key = ['--ledger-key', 'ledger.key']
    expect((await work.custody('erase', run, '--row', '7', '--yes', ...key, ...on)).exit).toBe(0)
    expect((await work.custody('ledger', 'rekey', '--to', 'next.key', ...key, ...on)).exit).toBe(0)
    const next = ['--ledger-key', 'next.key']
    expect((await work.custody('explain', run, '--row', '8', ...next, ...on)).stdout).toContain(`${ENCRYPTED} 7`)
    expect((await work.custody('export', run, '--format', 'jsonl', ...next, ...on)).exit).toBe(0)
    expect(await everywhere(ENCRYPTED)).toEqual([])
  })
})
