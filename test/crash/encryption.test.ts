/** No byte of a value stands anywhere in plain (docs/encryption.md), whatever happens to a run; and with its key all is as without. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeKeyFile, readKeyFile } from '../../src/ledger/encryption/key-file.ts'
import { Keychain } from '../../src/ledger/encryption/keychain.ts'
import { trustedKeys } from '../../src/ledger/keys/known-ledgers.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import { openForReading } from '../../src/ledger/sqlite/file.ts'
import { SqliteReader } from '../../src/ledger/sqlite/reader.ts'
import { CheckedReader } from '../../src/read/evidence/checked-reader.ts'
import { explainRow } from '../../src/read/explain/explain.ts'
import { storyJson } from '../../src/read/explain/json.ts'
import { verifyLedger } from '../../src/read/verify/verify.ts'
import { custody, custodyHere } from '../support/custody-process.ts'
import { sampled } from '../support/form.ts'
import { SIGNING } from './place.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const ROWS = 1_400
/** Commits have a thousand rows at most: there is one before, and something is under way. */
const KILLED_AT = 1_300
const ERASED = 7
const CANARY = 'canary-in-the-mine'
/** Not written by Custody, or what it was asked to write. */
const GIVEN = new Set(['node_modules', 'in.csv', 'pipeline.yaml', 'trap.ts', 'ledger.key', 'next.key', 'out'])

const PIPELINE = `name: mine
defaults: { on_error: problems }
plugins: [./trap.ts]
sources:
  birds: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, note: string } }, on_invalid: problems, to: trap }
nodes:
  trap: { transform: trap, to: ranked }
  ranked: { sort: [id desc], to: kept }
sinks:
  kept: { plugin: jsonl, options: { path: out/kept.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
ledger: { encryption: { key: { file: ledger.key } } }
`
/** At one row its process is gone. */
const TRAP = `
import { execFileSync } from 'node:child_process'
import { z } from 'zod'
import { defineTransform } from '${join(ROOT, 'src/sdk/index.ts')}'
export default defineTransform({
  name: 'trap', summary: 'May end the process', options: z.strictObject({}), examples: [{ title: 'x', options: {} }],
  cardinality: 'one',
  determinism: 'deterministic', errors: {},
  create: () => ({
    process: row => {
      if (String(row.id) === process.env.TRAP_AT) execFileSync('kill', ['-9', String(process.pid)])
      return { kind: 'row', row: { ...row, note: row.note + ' seen' } }
    },
  }),
})
`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-encryption-'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const at = (...names: string[]) => join(folder, ...names)

/** Files below the folder that have the text, in one of the forms in which bytes of it might stand. */
function having(text: string, below = ''): string[] {
  return readdirSync(at(below), { withFileTypes: true }).flatMap(entry => {
    const path = join(below, entry.name)
    if (GIVEN.has(path)) return []
    if (entry.isDirectory()) return having(text, path)
    const bytes = readFileSync(at(path))
    return ['utf8', 'utf16le', 'base64', 'hex'].some(form => bytes.includes(asFound(text, form))) ? [path] : []
  })
}

/** Of base64 what doesn't depend on what stands before. */
function asFound(text: string, form: string): Buffer {
  if (form === 'utf8' || form === 'utf16le') return Buffer.from(text, form)
  const written = Buffer.from(text).toString(form as BufferEncoding)
  return Buffer.from(form === 'base64' ? written.slice(0, -4) : written)
}

/** A reader with these keys and no others. */
async function reading<T>(keys: Keychain, work: (reader: LedgerReader) => Promise<T>, file = 'custody.db'): Promise<T> {
  const url = `sqlite:${at(file)}`
  const reader = new SqliteReader(openForReading(at(file), url), url, keys)
  try {
    return await reader.snapshot(() => work(reader))
  } finally {
    await reader.close()
  }
}
const NO_KEY = new Keychain()
const withKey = (name = 'ledger.key') => new Keychain([readKeyFile(at(name))])
const verified = (reader: LedgerReader) => verifyLedger(reader, { keys: trustedKeys(null, SIGNING) })
const explained = async (reader: LedgerReader, row: number) =>
  JSON.stringify(storyJson(await explainRow(new CheckedReader(reader, { remembered: null }), 1, row)))
const heads = (reader: LedgerReader) => reader.heads()
const here = (...words: string[]) => custodyHere(folder, words, { XDG_CONFIG_HOME: at('config') })

