/**
 * How far the splits of a run are: who works on them, which took long, which are behind, and whose keys signed them.
 *
 * SHOWN-SPLITS-1. Times are those of entries, and whether a lease has run out is judged by the clock that leases go by.
 */
import type { LedgerReader, StoredLease } from '../../ledger/read-port.ts'
import { isAlive, livesHere, parseHolder } from '../../model/holder.ts'
import { formatTime } from '../../model/time.ts'
import { decodeRunEntry } from '../decode.ts'
import { damaged, readable } from '../runs/damaged.ts'
import { closingOf, headOf, type SplitsSoFar } from '../runs/run-log.ts'

/** The process that has the lease of a split. */
export interface SplitWorker {
  /** Name of its machine. */
  readonly host: string
  readonly pid: number
  /** `run_out`: it hasn’t renewed it in time; `gone`: there is no such process on this machine any more. */
  readonly lease: 'held' | 'run_out' | 'gone'
}

export interface ShownSplit {
  readonly split: number
  readonly status: 'not_begun' | 'under_way' | 'closed'
  /** Read until now, broken ones among them. */
  readonly rows: number
  /** Number of entries in its log. */
  readonly entries: number
  /** ISO 8601, of its first and its last entry; null if it isn’t begun. */
  readonly started_at: string | null
  readonly last_entry_at: string | null
  /** Between these, with the time in which nobody worked on it. */
  readonly duration_ms: number
  /** `name+hash` of the key that signed its latest checkpoint; null if it isn’t begun. */
  readonly signed_by: string | null
  /** null: nobody has it. */
  readonly worker: SplitWorker | null
}

/** Whoever has splits, and which. */
export type WorkerOfSplits = SplitWorker & { readonly splits: readonly number[] }

export interface SplitSummary extends SplitsSoFar {
  readonly count: number
  readonly workers: readonly WorkerOfSplits[]
  /** Of those that are closed a few that took longest, the longest first; null: they weren’t looked at. */
  readonly slowest: readonly ShownSplit[] | null
  /** Of those under way a few whose last entries are oldest, the oldest first. */
  readonly behind: readonly ShownSplit[]
  /** By key, how many splits have their latest checkpoint from it, the most first; null: they weren’t looked at. */
  readonly signed_by: ReadonlyArray<{ readonly key: string; readonly splits: number }> | null
}

/** So many splits are named in a summary. */
const MOST_NAMED = 3

