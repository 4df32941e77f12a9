/** Leases: how long a process holds a run, or a split of one, without renewing. */
import { parseDuration } from '../../model/duration.ts'
import { CustodyError } from '../../model/error.ts'

const USUAL_MS = 10_000
/** A commit may take as long where a disk is slow. */
const LEAST_MS = 500
/** Whoever is gone keeps a run from others for so long. */
const MOST_MS = 600_000

/** From the last renewal; then anybody may take the run over. */
export const LEASE_US = (leaseIn(process.env.CUSTODY_LEASE) ?? USUAL_MS) * 1000

/** Whoever holds a lease renews it so often: it lasts through a renewal that fails, or takes its time. */
export const RENEW_EVERY_US = LEASE_US * 0.3

/** @throws CustodyError CUSTODY_ARGUMENT if the environment asks for one that can’t be had. */
export function checkLease(): void {
  const asked = process.env.CUSTODY_LEASE
  if (asked === undefined || asked === '' || leaseIn(asked) !== null) return
  throw new CustodyError('CUSTODY_ARGUMENT', `$CUSTODY_LEASE is ${asked}: it is to be a duration from 500ms to 10m`, {
    hint: 'Leave it away for 10s.',
  })
}

/** In milliseconds; null: none that can be had. */
export function leaseIn(text: string | undefined): number | null {
  const ms = text === undefined ? null : parseDuration(text, MOST_MS)
  return ms === null || ms < LEAST_MS ? null : ms
}
