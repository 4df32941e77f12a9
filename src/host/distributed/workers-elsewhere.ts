/**
 * Who works on the splits of a run that is coordinated here: workers on any machine. The coordinator waits until all splits are closed, and sees
 * by their leases and their last entries how far they are.
 *
 * WORKERS-ELSEWHERE-1. Workers begin no split before it is known how each of them stood: the invitation that they look for is there only then.
 * WORKERS-ELSEWHERE-2. A split that a worker has stopped with an error stops the run, as one that a thread works on. One whose worker is gone is somebody
 *     else's, and changes nothing for the run.
 */
import type { OnSplits, SplitsAtWork, SplitsEnd, SplitsProgress, Workers } from '../../engine/ports/workers.ts'
import { bytesOf } from '../../engine/split/cuts.ts'
import { added, NO_PROGRESS, workersHere } from '../../engine/split/here.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import { readStop } from '../../engine/split/split-stop.ts'
import { openLedgerReader } from '../../ledger/open.ts'
import type { SharedRecord } from '../../ledger/postgres/shared-record.ts'
import type { LedgerReader, StoredLease } from '../../ledger/read-port.ts'
import { RENEW_EVERY_US } from '../../ledger/write/lease.ts'
import { CustodyError, type ErrorCode } from '../../model/error.ts'
import { ERRORS } from '../../model/error-codes.ts'
import { isObject } from '../../model/row.ts'
import { piecesFolder } from '../pieces.ts'
import { whyNotElsewhere } from '../splits/alone.ts'
import { pause } from './pause.ts'
import { offerRecord, shareOf } from './run-record.ts'
import { servicesToShare, settle, spentBudget } from './services-to-share.ts'
import { inviteWorkers } from './shared-folder.ts'
import { lastOfSplit, progressOf } from './split-progress.ts'

const LOOK_EVERY_MS = 500
/** All leases are read each time: where these are very many, that is a tenth of the time at most. */
const PAUSES_PER_LOOK = 9
/** Workers look for work more often, and renew their leases. */
const PATIENCE_MS = Math.max(5_000, (2 * RENEW_EVERY_US) / 1000)

export interface Elsewhere {
  /** URL of the ledger; may have a password. */
  readonly url: string
  /** By which workers find the invitation in the folder of the pieces. */
  readonly token: string
  /** The `--set` that the run was given when it was resumed. */
  readonly sets: readonly string[]
  /** How workers are begun, for people. */
  readonly command: string
}

/** Makes them, once it is known what each split reads. */
export function workersElsewhere(elsewhere: Elsewhere) {
  return (of: Omit<SplitRequest, 'part'>): Workers => {
    const folder = piecesFolder(of.plan, elsewhere.url, of.run)
    const why = whyNotElsewhere(of)
    if (why !== null) return alone(of, () => inviteWorkers(folder, elsewhere.token, 'not_wanted'), why)
    return {
      async run(parts, onRows) {
        const { url } = elsewhere
        const share = await shareOf(url, of.run)
        const reader = await openLedgerReader(url)
        try {
          await offerRecord(share, elsewhere, await servicesToShare(of, parts))
          return await new Watch({ reader, share }, of, elsewhere, onRows).over(parts, folder)
        } finally {
          await Promise.allSettled([reader.close(), share.close()])
        }
      },
    }
  }
}

function alone(of: Omit<SplitRequest, 'part'>, sayIt: () => Promise<void>, why: string): Workers {
  const text = `this process works on all splits by itself: ${why}`
  return {
    run: async (parts, onRows) => {
      await sayIt()
      of.onNotice?.({ kind: 'warning', text })
      return workersHere(of).run(parts, onRows)
    },
  }
}

/** On how many splits how many processes work. */
function whoWorks(leases: readonly StoredLease[], now_us: number): Pick<SplitsAtWork, 'under_way' | 'workers'> {
  const held = leases.filter(({ holder, expires_us }) => holder !== '' && expires_us > now_us)
  return { under_way: held.length, workers: new Set(held.map(({ holder }) => holder)).size }
}

class Watch {
  readonly #reader: LedgerReader
  readonly #share: SharedRecord
  readonly #of: Omit<SplitRequest, 'part'>
  readonly #elsewhere: Elsewhere
  readonly #onRows: OnSplits
  /** By split. */
  readonly #progress = new Map<number, SplitsProgress>()
  /** By split, the epoch of its lease when it was last looked at while nobody had it. */
  readonly #left = new Map<number, number>()
  /** By split, when its lease ran out as it was last seen: by which clock doesn't matter, since only who lives has it changed. */
  readonly #expires_us = new Map<number, number>()
  /** When a worker was last seen at work, or a split was closed. */
  #busy_ms = performance.now()
  #said_idle = false

