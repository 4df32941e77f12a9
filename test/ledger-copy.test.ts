/** A ledger that is copied is the same, and of the two one is written, whatever ends the process in between. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TILE_WIDTH } from '../src/format/tree.ts'
import { TREES } from '../src/format/trees.ts'
import { COPY_POINTS, type CopyPoint, copyLedger } from '../src/ledger/copy/copy.ts'
import { createCopy, openLedger, openLedgerReader, openWitnessing, unfinishedCopyAt } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import { type LedgerPorts, NOTHING } from '../src/ledger/write-port.ts'
import { contents } from './conformance/stage.ts'
import { nothingToSee, opening, RUN, sampleRun, sealFacts, simpleRow, testPorts, totals } from './support/ledger.ts'
import { newDatabase, postgres } from './support/postgres.ts'

const ALL = { level: 0, from: 0, most: 9 }
const OPEN_RUN = RUN.replace(/1$/, '2')

let folder: string
let ports: LedgerPorts
const at = (name: string) => (name.startsWith('postgres:') ? name : `sqlite:${join(folder, name)}`)
const [from, to] = ['from.db', 'to.db']

/** With a sealed run, one that nobody holds, and what a witness says. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-copy-'))
  ports = testPorts('copy')
  const ledger = await openLedger(at(from), ports, { create: true })
  const sealed = await ledger.openRun(RUN, opening())
  await sampleRun(sealed)
  await sealed.seal(sealFacts(totals(4, 10, 10)))
  const run = await ledger.openRun(OPEN_RUN, opening(OPEN_RUN))
  run.append(simpleRow(1))
  await run.commit()
  await run.release()
  await ledger.close()
  const witnessing = await openWitnessing(at(from))
  await witnessing.keepWitnessed({ size: 2, note: 'a note' })
  await witnessing.close()
})
afterEach(() => rmSync(folder, { recursive: true }))

async function reading<T>(name: string, work: (reader: LedgerReader) => Promise<T>): Promise<T> {
  const reader = await openLedgerReader(at(name), 1)
  try {
    return await reader.snapshot(() => work(reader))
  } finally {
    await reader.close()
  }
}
const held = (name: string) => reading(name, contents)
const MOVED = { code: 'CUSTODY_LEDGER_MOVED' }
const cantBeWritten = (name: string) =>
  expect(openLedger(at(name), ports, { create: false })).rejects.toMatchObject(MOVED)

const endAt = (point: CopyPoint) => (each: CopyPoint) => {
  if (each === point) throw new Error('ended')
}

async function isWritten(name: string): Promise<void> {
  const ledger = await openLedger(at(name), ports, { create: false })
  await ledger.close()
}

describe('a ledger that is moved', () => {
  test('is the same, and is written where it was moved to', async () => {
    const copied = await copyLedger(at(from), at(to), ports, { keep: false })
    expect(copied).toMatchObject({ from: at(from), to: at(to), written: 'to', runs: 2 })
    expect(await held(to)).toEqual(await held(from))
    await cantBeWritten(from)
    const ledger = await openLedger(at(to), ports, { create: false })
    const { ledger: run } = await ledger.takeOver(OPEN_RUN, nothingToSee)
    run.append(simpleRow(2))
    await run.commit()
    await ledger.close()
    await cantBeWritten(from)
  })

  test('is moved on, and back to where it was', async () => {
    await copyLedger(at(from), at(to), ports, { keep: false })
    await copyLedger(at(to), at('third.db'), ports, { keep: false })
    await cantBeWritten(to)
    rmSync(join(folder, from))
    await copyLedger(at('third.db'), at(from), ports, { keep: false })
    await cantBeWritten('third.db')
    await isWritten(from)
  })

  test.each(COPY_POINTS)(
    'is in one place after the process ended (%s), and moved when asked again',
    { tags: ['proof'] },
    async point => {
      const before = await held(from)
      const ended = copyLedger(at(from), at(to), ports, { keep: false, atPoint: endAt(point) })
      await expect(ended).rejects.toThrow('ended')
      await expect(openLedger(at(to), ports, { create: false })).rejects.toMatchObject({
        code: 'CUSTODY_LEDGER_FORMAT',
      })
      await expect(openLedgerReader(at(to), 1)).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_FORMAT' })
      if (point === 'copied') await isWritten(from)
      else await cantBeWritten(from)
      if (point !== 'copied')
        await expect(copyLedger(at(from), at('other.db'), ports, { keep: false })).rejects.toMatchObject(MOVED)
      await copyLedger(at(from), at(to), ports, { keep: false })
      expect(await held(to)).toEqual(await held(from))
      expect((await held(to)).payloads).toEqual(before.payloads)
      await cantBeWritten(from)
      await isWritten(to)
    },
  )

  test('has what others wrote while it was copied', async () => {
    await copyLedger(at(from), at(to), ports, {
      keep: false,
      atPoint: async point => {
        if (point !== 'copied') return
        const other = await openLedger(at(from), ports, { create: false })
        const run = await other.openRun(RUN.replace(/1$/, '3'), opening(RUN.replace(/1$/, '3')))
        await run.seal(sealFacts(totals(0, 0, 0)))
        await other.close()
      },
    })
    expect((await held(to)).logs).toHaveLength(4)
    expect(await held(to)).toEqual(await held(from))
  })

  test('has a tile that is full with what says where it went', { tags: ['proof'] }, async () => {
    const ledger = await openLedger(at(from), ports, { create: false })
    const open = async (n: number) => {
      const run = `${RUN.slice(0, -4)}${n.toString(16).padStart(4, '0')}`
      const opened = await ledger.openRun(run, opening(run))
      await opened.release()
    }
    for (let n = await ledger.reader.size(0); n < TILE_WIDTH - 1; n++) await open(n + 0x1000)
    await ledger.close()
    await copyLedger(at(from), at(to), ports, { keep: false })
    expect(await reading(to, async reader => (await reader.tileRoots(0, TREES.log, ALL)).length)).toBe(1)
  })

  test('is still on its way where another copy couldn’t be begun in the place of one that wasn’t finished', {
    tags: ['proof'],
  }, async () => {
    const ended = copyLedger(at(from), at(to), ports, { keep: false, atPoint: endAt('moved') })
    await expect(ended).rejects.toThrow('ended')
    const home = await unfinishedCopyAt(at(to))
    const entries = (function* () {
      yield { seq: 0, row: null, batch: null, body: Buffer.from('{}') }
      throw new Error('no room')
    })()
    const birth = { ...NOTHING, log: 0, lease: null, ledger: null, entries, head: '' }
    await expect(createCopy(at(to), birth, 'another')).rejects.toThrow('no room')
    expect([home, await unfinishedCopyAt(at(to))]).toEqual([home, home])
    await copyLedger(at(from), at(to), ports, { keep: false })
    await isWritten(to)
  })

  test('goes to where an empty file is', async () => {
    writeFileSync(join(folder, to), '')
    await copyLedger(at(from), at(to), ports, { keep: false })
    await isWritten(to)
  })

  test('isn’t while somebody holds a run of it', async () => {
    const ledger = await openLedger(at(from), ports, { create: false })
    await ledger.takeOver(OPEN_RUN, nothingToSee)
    await expect(copyLedger(at(from), at(to), ports, { keep: false })).rejects.toMatchObject({
      code: 'CUSTODY_RUN_HELD',
    })
    await ledger.close()
    await isWritten(from)
  })

  test('isn’t to where something is', async () => {
    await expect(copyLedger(at(from), at(from), ports, { keep: false })).rejects.toMatchObject({
      code: 'CUSTODY_LEDGER_EXISTS',
    })
    await isWritten(from)
  })

  test('isn’t if it doesn’t hold what was signed', async () => {
    const db = new DatabaseSync(join(folder, from))
    db.exec('DROP TRIGGER entries_no_update')
    db.exec(`UPDATE entries SET body = replace(body, '"k":"commit"', '"k":"commut"') WHERE log = 1`)
    db.close()
    await expect(copyLedger(at(from), at(to), ports, { keep: true })).rejects.toMatchObject({
      code: 'CUSTODY_LEDGER_ALTERED',
    })
  })
})

describe('a ledger that is copied with the original kept', () => {
  test('is the same, to read; the original is written', async () => {
    const copied = await copyLedger(at(from), at(to), ports, { keep: true })
    expect(copied.written).toBe('from')
    expect(await held(to)).toEqual(await held(from))
    await cantBeWritten(to)
    await isWritten(from)
    await expect(copyLedger(at(to), at('third.db'), ports, { keep: false })).rejects.toMatchObject(MOVED)
    await copyLedger(at(to), at('third.db'), ports, { keep: true })
    await cantBeWritten('third.db')
  })
})

const server = await postgres()
describe.skipIf(server.url === null)(`a ledger that is moved to PostgreSQL${server.said}`, () => {
  test('is the same there, and when it comes back', { tags: ['proof'] }, async () => {
    const database = await newDatabase(server.url ?? '')
    try {
      const there = `${database.url.replace(/^postgresql:/, 'postgres:')}?schema=there`
      const ended = copyLedger(at(from), there, ports, { keep: false, atPoint: endAt('moved') })
      await expect(ended).rejects.toThrow('ended')
      await expect(openLedgerReader(there, 1)).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_FORMAT' })
      await copyLedger(at(from), there, ports, { keep: false })
      expect(await held(there)).toEqual(await held(from))
      await cantBeWritten(from)
      const ledger = await openLedger(there, ports, { create: false })
      const { ledger: run } = await ledger.takeOver(OPEN_RUN, nothingToSee)
      run.append(simpleRow(2))
      await run.commit()
      await run.release()
      await ledger.close()
      await copyLedger(there, at(to), ports, { keep: false })
      expect(await held(to)).toEqual(await held(there))
      await cantBeWritten(there)
      await isWritten(to)
    } finally {
      await database.remove()
    }
  })
})
