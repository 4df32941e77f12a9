/**
 * Another key for what a ledger has encrypted: data keys are wrapped anew, some at a time, and nothing else changes.
 *
 * REKEY-1. It can be ended at any time, and begun again: what is under the new key already is passed over.
 */
import { CustodyError } from '../model/error.ts'
import { isAlive, parseHolder } from '../model/holder.ts'
import { grouped } from '../model/number-text.ts'
import type { LedgerKey } from './encryption/ledger-key.ts'
import { openWitnessing } from './open.ts'
import type { LedgerReader } from './read-port.ts'
import type { SealedPlace } from './store.ts'

/** Of a transaction: some milliseconds. */
const AT_ONCE = 1_000
const BEFORE_ALL: SealedPlace = { log: -1, first: -1 }

export interface Rekeyed {
  /** How many chunks of values were under other keys, and are under the new one now. */
  readonly wrapped: number
}

/**
 * `to` has to be in the keychain that the ledger is opened with, as the keys that it has now. `onProgress` is called after each transaction with how many chunks there
 * were so far.
 * @throws CustodyError CUSTODY_LEDGER_KEY if a key is missing that something is encrypted with: all else is under the new one then;
 * CUSTODY_RUN_HELD if somebody writes a run, which would use its former key; as opening for writing.
 */
export async function rekey(
  url: string,
  to: LedgerKey,
  onProgress: (wrapped: number) => void = () => undefined,
): Promise<Rekeyed> {
  const store = await openWitnessing(url)
  try {
    await refuseHeld(store.reader)
    const lacking = new Set<string>()
    let wrapped = 0
    for (let after: SealedPlace | null = BEFORE_ALL; after !== null; ) {
      const part = await store.rewrap(to, after, AT_ONCE)
      wrapped += part.wrapped
      for (const each of part.lacking) lacking.add(each)
      onProgress(wrapped)
      after = part.next
    }
    if (lacking.size > 0)
      throw new CustodyError(
        'CUSTODY_LEDGER_KEY',
        `values of ${store.reader.url} are encrypted with ledger key ${[...lacking].join(', ')}, which isn’t at hand; ${grouped(wrapped)} chunks are under the new key now`,
        { hint: 'Name the former key with --ledger-key, and try again.' },
      )
    return { wrapped }
  } finally {
    await store.close()
  }
}

async function refuseHeld(reader: LedgerReader): Promise<void> {
  for (const { log, holder } of await reader.leases()) {
    const held_by = parseHolder(holder)
    if (held_by !== null && isAlive(held_by))
      throw new CustodyError(
        'CUSTODY_RUN_HELD',
        `the run of log ${log} is held by process ${held_by.pid} on ${held_by.host}`,
        {
          hint: 'Wait until it has ended, or stop it; resumed, it uses the new key.',
        },
      )
  }
}
