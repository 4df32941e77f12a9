/** Opens ledgers by their URLs. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError } from '../model/error.ts'
import { uuidv7 } from '../model/uuid.ts'
import { Entropy } from './appender.ts'
import { type Holder, thisProcess } from './lease.ts'
import { StoredLedger } from './ledger.ts'
import { birth } from './log-zero.ts'
import type { LedgerReader } from './read-port.ts'
import { EmptyLedgerError, openForReading, openForWriting } from './sqlite/file.ts'
import { SqliteReader } from './sqlite/reader.ts'
import { SqliteStore } from './sqlite/store.ts'
import type { Ledger, LedgerPorts } from './write-port.ts'

/**
 * Opens a ledger for writing, `sqlite:PATH`. With `create` it is made if there is none, folders included.
 * `holder` is who holds its runs, for tests; this process otherwise.
 * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_WRITE,
 * CUSTODY_LEDGER_BUSY.
 */
export async function openLedger(
  url: string,
  ports: LedgerPorts,
  options: { readonly create: boolean; readonly holder?: Holder },
): Promise<Ledger> {
  const path = pathOf(url)
  const absolute = `sqlite:${path}`
  const entropy = new Entropy(ports.entropy)
  const begin = () => birth(uuidv7(Math.floor(ports.now_us() / 1000), ports.entropy(10)), ports, entropy)
  const db = openForWriting(path, absolute, options.create ? begin : null)
  const store = new SqliteStore(db, new SqliteReader(db, absolute))
  try {
    return await StoredLedger.open(store, ports, options.holder ?? thisProcess(), entropy)
  } catch (error) {
    await store.close()
    throw error
  }
}

const LOOK_EVERY_MS = 20
const LOOKS = 100

/**
 * Opens a ledger for reading, and never makes one. An empty file is looked at for two seconds, or `looks` times: a run that
 * begins just now may be making its ledger.
 * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_READ,
 * CUSTODY_LEDGER_BUSY.
 */
export async function openLedgerReader(url: string, looks = LOOKS): Promise<LedgerReader> {
  const path = pathOf(url)
  const absolute = `sqlite:${path}`
  for (let look = 1; ; look++) {
    try {
      return new SqliteReader(openForReading(path, absolute), absolute)
    } catch (error) {
      if (!(error instanceof EmptyLedgerError) || look >= looks) throw error
      await sleep(LOOK_EVERY_MS)
    }
  }
}

/** The absolute path of a `sqlite:` URL; a relative one is taken from the current folder. */
function pathOf(url: string): string {
  if (/^postgres(ql)?:/.test(url)) {
    throw new CustodyError('CUSTODY_LEDGER_URL', 'this version of Custody keeps its ledgers in SQLite only', {
      hint: 'Use sqlite:PATH.',
    })
  }
  const path = /^sqlite:(?<path>.+)$/.exec(url)?.groups?.path
  if (path === undefined) throw new CustodyError('CUSTODY_LEDGER_URL', `${JSON.stringify(url)} is no ledger’s URL`)
  return resolve(path)
}
