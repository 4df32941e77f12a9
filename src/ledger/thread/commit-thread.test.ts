import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { opening, RUN, simpleRow, T0, testPorts } from '../../../test/support/ledger.ts'
import { openLedger, openLedgerReader } from '../open.ts'
import type { StoredLedger } from '../write/ledger.ts'
import { NO_ENTRIES } from '../write/log-commit.ts'
import { CommitThread, writeThrough } from './commit-thread.ts'

const SPLITS = 3
let folder: string
let coordinator: StoredLedger
let thread: CommitThread
let lost: string[]
/** One for each thread that would write. */
let ledgers: StoredLedger[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-commits-'))
  coordinator = await openLedger(url(), testPorts(), { create: true })
  await coordinator.openRun(RUN, opening(), SPLITS)
  lost = []
  thread = new CommitThread({ url: url(), encryption: null }, why => lost.push(why))
  const create = false
  ledgers = await Promise.all(
    Array.from({ length: SPLITS }, () =>
      openLedger(url(), testPorts(), { create, write_split: writeThrough(thread.port(), url()) }),
    ),
  )
})
afterEach(async () => {
  for (const each of ledgers) await each.close()
  await thread.close()
  await coordinator.close()
  rmSync(folder, { recursive: true })
})

const url = () => `sqlite:${join(folder, 'ledger.db')}`

async function take(part: number) {
  const opened = await coordinator.splitsOf(RUN).opening()
  const entry = { k: 'part', run: RUN, part, opening: opened, t: T0 } as const
  const begin = { entry, first_value: 0, values: [] }
  const { ledger } = await ledgers[part - 1]!.takeSplit({ run: RUN, part, begin }, async () => null)
  return ledger
}

async function sizes() {
  const reader = await openLedgerReader(url())
  const found = await Promise.all([2, 3, 4].map(log => reader.size(log)))
  await reader.close()
  return found
}

test('commits of several threads at once are durable, each in its log, and what is appended meanwhile is of the next', async () => {
  const logs = await Promise.all([1, 2, 3].map(take))
  const under_way = logs.map(async (log, i) => {
    for (let row = 1; row <= 10 * (i + 1); row++) log.append(simpleRow(row))
    const { durable } = await log.begin()
    log.append(simpleRow(10 * (i + 1) + 1))
    return durable
  })
  await Promise.all(under_way)
  expect(await sizes()).toEqual([11, 21, 31])
  await Promise.all(logs.map(log => log.commit()))
  expect(await sizes()).toEqual([12, 22, 32])
  expect(lost).toEqual([])
})

test('parts of a large commit that come while one is under way are of the next', async () => {
  const log = await take(1)
  const note = 'x'.repeat(1_000_000)
  const large = (row: number) => {
    const draft = simpleRow(row)
    return { ...draft, values: [...draft.values, { kind: 'full', text: JSON.stringify({ note, row }) }] } as const
  }
  log.append(large(1))
  const { durable } = await log.begin()
  for (let row = 2; row <= 12; row++) log.append(large(row))
  expect(await durable).toMatchObject({ size: 2 })
  expect(await log.commit()).toMatchObject({ size: 13 })
})

test('one that can’t be stored fails by itself', async () => {
  const log = await take(1)
  await take(2)
  const write = writeThrough(thread.port(), url())
  const lease = { kind: 'keep', epoch: 7, expires_us: T0 } as const
  const stale = { kind: 'take', size: 9, from_epoch: 1, epoch: 2, holder: '', expires_us: T0 } as const
  log.append(simpleRow(1))
  const outcomes = await Promise.allSettled([
    write({ ...NO_ENTRIES, log: 3, lease }, null),
    log.commit(),
    write({ ...NO_ENTRIES, log: 3, lease: stale }, null),
  ])
  expect(outcomes.map(each => (each.status === 'rejected' ? each.reason : each.value))).toMatchObject([
    { code: 'CUSTODY_RUN_LOST' },
    { size: 2 },
    { name: 'StaleLog' },
  ])
  expect(await sizes()).toEqual([2, 1, 0])
})

test('COMMIT-THREAD-1: what it was asked when it ends, and later, fails', async () => {
  const log = await take(1)
  await thread.close()
  log.append(simpleRow(1))
  await expect(log.commit()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_IN_DOUBT' })
  log.append(simpleRow(1))
  await expect(log.commit()).rejects.toMatchObject({ code: 'CUSTODY_LEDGER_IN_DOUBT' })
  expect(await sizes()).toEqual([1, 0, 0])
})
