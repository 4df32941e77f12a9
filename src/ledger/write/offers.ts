/**
 * Runs whose splits are offered to workers: the lease of their coordinator says so, and so for as long as somebody has it.
 *
 * OFFERS-1. Whether a lease has run out is judged by the clock of the database, as it is now.
 */
import type { Signer } from '../../format/signing-key.ts'
import { type Holder, isAlive, parseHolder } from '../../model/holder.ts'
import type { LedgerReader, StoredLease } from '../read-port.ts'
import type { LogZero } from './log-zero.ts'

export interface OfferedRun {
  readonly run: string
  /** Of its coordinator. */
  readonly log: number
  readonly coordinator: Holder
  /** What lies in the folder of its pieces. */
  readonly token: string
  /** Whether its coordinator still holds it; else its lease has run out, and nobody has taken it up. */
  readonly is_led: boolean
  /** Numbers of splits that aren't closed, and that nobody works on. */
  readonly free: readonly number[]
  /** Of those that somebody works on. */
  readonly held: readonly number[]
  /** Whether what the signer signs now is taken as this run's. */
  readonly may_sign: boolean
}

/** `log_zero` is brought up to date if need be. @throws CustodyError as `LogZero.read` */
export async function offeredRuns(
  reader: LedgerReader,
  log_zero: LogZero,
  signer: Signer,
  now_us: number,
): Promise<readonly OfferedRun[]> {
  const leases = await reader.leases()
  const offering = leases.flatMap(lease => {
    const holder = parseHolder(lease.holder)
    return holder?.workers === undefined ? [] : [{ lease, coordinator: holder, token: holder.workers }]
  })
  if (offering.length === 0) return []
  await log_zero.refresh(reader)
  return offering.flatMap(({ lease, coordinator, token }) => {
    const run = log_zero.runs.get(lease.log)
    if (run === undefined) return []
    const of_splits = leases.filter(({ log }) => log > run.log && log <= run.log + run.splits)
    const [held, free] = [true, false].map(wanted =>
      of_splits.filter(each => isHeld(each, now_us) === wanted).map(({ log }) => log - run.log),
    )
    const good = log_zero.keys.goodForRun(run.mentioned_at, false, run.opened_at)
    const may_sign = good.some(({ text }) => signer.verifier_keys.includes(text))
    const of = { run: run.run, log: run.log, coordinator, token, is_led: isHeld(lease, now_us) }
    return [{ ...of, free: free ?? [], held: held ?? [], may_sign }]
  })
}

function isHeld({ holder, expires_us }: StoredLease, now_us: number): boolean {
  const held_by = parseHolder(holder)
  return held_by !== null && expires_us > now_us && isAlive(held_by)
}
