/**
 * A machine wakes up: the lease of a run that one of its processes holds has run out, and its holder is well. Whoever would take the
 * run over gives it the time to renew.
 */

import type { StoredLease } from '../../ledger/read-port.ts'
import { LEASE_US } from '../../ledger/write/lease.ts'
import type { Ledger } from '../../ledger/write-port.ts'
import { livesHere, parseHolder } from '../../model/holder.ts'
import type { Notice } from '../nodes/source/source-reader.ts'
import type { Clock } from '../ports/ports.ts'

/** More than the time in which a process at work renews its lease. One that hangs doesn't. */
const AWAKENING_US = LEASE_US / 2

/** Waits where the lease has run out and its holder certainly lives. */
export async function awaitAwakening(
  lease: Pick<StoredLease, 'holder' | 'expires_us'> | null,
  ledger: Pick<Ledger, 'time_us'>,
  clock: Pick<Clock, 'wake'>,
  tell: (notice: Notice) => void,
): Promise<void> {
  const holder = lease === null ? null : parseHolder(lease.holder)
  if (lease === null || holder === null || !livesHere(holder) || lease.expires_us > (await ledger.time_us())) return
  const text = `the run’s process is there, and may have slept with its machine: it is given ${AWAKENING_US / 1_000_000} s to go on itself`
  tell({ kind: 'waiting', text })
  await new Promise<void>(resolve => clock.wake(AWAKENING_US, resolve))
}
