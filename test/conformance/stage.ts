/** Where the suite for stores plays: a new database, ledgers in it, and all that such a ledger holds. */
import { afterEach } from 'vitest'
import type { LedgerKey } from '../../src/ledger/encryption/ledger-key.ts'
import type { LedgerReader } from '../../src/ledger/read-port.ts'
import type { Store } from '../../src/ledger/store.ts'
import { LedgerThreads } from '../../src/ledger/thread/ledger-thread.ts'
import { Entropy } from '../../src/ledger/write/entropy.ts'
import { StoredLedger } from '../../src/ledger/write/ledger.ts'
import { birth } from '../../src/ledger/write/log-zero.ts'
import type { Threads } from '../../src/ledger/write/run-ledger.ts'
import type { LedgerPorts, WriteBatch } from '../../src/ledger/write-port.ts'
import { type Holder, thisProcess } from '../../src/model/holder.ts'
import { RUN, testPorts } from '../support/ledger.ts'

/** One database. */
export interface Place {
  /** A new ledger in it. */
  create(birth: WriteBatch): Promise<Store>
  /** Another connection to that ledger. */
  open(): Promise<Store>
  /** Where stage 2 is done, if not in this thread. */
  readonly threads?: (ports: LedgerPorts) => Threads
  remove(): Promise<void>
}

/** A thread for each run, which opens the ledger at `url`. */
export function threadsAt(url: string, encryption: LedgerKey | null = null): NonNullable<Place['threads']> {
  return ({ signer: { name, private_key } }) =>
    new LedgerThreads({ url, shown: url, lasting: 'durable', key: { name, private_key }, encryption, clock: null }, 0)
}

export const OTHER_RUN = RUN.replace(/1$/, '2')
export const DEAD: Holder = { ...thisProcess(), start: 'before' }

/** Ledgers in places that `makePlace` gives, which are removed after each test. */
export function stage(makePlace: () => Promise<Place>) {
  const cleanups: Array<() => Promise<void>> = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function begin(holder = thisProcess(), seed = 'test') {
    const place = await makePlace()
    cleanups.push(() => place.remove())
    const ports = testPorts(seed)
    const entropy = new Entropy(ports.entropy)
    const store = await place.create(birth('ledger-id', ports, entropy))
    cleanups.push(() => store.close())
    const ledger = await StoredLedger.open(store, ports, { holder, entropy, threads: place.threads?.(ports) })
    cleanups.push(() => ledger.close())
    return { place, ports, store, ledger, reader: store.reader }
  }

  /** A second writer, as another process would be. */
  async function join(place: Place, ports: LedgerPorts, holder = thisProcess()) {
    const store = await place.open()
    cleanups.push(() => store.close())
    const ledger = await StoredLedger.open(store, ports, { holder, threads: place.threads?.(ports) })
    cleanups.push(() => ledger.close())
    return ledger
  }

  return { begin, join }
}

export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const each of stream) items.push(each)
  return items
}

/** Kinds of the entries of log 0. */
export async function logZero(reader: LedgerReader): Promise<string[]> {
  return (await all(reader.entries(0))).map(each => (JSON.parse(each.body) as { k: string }).k)
}

/** Everything that a ledger holds. */
export async function contents(reader: LedgerReader) {
  const logs = await reader.allLogs()
  const of = async <T>(read: (log: number) => AsyncIterable<T>) => Promise.all(logs.map(({ log }) => all(read(log))))
  return {
    logs,
    entries: await of(log => reader.entries(log)),
    payloads: await of(log => reader.payloads(log)),
    endings: await of(log => reader.endings(log)),
    open_tokens: await of(log => reader.openTokens(log)),
    heads: await reader.heads(),
    leases: await reader.leases(),
  }
}