  constructor(
    { reader, share }: { readonly reader: LedgerReader; readonly share: SharedRecord },
    of: Omit<SplitRequest, 'part'>,
    elsewhere: Elsewhere,
    onRows: OnSplits,
  ) {
    this.#reader = reader
    this.#share = share
    this.#of = of
    this.#elsewhere = elsewhere
    this.#onRows = onRows
  }

  async over(parts: readonly number[], folder: string): Promise<SplitsEnd> {
    const { run, signal } = this.#of
    const first = await this.#reader.logOf(run)
    if (first === null) throw new CustodyError('CUSTODY_RUN_UNKNOWN', `the ledger has no run ${run}`)
    for (const { log, epoch, holder } of await this.#leases(first, parts))
      if (holder === '') this.#left.set(log - first, epoch)
    await inviteWorkers(folder, this.#elsewhere.token, 'wanted')
    let open: readonly number[] = parts
    for (;;) {
      if (signal.aborted) return { kind: 'stopped', error: null, budget: null }
      const began_ms = performance.now()
      const leases = await this.#leases(first, open)
      const end = await this.#look(leases, first)
      if (end !== null) return end
      await settle(this.#of, this.#share)
      const left = new Set(leases.map(({ log }) => log - first))
      for (const part of open) if (!left.has(part)) await this.#closed(part, first)
      open = open.filter(part => left.has(part))
      const at_work = { closed: parts.length - open.length, ...whoWorks(leases, await this.#reader.now_us()) }
      this.#onRows([...this.#progress.values()].reduce(added, NO_PROGRESS), at_work)
      if (open.length === 0) return { kind: 'closed' }
      this.#sayIdle()
      await pause(Math.max(LOOK_EVERY_MS, (performance.now() - began_ms) * PAUSES_PER_LOOK), signal)
    }
  }

  async #leases(first: number, parts: readonly number[]): Promise<readonly StoredLease[]> {
    const wanted = new Set(parts)
    return (await this.#reader.leases()).filter(({ log }) => wanted.has(log - first))
  }

  /** Gives why the run is to stop. */
  async #look(leases: readonly StoredLease[], first: number): Promise<SplitsEnd | null> {
    for (const lease of leases) {
      const part = lease.log - first
      const is_left = lease.holder === ''
      if (is_left && this.#left.get(part) === lease.epoch) continue
      if (!is_left && this.#expires_us.get(part) !== lease.expires_us) this.#isBusy()
      this.#expires_us.set(part, lease.expires_us)
      const last = await lastOfSplit(this.#reader, lease.log)
      const progress = last === null ? null : progressOf(last)
      if (progress !== null) this.#progress.set(part, progress)
      if (!is_left) continue
      this.#left.set(part, lease.epoch)
      if (last?.entry.k !== 'stop' || last.entry.reason === 'user') continue
      const end = await this.#whyStopped(part, lease.epoch, last.entry)
      if (end !== null) return end
    }
    return null
  }

  #isBusy(): void {
    this.#busy_ms = performance.now()
    this.#said_idle = false
  }

  async #closed(part: number, first: number): Promise<void> {
    this.#isBusy()
    const last = await lastOfSplit(this.#reader, first + part)
    const progress = last === null ? null : progressOf(last)
    const bytes_read = bytesOf(this.#of.cuts, each => each === part) ?? 0
    this.#progress.set(part, { ...(progress ?? NO_PROGRESS), bytes_read })
  }

  #sayIdle(): void {
    if (this.#said_idle || performance.now() - this.#busy_ms < PATIENCE_MS) return
    this.#said_idle = true
    const text = `nobody works on the splits of the run: \`${this.#elsewhere.command}\` on any machine does`
    this.#of.onNotice?.({ kind: 'waiting', text })
  }

  /** What the worker has recorded, by what was signed; null: it has only left what an earlier one had. */
  async #whyStopped(
    part: number,
    epoch: number,
    { reason: why }: { readonly reason: string },
  ): Promise<SplitsEnd | null> {
    const { ledger, run } = this.#of
    const stop = await ledger.splitsOf(run).see(part, readStop)
    if (stop?.epoch !== epoch) return null
    if (why === 'budget_exhausted')
      return { kind: 'stopped', error: null, budget: await spentBudget(this.#of, this.#share) }
    const { reason } = stop
    const { code, message, node } = isObject(reason) ? reason : {}
    const text = typeof message === 'string' ? message : 'it doesn’t say why'
    const where = typeof node === 'string' ? { where: { node } } : {}
    const error = new CustodyError(isKnown(code) ? code : 'CUSTODY_INTERNAL', `split ${part}: ${text}`, where)
    return { kind: 'stopped', error, budget: null }
  }
}

const isKnown = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code)
