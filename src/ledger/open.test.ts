import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { opening, RUN, simpleRow, testPorts } from '../../test/support/ledger.ts'
import { openLedger, openLedgerReader } from './open.ts'
import { asLedgerError } from './sqlite/errors.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-open-'))
  path = join(folder, 'ledger.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const forWriting = (url: string) => openLedger(url, testPorts(), { create: false })
const UNBEGUN = /^No run was begun\. (?!.*resume)/
const code = (expected: string) => expect.objectContaining({ code: expected })

async function make(): Promise<void> {
  await (await openLedger(`sqlite:${path}`, testPorts(), { create: true })).close()
}

describe('opening', () => {
  test('makes a ledger, folders included, and finds it again', async () => {
    path = join(folder, 'a', 'b', 'ledger.db')
    await make()
    const first = await openLedgerReader(`sqlite:${path}`)
    expect(first.url).toBe(`sqlite:${path}`)
    expect(await first.size(0)).toBe(1)
    await first.close()
    await make()
    const second = await openLedgerReader(`sqlite:${path}`)
    expect(await second.size(0)).toBe(1)
    expect(await second.integrity()).toEqual([])
    expect(await second.objects()).toEqual(await second.expectedObjects())
    await second.close()
  })

  test('an empty file becomes a ledger for who may make one, and is none for others', async () => {
    writeFileSync(path, '')
    const empty = { code: 'CUSTODY_LEDGER_FORMAT', message: expect.stringMatching(/ is empty: it is no ledger yet$/) }
    await expect(openLedgerReader(`sqlite:${path}`, 1)).rejects.toMatchObject(empty)
    await expect(forWriting(`sqlite:${path}`)).rejects.toMatchObject(empty)
    await make()
    await (await openLedgerReader(`sqlite:${path}`, 1)).close()
  })

  test('who reads waits for a ledger that is being made', async () => {
    // What another process that makes one has done first.
    const maker = new DatabaseSync(path)
    maker.exec('PRAGMA journal_mode = WAL')
    const opened = openLedgerReader(`sqlite:${path}`, Number.POSITIVE_INFINITY)
    await Promise.race([opened, sleep(50)])
    await make()
    maker.close()
    const reader = await opened
    expect(await reader.size(0)).toBe(1)
    await reader.close()
  })

  test('what is missing is neither read nor made', async () => {
    await expect(openLedgerReader(`sqlite:${path}`)).rejects.toEqual(code('CUSTODY_LEDGER_NOT_FOUND'))
    await expect(forWriting(`sqlite:${path}`)).rejects.toEqual(code('CUSTODY_LEDGER_NOT_FOUND'))
    expect(existsSync(path)).toBe(false)
  })

  test('one that was cut off is refused, and said to be damaged', async () => {
    await make()
    truncateSync(path, 30_000)
    for (const open of [openLedgerReader, forWriting]) {
      const error = await open(`sqlite:${path}`).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'CUSTODY_LEDGER_FORMAT', hint: expect.stringContaining('damaged') })
    }
  })

  test('folders, other files, other databases and newer ledgers are refused', async () => {
    mkdirSync(path)
    const refused = async () => {
      for (const open of [openLedgerReader, forWriting]) {
        await expect(open(`sqlite:${path}`)).rejects.toEqual(code('CUSTODY_LEDGER_FORMAT'))
      }
      await expect(make()).rejects.toEqual(code('CUSTODY_LEDGER_FORMAT'))
    }
    await refused()
    path = join(folder, 'text')
    writeFileSync(path, 'no database, but long enough to be taken for one'.repeat(100))
    await refused()
    path = join(folder, 'other.db')
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE t (a)')
    other.close()
    await refused()
    path = join(folder, 'newer.db')
    await make()
    const newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    await refused()
    await expect(openLedgerReader(`sqlite:${path}`)).rejects.toThrow('format 99')
    path = join(folder, 'earlier.db')
    await make()
    const earlier = new DatabaseSync(path)
    earlier.exec('DROP TABLE witnessed')
    earlier.close()
    for (const open of [forWriting, make]) {
      const error = await open(`sqlite:${path}`).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'CUSTODY_LEDGER_FORMAT', hint: expect.stringContaining('verify') })
    }
    // What it has can still be read, and verified.
    await (await openLedgerReader(`sqlite:${path}`)).close()
  })

  test('a folder that can’t be made', async () => {
    writeFileSync(path, '')
    path = join(path, 'below', 'ledger.db')
    await expect(make()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', hint: expect.stringMatching(UNBEGUN) })
  })

  test('a place where none can be made: there is nothing to resume', async () => {
    path = '/proc/ledger.db'
    await expect(make()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_WRITE', hint: expect.stringMatching(UNBEGUN) })
  })

  test('other URLs', async () => {
    for (const url of [
      'postgres:x',
      'postgres://x/y?schema=A',
      'postgres://x?sslmode=require',
      'postgres://x?what=1',
      'custody.db',
      'sqlite:',
      'mysql://x',
      '',
    ]) {
      await expect(openLedgerReader(url)).rejects.toEqual(code('CUSTODY_LEDGER_URL'))
      await expect(forWriting(url)).rejects.toEqual(code('CUSTODY_LEDGER_URL'))
    }
  })
})

