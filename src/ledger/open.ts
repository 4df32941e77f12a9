/** Opens ledgers to write them, by their URLs; open-reader.ts opens them to read, which takes much less. */
import { type Holder, thisProcess } from '../model/holder.ts'
import { uuidv7 } from '../model/uuid.ts'
import { ownKeychain } from './encryption/keychain.ts'
import { openStore } from './open-store.ts'
import type { Lasting, Store, StoreClock, WitnessingLedger } from './store.ts'
import { LedgerThreads } from './thread/ledger-thread.ts'
import { Entropy } from './write/entropy.ts'
import { checkLease } from './write/lease.ts'
import { StoredLedger } from './write/ledger.ts'
import type { WriteCommit } from './write/log-commit.ts'
import { birth } from './write/log-zero.ts'
import type { LedgerPorts } from './write-port.ts'

export { openLedgerReader } from './open-reader.ts'
export { createCopy, unfinishedCopyAt } from './open-store.ts'

export interface OpenOptions {
  /** Whether it is made if there is none, folders included. */
  readonly create: boolean
  /** It will be removed soon: nothing waits for the disk. */
  readonly temporary?: boolean
  /** Who holds its runs; this process, if absent. */
  readonly holder?: Holder
  /** A run with so many entries gets a thread of its own. */
  readonly thread_from_entries?: number
  /** A run with at most so many entries is checked in full before it is taken over. */
  readonly whole_to_entries?: number
  /** Who writes logs of splits; this process's thread, if absent. */
  readonly write_split?: WriteCommit
  /** To change keys: the signer's needn't be in force yet. */
  readonly changes_keys?: boolean
}

/** Some tenths of a second's work: starting a thread takes some 40 ms of another processor, and memory. */
const THREAD_FROM_ENTRIES = 10_000

/**
 * Opens a ledger for writing, `sqlite:PATH` or `postgres://…`.
 * @throws CustodyError CUSTODY_LEDGER_URL, CUSTODY_LEDGER_NOT_FOUND, CUSTODY_LEDGER_FORMAT, CUSTODY_LEDGER_WRITE,
 * CUSTODY_LEDGER_BUSY, CUSTODY_ARGUMENT ($CUSTODY_LEASE); CUSTODY_LEDGER_ALTERED, CUSTODY_LEDGER_CUT, CUSTODY_LEDGER_ROLLED_BACK, CUSTODY_LEDGER_FORKED,
 * CUSTODY_KEY_UNKNOWN, if it isn't to be resumed.
 */
export async function openLedger(url: string, ports: LedgerPorts, options: OpenOptions): Promise<StoredLedger> {
  checkLease()
  const entropy = new Entropy(ports.entropy)
  const begin = (clock: Pick<StoreClock, 'now_us'> | null) => {
    const own = timed(ports, clock)
    return birth(uuidv7(Math.floor(own.now_us() / 1000), own.entropy(10)), own, entropy)
  }
  const lasting: Lasting = options.temporary === true ? 'temporary' : 'durable'
  const encryption = ports.encryption ?? null
  if (encryption !== null) ownKeychain.add(encryption)
  const store = await openStore(url, { birth: options.create ? begin : null, lasting, encryption })
  const shown = store.reader.url
  try {
    const { name, private_key } = ports.signer
    const input = { url, shown, lasting, key: { name, private_key }, encryption, clock: store.clock?.shared ?? null }
    const threads = new LedgerThreads(input, options.thread_from_entries ?? THREAD_FROM_ENTRIES)
    const { holder = thisProcess(), whole_to_entries, changes_keys, write_split } = options
    return await StoredLedger.open(store, timed(ports, store.clock), {
      holder,
      entropy,
      threads,
      whole_to_entries,
      changes_keys,
      write_split,
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Whatever is recorded or judged by has its time from here. Several machines that write one ledger have one clock. */
function timed(ports: LedgerPorts, clock: Pick<StoreClock, 'now_us'> | null): LedgerPorts {
  return ports.is_time_of_day !== true || clock === null ? ports : { ...ports, now_us: () => clock.now_us() }
}

/**
 * Opens a ledger to keep what is no evidence: what witnesses and timestamp authorities say of it, and keys of what is encrypted. That takes no
 * signing key. Never makes one.
 * @throws CustodyError as `openLedger`, but for what it is checked for.
 */
export async function openWitnessing(url: string): Promise<WitnessingLedger & Pick<Store, 'rewrap'>> {
  return openStore(url, { birth: null, lasting: 'durable' })
}
