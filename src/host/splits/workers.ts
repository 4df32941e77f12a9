/** Who works on the splits of a run on this machine. */
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import type { Workers } from '../../engine/ports/workers.ts'
import { workersHere } from '../../engine/split/here.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import type { LedgerKey } from '../../ledger/encryption/ledger-key.ts'
import type { HostPorts, RunObserver } from '../ports.ts'
import { whyAlone } from './alone.ts'
import { splitThreads } from './split-threads.ts'

/** How many threads work; `auto`: one for each processor, if there is enough to read. */
export type WorkerCount = number | 'auto'

/** Less is read before other threads have begun. */
const WORTH_THREADS_BYTES = 8 * 1024 * 1024

export interface WorkersOptions {
  /** URL of the ledger; may have a password. */
  readonly url: string
  readonly count: WorkerCount
  /** What values are encrypted with; null: they aren't. */
  readonly encryption: LedgerKey | null
  readonly ports: HostPorts
  readonly observer: RunObserver
}

/** Makes them, once it is known what each split reads. */
export function workersOf({ url, count, encryption, ports, observer }: WorkersOptions) {
  return (of: Omit<SplitRequest, 'part'>): Workers => {
    const why = whyAlone(of)
    const threads = why === null ? threadsFor(count, of.cuts) : 1
    if (typeof count === 'number' && threads < count)
      of.onNotice?.({ kind: 'warning', text: `one thread works on all splits, whatever --workers says: ${why}` })
    if (threads === 1) return workersHere(of)
    const { plan, run, opening, files, abandon, strict, staging = null, known } = of
    const { env, cwd, custody } = ports
    const { text, set = [] } = plan.value
    return splitThreads(
      {
        ...{ url, env: { ...env }, cwd, custody, run, opening, files, abandon, strict, staging, encryption },
        plan: { text, file: join(plan.folder, basename(plan.file)), sets: set, hash: plan.hash },
        original_names: { ...known.originalNames() },
        sends: known.sends,
      },
      { threads, of, onLate: what => observer.onLate(what) },
    )
  }
}

function threadsFor(count: WorkerCount, cuts: SplitRequest['cuts']): number {
  if (count !== 'auto') return count
  const bytes = cuts.flatMap(({ ranges }) => ranges).reduce((sum, { range }) => sum + range.bytes, 0)
  return bytes < WORTH_THREADS_BYTES ? 1 : availableParallelism()
}
