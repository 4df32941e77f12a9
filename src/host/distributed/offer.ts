/** A run that is coordinated here, and offered to workers on any machine. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunResult } from '../../engine/run/session.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import { isPostgresUrl } from '../../ledger/postgres/address.ts'
import type { StoredLease } from '../../ledger/read-port.ts'
import { LEASE_US } from '../../ledger/write/lease.ts'
import { CustodyError } from '../../model/error.ts'
import { type Holder, isAlive, parseHolder, thisProcess } from '../../model/holder.ts'
import type { Plan } from '../../plan/plan.ts'
import { removeRecord } from './run-record.ts'
import type { Elsewhere } from './workers-elsewhere.ts'

export interface Offer extends Elsewhere {
  /** Who holds the run: workers find by it that it is offered. */
  readonly holder: Holder
  /** How many there are. */
  readonly splits: number
}

/**
 * `command`: how workers are begun, for people. `sets`: those that a run is given when it is resumed.
 * @throws CustodyError CUSTODY_DISTRIBUTED
 */
export function offerOf(
  { splits }: Pick<Plan, 'splits'>,
  url: string,
  command: string,
  sets: readonly string[],
): Offer {
  if (splits === null)
    throw new CustodyError('CUSTODY_DISTRIBUTED', 'the pipeline has no splits that workers could take', {
      hint: 'Add `splits: { count: 64 }` to it, or `--set splits.count=64`.',
    })
  if (!isPostgresUrl(url))
    throw new CustodyError('CUSTODY_DISTRIBUTED', 'workers on other machines can’t reach a ledger in SQLite', {
      hint: 'Name one in PostgreSQL, --ledger postgres://…; on one machine --workers does without.',
    })
  const token = randomUUID()
  return { url, command, token, sets, splits: splits.count, holder: { ...thisProcess(), workers: token } }
}

const LOOK_EVERY_MS = 100

/** Waits until workers have let go of a run that isn't coordinated any more, and no longer than a lease lasts. @throws CustodyError as reading does */
export async function awaitWorkers({ url, splits }: Offer, run: string): Promise<void> {
  const until_ms = performance.now() + LEASE_US / 1000
  const reader = await openLedgerReader(url)
  try {
    const first = (await reader.logOf(run)) ?? 0
    const isHeld = ({ log, holder: text }: StoredLease) => {
      const holder = log > first && log <= first + splits ? parseHolder(text) : null
      return holder !== null && isAlive(holder)
    }
    while (performance.now() < until_ms) {
      const leases = await reader.leases()
      if (!leases.some(isHeld)) return
      await sleep(LOOK_EVERY_MS)
    }
  } finally {
    await reader.close()
  }
}

/** What is kept for workers of a run with splits is of no use when it is sealed, whoever has sealed it. @throws CustodyError as the ledger does */
export async function endOffers(url: string, run: string, { summary: { status } }: RunResult): Promise<void> {
  if (isPostgresUrl(url) && status !== 'failed' && status !== 'cancelled') await removeRecord(url, run)
}