describe('a ledger file', () => {
  test('refuses changes to what it holds', async () => {
    const ledger = await openLedger(`sqlite:${path}`, testPorts(), { create: true })
    const run = await ledger.openRun(RUN, opening())
    run.append(simpleRow(1))
    await run.commit()
    await ledger.close()
    const db = new DatabaseSync(path)
    for (const table of ['logs', 'entries', 'endings']) {
      expect(() => db.exec(`DELETE FROM ${table}`)).toThrow('append-only')
    }
    for (const change of [
      'logs SET part = 1',
      `entries SET body = ''`,
      'endings SET fate = 1',
      `payloads SET body = ''`,
    ]) {
      expect(() => db.exec(`UPDATE ${change}`)).toThrow('append-only')
    }
    db.exec('DELETE FROM payloads')
    db.close()
  })

  test('that is full leaves the last commit, and continues when there is room', async () => {
    const { openForWriting } = await import('./sqlite/file.ts')
    const { SqliteReader } = await import('./sqlite/reader.ts')
    const { SqliteStore } = await import('./sqlite/store.ts')
    const { StoredLedger } = await import('./write/ledger.ts')
    const { thisProcess } = await import('../model/holder.ts')
    await make()
    const db = openForWriting(path, 'sqlite:x', null)
    const store = new SqliteStore(db, new SqliteReader(db, 'sqlite:x'))
    const run = await (await StoredLedger.open(store, testPorts(), { holder: thisProcess() })).openRun(RUN, opening())
    const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number }
    db.exec(`PRAGMA max_page_count = ${page_count + 1}`)
    for (let row = 1; row <= 200; row++) run.append(simpleRow(row))
    await expect(run.commit()).rejects.toEqual(code('CUSTODY_LEDGER_WRITE'))
    expect([run.size, await store.reader.size(run.log)]).toEqual([1, 1])
    db.exec('PRAGMA max_page_count = 1000000')
    for (let row = 1; row <= 200; row++) run.append(simpleRow(row))
    await run.commit()
    expect(await store.reader.size(run.log)).toBe(201)
    await store.close()
  })

  test('that another process has locked is busy', async () => {
    await make()
    const holder = new DatabaseSync(path)
    holder.exec('BEGIN IMMEDIATE')
    const db = new DatabaseSync(path)
    let thrown: unknown
    try {
      db.exec('BEGIN IMMEDIATE')
    } catch (error) {
      thrown = error
    }
    expect(asLedgerError(thrown, 'sqlite:x', 'write')).toEqual(code('CUSTODY_LEDGER_BUSY'))
    holder.close()
    db.close()
  })

  test('is read where nothing can be written beside it', async () => {
    await make()
    const { chmodSync } = await import('node:fs')
    chmodSync(folder, 0o555)
    try {
      const reader = await openLedgerReader(`sqlite:${path}`)
      expect(await reader.size(0)).toBe(1)
      await reader.close()
    } finally {
      chmodSync(folder, 0o755)
    }
  })
})

test.skipIf(process.platform === 'win32')(
  'a ledger is its user’s alone, and so is what SQLite puts beside it',
  async () => {
    const path = join(folder, 'private.db')
    const ledger = await openLedger(`sqlite:${path}`, testPorts(), { create: true })
    await ledger.openRun(RUN, opening())
    const modes = ['', '-wal', '-shm'].map(ending => statSync(`${path}${ending}`).mode & 0o777)
    await ledger.close()
    expect(modes).toEqual([0o600, 0o600, 0o600])
  },
)
