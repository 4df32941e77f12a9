/**
 * Works on the splits of a run in several threads of this process. Each takes the next split when it has done one.
 *
 * SPLIT-THREADS-1. Which thread works on which split changes nothing: each begins from what is on record, and nothing but its number, and what
 *     it reads, is given to it with a split.
 * SPLIT-THREADS-2. Once one is stopped, or fails, no other split is begun, and those under way are stopped safely.
 */
import { Worker } from 'node:worker_threads'
import type { OnSplits, SplitsEnd, SplitsProgress, Workers } from '../../engine/ports/workers.ts'
import { cutsOf } from '../../engine/split/cuts.ts'
import { added, NO_PROGRESS } from '../../engine/split/here.ts'
import type { PermitAsked, PermitSaid, Permits } from '../../engine/split/permits.ts'
import { permitsOf, settleClosed } from '../../engine/split/split-calls.ts'
import type { SplitRequest } from '../../engine/split/split-session.ts'
import { isPostgresUrl } from '../../ledger/postgres/address.ts'
import { CommitThread } from '../../ledger/thread/commit-thread.ts'
import { errorOf, failureOf } from '../../ledger/thread/messages.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { Order, Said, SplitThreadInput, SplitWork, Worked } from './split-messages.ts'

const WORKER = ownModule('host/splits/split-thread')

export interface SplitThreadsOptions {
  readonly threads: number
  readonly of: Omit<SplitRequest, 'part'>
  /** A sentence without its end. */
  readonly onLate: (what: string) => void
}

export function splitThreads(work: SplitWork, options: SplitThreadsOptions): Workers {
  return {
    async run(parts, onRows) {
      const permits = await permitsOf(options.of)
      try {
        return await new Crew(work, options, permits, onRows).run(parts)
      } finally {
        permits?.close()
      }
    },
  }
}

class Crew {
  readonly #of: SplitWork
  readonly #options: SplitThreadsOptions
  /** What they may ask of services; null: they ask none. */
  readonly #permits: Permits | null
  readonly #onRows: OnSplits
  readonly #threads: SplitThread[] = []
  /** Of splits that are done. */
  #done = NO_PROGRESS
  #closed_splits = 0
  /** Of those under way, by split. */
  readonly #under_way = new Map<number, SplitsProgress>()
  /** Why no other split is begun. */
  #end: Stopped | null = null
  #refused: Error | null = null
  #commits: CommitThread | null = null

  constructor(of: SplitWork, options: SplitThreadsOptions, permits: Permits | null, onRows: OnSplits) {
    this.#of = of
    this.#options = options
    this.#permits = permits
    this.#onRows = onRows
  }