/** In order of their numbers; `log`: of the coordinator. @throws UnsoundRecord */
export async function* splitsOf(
  reader: LedgerReader,
  log: number,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<ShownSplit, void, undefined> {
  const holders = await holdersOf(reader, log, { from, to })
  for (let split = from; split <= to; split++)
    yield await splitOf(reader, log + split, split, holders.get(split) ?? null)
}

/** Whoever works on a run with so many splits, unchecked: leases are no evidence. `log`: of the coordinator. */
export async function workersOn(
  reader: Pick<LedgerReader, 'leases' | 'now_us'>,
  log: number,
  splits: number,
): Promise<readonly WorkerOfSplits[]> {
  const workers = new Workers()
  for (const [split, holder] of await holdersOf(reader, log, { from: 1, to: splits })) workers.add(split, holder)
  return workers.all
}

/** By split. */
async function holdersOf(
  reader: Pick<LedgerReader, 'leases' | 'now_us'>,
  log: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<ReadonlyMap<number, SplitWorker>> {
  const now_us = await reader.now_us()
  const holders = new Map<number, SplitWorker>()
  for (const lease of await reader.leases({ from: log + from, to: log + to, at_most: to - from + 1 })) {
    const worker = workerOf(lease, now_us)
    if (worker !== null) holders.set(lease.log - log, worker)
  }
  return holders
}

/** `log`: of the split. */
async function splitOf(
  reader: LedgerReader,
  log: number,
  split: number,
  worker: SplitWorker | null,
): Promise<ShownSplit> {
  const entries = await reader.size(log)
  if (entries === 0)
    return {
      ...{ split, status: 'not_begun', rows: 0, entries, started_at: null, last_entry_at: null },
      ...{ duration_ms: 0, signed_by: null, worker },
    }
  const first = await reader.entry(log, 0)
  const begins = first === null ? null : readable(log, () => decodeRunEntry(0, first.body).facts)
  if (begins?.k !== 'part') throw damaged(log, 'its first entry begins no split')
  const { last, totals } = await closingOf(reader, log)
  const last_us = last?.t ?? begins.t
  const is_closed = last?.k === 'close'
  return {
    split,
    status: is_closed ? 'closed' : 'under_way',
    rows: (is_closed ? last.totals : totals).rows.read,
    entries,
    started_at: formatTime(begins.t),
    last_entry_at: formatTime(last_us),
    duration_ms: Math.max(0, Math.round((last_us - begins.t) / 1000)),
    signed_by: (await headOf(reader, log))?.signed_by ?? null,
    worker: is_closed ? null : worker,
  }
}

/** Null: it was given up. */
function workerOf({ holder, expires_us }: StoredLease, now_us: number): SplitWorker | null {
  const process = parseHolder(holder)
  if (process === null) return null
  const [host = ''] = process.host.split(' ')
  const lease = () => {
    if (!isAlive(process)) return 'gone'
    return livesHere(process) || expires_us > now_us ? 'held' : 'run_out'
  }
  return { host, pid: process.pid, lease: lease() }
}

/** What there is to say of all splits of a run, as they come. */
export class SplitsTogether {
  readonly #counts = { closed: 0, under_way: 0, not_begun: 0 }
  readonly #workers = new Workers()
  readonly #keys = new Map<string, number>()
  readonly #slowest = new Few<ShownSplit>((a, b) => b.duration_ms - a.duration_ms)
  readonly #behind = new Few<ShownSplit>((a, b) => compared(a.last_entry_at ?? '', b.last_entry_at ?? ''))

  add(each: ShownSplit): void {
    const { split, status, signed_by, worker } = each
    this.#counts[status]++
    if (status === 'closed') this.#slowest.add(each)
    if (status === 'under_way') this.#behind.add(each)
    if (signed_by !== null) this.#keys.set(signed_by, (this.#keys.get(signed_by) ?? 0) + 1)
    if (worker !== null) this.#workers.add(split, worker)
  }

  summary(): SplitSummary {
    const { closed, under_way, not_begun } = this.#counts
    return {
      count: closed + under_way + not_begun,
      ...this.#counts,
      workers: this.#workers.all,
      slowest: this.#slowest.all,
      behind: this.#behind.all,
      signed_by: [...this.#keys]
        .map(([key, splits]) => ({ key, splits }))
        .sort((a, b) => b.splits - a.splits || compared(a.key, b.key)),
    }
  }
}

/** Whoever has splits, each once. */
class Workers {
  readonly #known = new Map<string, SplitWorker & { readonly splits: number[] }>()

  add(split: number, worker: SplitWorker): void {
    const key = Object.values(worker).join(' ')
    const known = this.#known.get(key) ?? { ...worker, splits: [] }
    this.#known.set(key, known)
    known.splits.push(split)
  }

  get all(): readonly WorkerOfSplits[] {
    return [...this.#known.values()].sort((a, b) => compared(a.host, b.host) || a.pid - b.pid)
  }
}

/** All that a seal says of so many. */
export function allClosed(count: number): SplitSummary {
  const none = { under_way: 0, not_begun: 0, workers: [], behind: [] }
  return { count, closed: count, ...none, slowest: null, signed_by: null }
}

const compared = (a: string, b: string) => (a < b ? -1 : Number(a > b))

/** The first few by an order; of equals those that came first. */
class Few<T> {
  all: readonly T[] = []
  readonly #order: (a: T, b: T) => number

  constructor(order: (a: T, b: T) => number) {
    this.#order = order
  }

  add(each: T): void {
    this.all = [...this.all, each].sort(this.#order).slice(0, MOST_NAMED)
  }
}