describe('a run that is killed, resumed and erased', () => {
  test('leaves no byte of a value in plain', async () => {
    writeFileSync(at('pipeline.yaml'), PIPELINE)
    writeFileSync(at('trap.ts'), TRAP)
    const rows = Array.from({ length: ROWS }, (_, i) => `${i + 1},${CANARY} ${i + 1}`)
    writeFileSync(at('in.csv'), ['id,note', ...rows].join('\n'))
    makeKeyFile(at('ledger.key'))
    mkdirSync(at('config'))
    const env = { XDG_CONFIG_HOME: at('config'), TRAP_AT: `${KILLED_AT}` }
    expect(await custody(folder, ['run', 'pipeline.yaml'], env).exit).toMatchObject({ signal: 'SIGKILL' })
    expect(await reading(NO_KEY, reader => reader.count(1, 'payloads'))).toBeGreaterThan(500)
    expect(having(CANARY)).toEqual([])
    // What is in plain would be found: the evidence names the source.
    expect(having('birds')).toEqual(['custody.db-wal'])
  })

  test('isn’t resumed without its key', { tags: ['proof'] }, async () => {
    rmSync(at('config', 'custody', 'ledger-keys.json'))
    const refused = await custody(folder, ['resume', 'latest'], { XDG_CONFIG_HOME: at('config') }).exit
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('CUSTODY_LEDGER_KEY')])
  })

  test('is resumed with it', { tags: ['proof'] }, async () => {
    const { code, stderr } = await here('resume', 'latest', '--ledger-key', 'ledger.key')
    expect([code, stderr]).toEqual([0, expect.stringContaining('sealed')])
    expect(having(CANARY)).toEqual([])
    const kept = readFileSync(at('out', 'kept.jsonl'), 'utf8').trimEnd().split('\n')
    expect([kept.length, kept[0]]).toEqual([ROWS, `{"id":${ROWS},"note":"${CANARY} ${ROWS} seen"}`])
    copyFileSync(at('custody.db'), at('before.db'))
  })

  test('has the rest of what it had when a row is erased, and the row no more', { tags: ['proof'] }, async () => {
    const row = `${CANARY} ${ERASED} `
    expect(await reading(withKey(), reader => explained(reader, ERASED))).toContain(row)
    const { code } = await here('erase', 'latest', '--row', `${ERASED}`, '--yes', '--ledger-key', 'ledger.key')
    expect(code).toBe(0)
    expect(having(CANARY)).toEqual([])
    const shown = await reading(withKey(), reader => explained(reader, ERASED))
    expect([shown.includes(row), shown.includes('"erased":true')]).toEqual([false, true])
    expect(await reading(withKey(), reader => explained(reader, ERASED + 1))).toContain(`${CANARY} ${ERASED + 1} seen`)
    // Who hasn't the key sees that it is erased, too.
    expect(await reading(NO_KEY, reader => explained(reader, ERASED))).toContain('"erased":true')
    const [result] = await reading(withKey(), async reader => (await verified(reader)).runs)
    expect([result?.ok, result?.unread, (result?.erased ?? 0) > 1]).toEqual([true, undefined, true])
  })
})

describe('verify', () => {
  test('without the key checks all evidence, and says how much it couldn’t read', { tags: ['proof'] }, async () => {
    const [result] = await reading(NO_KEY, async reader => (await verified(reader)).runs)
    expect(result).toMatchObject({ ok: true, values: expect.any(Number) })
    expect(result?.unread).toBeGreaterThan(2 * ROWS)
    const values = result?.checks.find(({ name }) => name === 'values')
    expect(values).toMatchObject({ ok: true, not_checked: [expect.stringContaining(readKeyFile(at('ledger.key')).id)] })
    expect(await reading(NO_KEY, reader => explained(reader, 1))).toContain('"unreadable":true')
  })

  const CHANGES = [
    ['data_key', `UPDATE sealed SET data_key = CAST(zeroblob(60) AS BLOB) WHERE first = ?`],
    ['message', `UPDATE sealed SET message = zeroblob(length(message)) WHERE first = ?`],
    ['entries', `UPDATE sealed SET entries = '[]' WHERE first = ?`],
    ['its place', `UPDATE sealed SET log = 0 WHERE first = ?`],
  ] as const
  test.each(sampled(CHANGES, 2))('names what was changed: %s', { tags: ['proof'] }, async (_, change) => {
    copyFileSync(at('custody.db'), at('changed.db'))
    const db = new DatabaseSync(at('changed.db'))
    const [trigger] = db.prepare(`SELECT sql FROM sqlite_schema WHERE name = 'sealed_no_update'`).all()
    db.exec('DROP TRIGGER sealed_no_update')
    const [chunk] = db.prepare('SELECT first, last FROM sealed WHERE log = 1 ORDER BY first LIMIT 1 OFFSET 3').all()
    expect(db.prepare(change).run(chunk?.first as number).changes).toBe(1)
    db.exec(String(trigger?.sql))
    db.close()
    const [result] = await reading(withKey(), async reader => (await verified(reader)).runs, 'changed.db')
    const values = result?.checks.find(({ name }) => name === 'values')
    expect(values?.ok).toBe(false)
    expect(values?.problems.join('\n')).toMatch(new RegExp(`entry ${Number(chunk?.first).toLocaleString('en')}\\b`))
  })
})

test('another ledger key: heads and values stay as they are, and the former key opens nothing', {
  tags: ['proof'],
}, async () => {
  const before = await reading(NO_KEY, heads)
  const { id } = makeKeyFile(at('next.key'))
  const words = ['ledger', 'rekey', '--ledger-key', 'ledger.key', '--to', 'next.key', '--json']
  const { code, stdout } = await here(...words)
  expect([code, JSON.parse(stdout)]).toEqual([0, { key_id: id, wrapped: expect.any(Number) }])
  // What is under the new key is passed over.
  expect(JSON.parse((await here(...words)).stdout)).toEqual({ key_id: id, wrapped: 0 })
  expect(await reading(NO_KEY, heads)).toEqual(before)
  const [result] = await reading(withKey('next.key'), async reader => (await verified(reader)).runs)
  expect([result?.ok, result?.unread]).toEqual([true, undefined])
  const [former] = await reading(withKey('ledger.key'), async reader => (await verified(reader)).runs)
  expect([former?.ok, former?.values]).toEqual([true, 0])
  expect(having(CANARY)).toEqual([])
})
