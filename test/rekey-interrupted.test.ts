/** `ledger rekey` that was ended behind any of its transactions: all is readable with both keys, and asked again it does the rest (REKEY-1). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownKeychain } from '../src/ledger/encryption/keychain.ts'
import { ledgerKeyOf } from '../src/ledger/encryption/ledger-key.ts'
import { openLedger, openLedgerReader, openWitnessing } from '../src/ledger/open.ts'
import { rekey } from '../src/ledger/rekey.ts'
import type { SealedPlace } from '../src/ledger/store.ts'
import { commitDraft, opening, RUN, simpleRow, testPorts, totals } from './support/ledger.ts'
import { newDatabase, postgres } from './support/postgres.ts'

const server = await postgres()
const KEYS = [ledgerKeyOf(Buffer.alloc(32, 3)), ledgerKeyOf(Buffer.alloc(32, 4))] as const
const COMMITS = 3
const BEFORE_ALL: SealedPlace = { log: -1, first: -1 }

let folder: string
let database: Awaited<ReturnType<typeof newDatabase>> | null = null
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-rekey-'))
  if (server.url !== null) database = await newDatabase(server.url)
  for (const key of KEYS) ownKeychain.add(key)
})
afterAll(async () => {
  await database?.remove()
  rmSync(folder, { recursive: true })
})

async function written(url: string): Promise<void> {
  const ledger = await openLedger(url, { ...testPorts(), encryption: KEYS[0] }, { create: true })
  const run = await ledger.openRun(RUN, opening())
  for (let commit = 1; commit <= COMMITS; commit++) {
    run.append(simpleRow(commit))
    run.appendRun(commitDraft(commit, commit, totals(commit, commit, commit)))
    await run.commit()
  }
  await run.release()
  await ledger.close()
}

/** By which keys the values of the run are encrypted, how many are read, and its entries. */
async function found(url: string) {
  const reader = await openLedgerReader(url)
  try {
    const { key_ids, values, entries }: { key_ids: string[]; values: string[]; entries: string[] } = {
      ...{ key_ids: [], values: [], entries: [] },
    }
    for await (const { key_id } of reader.chunks(1)) key_ids.push(key_id)
    for await (const payload of reader.payloads(1)) values.push('body' in payload ? payload.body : 'unreadable')
    for await (const { body } of reader.entries(1)) entries.push(body)
    return { key_ids, values, entries, head: await reader.head(1) }
  } finally {
    await reader.close()
  }
}

/** As `rekey` does it, one chunk in each transaction, up to the end of a process behind `times` of them. */
async function ended(url: string, to: (typeof KEYS)[number], times: number): Promise<void> {
  const store = await openWitnessing(url)
  let after: SealedPlace | null = BEFORE_ALL
  for (let i = 0; i < times && after !== null; i++) after = (await store.rewrap(to, after, 1)).next
  await store.close()
}

test.for(['SQLite', 'PostgreSQL'])('in %s', async (where, { skip }) => {
  if (where === 'PostgreSQL' && database === null) skip(server.said)
  const url = where === 'SQLite' ? `sqlite:${join(folder, 'ledger.db')}` : `${database?.url}?schema=rekeyed`
  await written(url)
  const before = await found(url)
  const chunks = before.key_ids.length
  expect(chunks).toBeGreaterThan(COMMITS)
  for (let times = 0; times <= chunks; times++) {
    const [from, to] = times % 2 === 0 ? KEYS : [KEYS[1], KEYS[0]]
    await ended(url, to, times)
    const midway = await found(url)
    expect(midway).toEqual({
      ...before,
      key_ids: midway.key_ids.map((_, i) => (i < times ? to.id : from.id)),
    })
    expect(await rekey(url, to)).toEqual({ wrapped: chunks - times })
    expect((await found(url)).key_ids).toEqual(Array(chunks).fill(to.id))
    expect(await rekey(url, to)).toEqual({ wrapped: 0 })
  }
  expect(before.values).not.toContain('unreadable')
})
