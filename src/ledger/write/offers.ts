/**
 * Runs whose splits are offered to workers: the lease of their coordinator says so, and so for as long as somebody has it.
 *
 * OFFERS-1. Whether a lease has run out is judged by the clock of the database, as it is now.
 * OFFERS-2. A look costs the same however many splits a run has, as long as some of them are free.
 */
import { randomInt } from 'node:crypto'
import type { Signer } from '../../format/signing-key.ts'
import { type Holder, isAlive, parseHolder } from '../../model/holder.ts'
import type { LedgerReader, StoredLease } from '../read-port.ts'
import type { LogZero, RunOnRecord } from './log-zero.ts'

/** As many as anybody needs to know of at once. */
const SOME = 32
const LEASES_AT_ONCE = 64

export interface OfferedRun {
  readonly run: string
  /** Of its coordinator. */
  readonly log: number
  readonly coordinator: Holder
  /** What lies in the folder of its pieces. */
  readonly token: string
  /** Whether its coordinator still holds it; else its lease has run out, and nobody has taken it up. */
  readonly is_led: boolean
  /** Numbers of splits that aren't closed, and that nobody works on: some of them, from anywhere in the run. */
  readonly free: readonly number[]
  /** Whether somebody works on a split; true also where nobody has looked, since some are free. */
  readonly is_under_way: boolean
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
  await log_zero.refresh(reader)
  const offered: OfferedRun[] = []
  for (const run of log_zero.runs.values()) {
    if (run.splits === 0 || run.sealed !== null) continue
    const lease = await reader.lease(run.log)
    const coordinator = parseHolder(lease?.holder ?? '')
    if (lease === null || coordinator?.workers === undefined) continue
    const good = log_zero.keys.goodForRun(run.mentioned_at, false, run.opened_at)
    offered.push({
      ...{ run: run.run, log: run.log, coordinator, token: coordinator.workers, is_led: isHeld(lease, now_us) },
      ...(await freeSplits(reader, run, now_us)),
      may_sign: good.some(({ text }) => signer.verifier_keys.includes(text)),
    })
  }
  return offered
}

/** Looks from any split on, so that workers that begin together don't all want the same ones. */
export async function freeSplits(
  reader: Pick<LedgerReader, 'leases'>,
  { log, splits }: Pick<RunOnRecord, 'log' | 'splits'>,
  now_us: number,
): Promise<Pick<OfferedRun, 'free' | 'is_under_way'>> {
  const start = log + 1 + randomInt(splits)
  const free: number[] = []
  let is_under_way = false
  for (const [from, to] of [
    [start, log + splits],
    [log + 1, start - 1],
  ] as const) {
    for (let next = from; next <= to; ) {
      const leases = await reader.leases({ from: next, to, at_most: LEASES_AT_ONCE })
      free.push(...leases.filter(each => !isHeld(each, now_us)).map(each => each.log - log))
      if (free.length >= SOME) return { free, is_under_way: true }
      next = leases.length < LEASES_AT_ONCE ? to + 1 : (leases.at(-1)?.log ?? to) + 1
      is_under_way ||= leases.some(each => isHeld(each, now_us))
    }
  }
  return { free, is_under_way }
}

function isHeld({ holder, expires_us }: StoredLease, now_us: number): boolean {
  const held_by = parseHolder(holder)
  return held_by !== null && expires_us > now_us && isAlive(held_by)
}