  async run(parts: readonly number[]): Promise<SplitsEnd> {
    const { of, threads } = this.#options
    const { signal } = of
    const left = parts.values()
    const stop = () => this.#stop({ kind: 'stopped', error: null, budget: null })
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#commits = this.#startCommits()
    try {
      await Promise.all(Array.from({ length: Math.min(threads, parts.length) }, () => this.#workOff(left)))
    } finally {
      signal.removeEventListener('abort', stop)
      await Promise.all(this.#threads.map(each => each.close()))
      await this.#commits?.close()
    }
    if (this.#refused !== null) throw this.#refused
    return this.#end ?? { kind: 'closed' }
  }

  /** A server takes many writers. */
  #startCommits(): CommitThread | null {
    const { url, encryption } = this.#of
    if (isPostgresUrl(url)) return null
    return new CommitThread({ url, encryption }, (why, cause) => {
      const message = `the thread that stored what splits write has ended (${why})`
      this.#stop({
        kind: 'stopped',
        error: new CustodyError('CUSTODY_LEDGER_IN_DOUBT', message, { cause }),
        budget: null,
      })
    })
  }

  async #workOff(left: Iterator<number>): Promise<void> {
    const thread = new SplitThread({ ...this.#of, commits: this.#commits?.port() ?? null }, this.#options)
    this.#threads.push(thread)
    for (let next = left.next(); next.done !== true && this.#end === null; next = left.next())
      await this.#workOn(next.value, thread)
  }

  async #workOn(part: number, thread: SplitThread): Promise<void> {
    const { of } = this.#options
    this.#under_way.set(part, NO_PROGRESS)
    this.#permits?.join(part, said => thread.permit(part, said))
    const worked = await thread.work(part, cutsOf(of.cuts, part), {
      onProgress: progress => {
        this.#under_way.set(part, progress)
        this.#tell()
      },
      onPermit: (from, asked) => this.#permits?.ask(from, asked),
    })
    this.#permits?.leave(part)
    if (worked.kind !== 'closed') return this.#failed(worked)
    if (worked.by_others && this.#permits !== null) await settleClosed(of, part, this.#permits)
    this.#closed(part, worked.progress)
  }

  #failed(worked: Exclude<Worked, { kind: 'closed' }>): void {
    const error = worked.failure === null ? null : errorOf(worked.failure)
    if (worked.kind === 'refused') this.#refused ??= error
    const budget = worked.kind === 'refused' ? null : (this.#permits?.spentBudget(worked.budget) ?? null)
    this.#stop({ kind: 'stopped', error: isCustodyError(error) ? error : null, budget })
  }

  /** Whoever fails first says why, then who has no money; those who were only stopped say nothing. */
  #stop(end: Stopped): void {
    if (this.#end === null || weightOf(end) > weightOf(this.#end)) this.#end = end
    for (const each of this.#threads) each.stop()
  }

  #closed(part: number, progress: SplitsProgress): void {
    this.#under_way.delete(part)
    this.#done = added(this.#done, progress)
    this.#closed_splits++
    this.#tell()
  }

  #tell(): void {
    const { size } = this.#under_way
    const at_work = { closed: this.#closed_splits, under_way: size, workers: size }
    this.#onRows([...this.#under_way.values()].reduce(added, this.#done), at_work)
  }
}

type Stopped = Extract<SplitsEnd, { kind: 'stopped' }>

const weightOf = ({ error, budget }: Stopped) => (error !== null ? 2 : budget !== null ? 1 : 0)

interface WorkPorts {
  readonly onProgress: (progress: SplitsProgress) => void
  readonly onPermit: (part: number, asked: PermitAsked) => void
}

class SplitThread {
  readonly #worker: Worker
  #owed: ((worked: Worked) => void) | null = null
  #ports: WorkPorts | null = null
  readonly #ended: Promise<void>
  /** It has ended, whatever for. */
  #lost: CustodyError | null = null

  constructor(input: SplitThreadInput, { of, onLate }: SplitThreadsOptions) {
    const { onNotice, onService } = of
    const transferList = input.commits === null ? [] : [input.commits]
    this.#worker = new Worker(WORKER, { workerData: input, name: 'custody-split', transferList })
    this.#ended = new Promise(resolve => {
      this.#worker.on('message', (said: Said) => {
        if (said.kind === 'progress') this.#ports?.onProgress(said.progress)
        else if (said.kind === 'permit') this.#ports?.onPermit(said.part, said.asked)
        else if (said.kind === 'service') onService?.(said.state)
        else if (said.kind === 'notice') onNotice?.(said.notice)
        else if (said.kind === 'late') onLate(said.what)
        else if (said.kind === 'worked') this.#settle(said.worked)
        else resolve()
      })
      const lose = (why: string, cause?: unknown) => {
        this.#lose(why, cause)
        resolve()
      }
      this.#worker.on('error', (error: Error) => lose(error.message, error))
      this.#worker.on('exit', code => lose(`exit code ${code}`))
    })
  }

  work(part: number, cuts: SplitRequest['cuts'], ports: WorkPorts): Promise<Worked> {
    return new Promise(resolve => {
      if (this.#lost !== null) return resolve({ kind: 'stopped', failure: failureOf(this.#lost), budget: null })
      this.#ports = ports
      this.#owed = resolve
      this.#order({ kind: 'work', part, cuts })
    })
  }

  permit(part: number, said: PermitSaid): void {
    if (said.kind !== 'failed') return this.#order({ kind: 'permit', part, said })
    const { kind, service, thrown } = said
    this.#order({ kind: 'permit', part, said: { kind, service, failure: failureOf(thrown) } })
  }

  stop(): void {
    this.#order({ kind: 'stop' })
  }

  async close(): Promise<void> {
    if (this.#lost === null) this.#order({ kind: 'end' })
    await this.#ended
    await this.#worker.terminate()
  }

  #order(order: Order): void {
    this.#worker.postMessage(order)
  }

  #settle(worked: Worked): void {
    const owed = this.#owed
    this.#owed = null
    owed?.(worked)
  }

  #lose(why: string, cause: unknown): void {
    this.#lost ??= new CustodyError('CUSTODY_ENGINE_DEFECT', `a thread that worked on splits has ended (${why})`, {
      cause,
    })
    this.#settle({ kind: 'stopped', failure: failureOf(this.#lost), budget: null })
  }
}
