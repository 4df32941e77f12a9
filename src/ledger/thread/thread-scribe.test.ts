import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { opening, RUN, simpleRow, testPorts } from '../../../test/support/ledger.ts'
import { CustodyError } from '../../model/error.ts'
import { openLedger, openLedgerReader } from '../open.ts'
import type { Ledger, RunLedger } from '../write-port.ts'
import { errorOf, failureOf } from './messages.ts'

let folder: string
let ledger: Ledger
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-thread-'))
  ledger = await openLedger(url(), testPorts(), { create: true, thread_from_entries: 0 })
})
afterEach(async () => {
  await ledger.close()
  rmSync(folder, { recursive: true })
})

const url = () => `sqlite:${join(folder, 'ledger.db')}`

/** A run whose commits are made by another thread from now on. */
async function threadedRun() {
  const run = await ledger.openRun(RUN, opening())
  run.append(simpleRow(1))
  await run.commit()
  return run
}

test('entries of the next commit can be appended while one is under way', async () => {
  const run = await threadedRun()
  run.append(simpleRow(2))
  const { durable } = await run.begin()
  expect(run.append(simpleRow(3))).toBe(3)
  expect(await durable).toMatchObject({ size: 3 })
  expect(await run.commit()).toMatchObject({ size: 4 })
  const reader = await openLedgerReader(url())
  expect(await reader.size(run.log)).toBe(4)
  await reader.close()
})

test('a commit that fails takes what was appended meanwhile with it', async () => {
  const run = await threadedRun()
  run.append(simpleRow(2))
  run.append(simpleRow(3, 1))
  const { durable } = await run.begin()
  run.append(simpleRow(4))
  await expect(durable).rejects.toMatchObject({ name: 'CustodyError', code: 'CUSTODY_ENGINE_DEFECT' })
  expect(run.size).toBe(2)
  run.append(simpleRow(2))
  expect(await run.commit()).toMatchObject({ size: 3 })
})

describe('a commit that is large goes over in parts', () => {
  /** About 10 MB of text. */
  const ROWS = 10_000
  const appendFrom = (run: RunLedger, first: number) => {
    const note = 'x'.repeat(1_000)
    for (let row = first; row < first + ROWS; row++) {
      const draft = simpleRow(row)
      run.append({ ...draft, values: [...draft.values, { kind: 'full', text: JSON.stringify({ note, row }) }] })
    }
  }

  test('and is durable as a whole', async () => {
    const run = await threadedRun()
    appendFrom(run, 2)
    expect(await run.commit()).toMatchObject({ size: ROWS + 2 })
    const reader = await openLedgerReader(url())
    const last = await reader.entriesOfRow(run.log, ROWS + 1)
    expect(last.map(({ seq }) => seq)).toEqual([ROWS + 1])
    await reader.close()
  })

  test('and may have nothing left for the last', { tags: ['proof'] }, async () => {
    const run = await threadedRun()
    const large = { kind: 'full', text: JSON.stringify({ note: 'x'.repeat(5_000_000) }) } as const
    for (let row = 2; row < 5; row++) {
      run.append({ ...simpleRow(row), values: [...simpleRow(row).values, large] })
      expect(await run.commit()).toMatchObject({ size: row + 1 })
    }
  })

  test('and is dropped as a whole', async () => {
    const run = await threadedRun()
    appendFrom(run, 2)
    run.drop()
    expect(run.size).toBe(2)
    run.append(simpleRow(2))
    expect(await run.commit()).toMatchObject({ size: 3 })
  })

  test('and is dropped if the commit before it fails, which is under way', { tags: ['proof'] }, async () => {
    const run = await threadedRun()
    run.append(simpleRow(2))
    run.append(simpleRow(3, 1))
    const { durable } = await run.begin()
    appendFrom(run, 4)
    await expect(durable).rejects.toMatchObject({ code: 'CUSTODY_ENGINE_DEFECT' })
    expect(run.size).toBe(2)
    appendFrom(run, 2)
    expect(await run.commit()).toMatchObject({ size: ROWS + 2 })
  })
})

test('THREAD-SCRIBE-1: a thread that ends fails what it was asked, and all that is asked of it later', async () => {
  const run = await threadedRun()
  run.append(simpleRow(2))
  const { durable } = await run.begin()
  const failed = expect(durable).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_IN_DOUBT' })
  await ledger.close()
  await failed
  run.append(simpleRow(2))
  await expect(run.commit()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_IN_DOUBT' })
  expect(run.size).toBe(2)
})

test('what can’t be opened there is an error of the commit', async () => {
  const run = await ledger.openRun(RUN, opening())
  run.append(simpleRow(1))
  await run.commit()
  for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm']) rmSync(join(folder, name))
  run.append(simpleRow(2))
  await expect(run.commit()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_NOT_FOUND' })
})

test('a part that breaks fails its commit, and no other', async () => {
  const run = await threadedRun()
  const [path, elsewhere] = [join(folder, 'ledger.db'), join(folder, 'elsewhere.db')]
  renameSync(path, elsewhere)
  const large = { kind: 'full', text: JSON.stringify({ note: 'x'.repeat(5_000_000) }) } as const
  run.append({ ...simpleRow(2), values: [...simpleRow(2).values, large] })
  await expect(run.commit()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_NOT_FOUND' })
  expect(run.size).toBe(2)
  renameSync(elsewhere, path)
  run.append(simpleRow(2))
  expect(await run.commit()).toMatchObject({ size: 3 })
})

test('errors come over with all that people see', () => {
  const cause = new TypeError('inner')
  const error = new CustodyError('CUSTODY_LEDGER_BUSY', 'it is locked', { where: { path: '/x' }, hint: 'wait', cause })
  const [copy, plain] = [error, cause].map(each => errorOf(structuredClone(failureOf(each)))) as [CustodyError, Error]
  expect(copy).toBeInstanceOf(CustodyError)
  expect(copy).toMatchObject({ code: error.code, message: error.message, where: error.where, hint: error.hint })
  expect((copy.cause as Error).message).toBe('inner')
  expect(plain).not.toBeInstanceOf(CustodyError)
  expect([plain.message, plain.stack]).toEqual([cause.message, cause.stack])
})
