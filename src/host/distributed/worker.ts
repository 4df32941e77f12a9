/**
 * A worker: looks in a ledger for runs whose splits are offered, and works on them in threads, until it is stopped.
 *
 * WORKER-1. What was begun for an offer that isn't there any more is worked on no further: whoever made it has stopped the run, or somebody else
 *     has taken it up, who may see another folder for pieces.
 * WORKER-2. A run whose coordinator is gone, and that nobody has taken up, has the splits that are under way brought to their ends, and no other begun.
 */
import { ownKeychain } from '../../ledger/encryption/keychain.ts'
import { openLedger } from '../../ledger/open.ts'
import { errorOf } from '../../ledger/thread/messages.ts'
import type { StoredLedger } from '../../ledger/write/ledger.ts'
import type { OfferedRun } from '../../ledger/write/offers.ts'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { ledgerPorts } from '../ledger-ports.ts'
import type { HostPorts } from '../ports.ts'
import { pause } from './pause.ts'
import { RunWork } from './run-work.ts'
import type { WorkEnd, WorkSaid } from './work-messages.ts'

/** Each look is a few questions to the database. */
const LOOK_EVERY_MS = 500
/** A run that this worker can't work on is tried again, in case somebody has seen to it. */
const TRY_AGAIN_MS = 30_000
/** What a coordinator does before its splits can be worked on: twice as long each time. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [500, 8_000]
/** A coordinator that has taken a run up checks what is on record before it puts its token into the folder. */
const EARLY_MS = 5_000

export interface WorkerRequest {
  /** URL of the ledger. */
  readonly url: string
  /** How many splits it works on at once. */
  readonly threads: number
  /** Ends when no run is left that it could work on. */
  readonly until_idle: boolean
}

export interface WorkerObserver {
  /** It looks for runs from now on; the signal stops it. */
  onReady(): void
  /** What a thread says of a run. */
  onSaid(run: string, said: Exclude<WorkSaid, { kind: 'ended' }>): void
  /** It can't work on a run, for a reason that it hasn't said before. */
  onRefused(run: string, error: Error): void
  /** What is under way of a run is stopped, since nobody offers it any more. */
  onLetGo(run: string): void
  /** The ledger can't be reached for now; a sentence without its end. */
  onTrouble(why: string): void
}

export interface Worked {
  /** Splits that it has brought to their ends. */
  readonly closed: number
  /** Runs that it couldn't work on, and that are still offered. */
  readonly refused: number
}

/** @throws CustodyError as `openLedger` */
export async function workOnRuns(request: WorkerRequest, ports: HostPorts, observer: WorkerObserver): Promise<Worked> {
  const of = ledgerPorts(ports.env, why => observer.onTrouble(why))
  const ledger = await openLedger(request.url, of, { create: false })
  try {
    observer.onReady()
    return await new Worker(ledger, request, ports, observer).work()
  } finally {
    await ledger.close()
  }
}

/** Why nothing is done on a run for now. */
interface Aside {
  /** Which coordinator's offer it was. */
  readonly token: string
  readonly until_ms: number
  readonly waited_ms: number
  /** When that was first so. */
  readonly since_ms: number
  /** Null: it is only too early. */
  readonly why: string | null
}

class Worker {
  readonly #ledger: StoredLedger
  readonly #request: WorkerRequest
  readonly #ports: HostPorts
  readonly #observer: WorkerObserver
  readonly #works = new Set<RunWork>()
  readonly #aside = new Map<string, Aside>()
  #closed = 0
  /** Said last. */
  #trouble: string | null = null

  constructor(ledger: StoredLedger, request: WorkerRequest, ports: HostPorts, observer: WorkerObserver) {
    this.#ledger = ledger
    this.#request = request
    this.#ports = ports
    this.#observer = observer
  }

  async work(): Promise<Worked> {
    const { signal } = this.#ports
    let refused = 0
    while (!signal.aborted) {
      const offered = await this.#offered()
      if (offered !== null) {
        this.#letGo(offered)
        for (const each of offered) this.#begin(each)
        refused = offered.filter(each => this.#refusal(each) !== null).length
        if (this.#request.until_idle && this.#works.size === 0 && !offered.some(each => this.#hopesFor(each))) break
      }
      await pause(LOOK_EVERY_MS, signal)
    }
    for (const work of this.#works) work.stop()
    await Promise.all([...this.#works].map(({ ended }) => ended))
    return { closed: this.#closed, refused }
  }

  #letGo(offered: readonly OfferedRun[]): void {
    const isOffered = ({ run, token }: RunWork) => offered.some(each => each.run === run && each.token === token)
    const works = [...this.#works].filter(work => !isOffered(work))
    for (const run of new Set(works.filter(({ is_stopping }) => !is_stopping).map(work => work.run)))
      this.#observer.onLetGo(run)
    for (const work of works) work.stop()
  }

  /** Null: that can't be known for now. */
  async #offered(): Promise<readonly OfferedRun[] | null> {
    try {
      return await this.#ledger.offered()
    } catch (error) {
      if (!isCustodyError(error) || !PASSING.includes(error.code)) throw error
      this.#sayTrouble(error.message)
      return null
    }
  }

  #sayTrouble(why: string): void {
    if (this.#trouble !== why) this.#observer.onTrouble(why)
    this.#trouble = why
  }

  /** Whether there may be something to do of a run. */
  #hopesFor(offered: OfferedRun): boolean {
    const { is_led, free, is_under_way } = offered
    return is_led && (free.length > 0 || is_under_way) && this.#refusal(offered) === null
  }

  #refusal({ run, token }: OfferedRun): string | null {
    const aside = this.#aside.get(run)
    return aside?.token === token ? aside.why : null
  }

  #begin(offered: OfferedRun): void {
    const { run, token, is_led, free, may_sign } = offered
    if (!is_led || free.length === 0) return
    const aside = this.#aside.get(run)
    if (aside?.token === token && performance.now() < aside.until_ms) return
    if (!may_sign) return this.#refuse(offered, notYetAdmitted())
    const more = Math.min(this.#request.threads - this.#works.size, free.length)
    for (let i = 0; i < more; i++) this.#start(offered)
  }

  #start(offered: OfferedRun): void {
    const { run, token } = offered
    const { cwd, env, custody } = this.#ports
    const { url } = this.#request
    const input = { run, token, url, env: { ...env }, cwd, custody, keys: ownKeychain.all }
    const work = new RunWork(input, said => {
      if (said.kind === 'closed') {
        this.#closed++
        this.#trouble = null
      }
      this.#observer.onSaid(run, said)
    })
    this.#works.add(work)
    void work.ended.then(end => {
      this.#works.delete(work)
      this.#endOf(offered, end)
    })
  }

  #endOf(offered: OfferedRun, end: WorkEnd): void {
    if (end.kind === 'refused') return this.#refuse(offered, errorOf(end.failure))
    if (end.kind === 'idle') return void this.#aside.delete(offered.run)
    this.#wait(offered)
  }

  #wait({ run, token }: OfferedRun): void {
    const now_ms = performance.now()
    const before = this.#aside.get(run)
    const again = before?.token === token ? before : null
    // Another thread, begun with this one, has said so.
    if (again !== null && again.until_ms > now_ms) return
    const waited_ms = again === null ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, again.waited_ms * 2)
    const since_ms = again?.since_ms ?? now_ms
    this.#aside.set(run, { token, until_ms: now_ms + waited_ms, waited_ms, since_ms, why: null })
  }

  #refuse(offered: OfferedRun, error: Error): void {
    const { run, token } = offered
    const now_ms = performance.now()
    const found = this.#aside.get(run)
    const before = found?.token === token ? found : null
    const since_ms = before?.since_ms ?? now_ms
    const is_early =
      isCustodyError(error) &&
      error.code === 'CUSTODY_PIECES_UNSEEN' &&
      (before?.why ?? null) === null &&
      now_ms - since_ms < EARLY_MS
    const is_passing = isCustodyError(error) && PASSING.includes(error.code)
    if (is_passing) this.#sayTrouble(error.message)
    if (is_early || is_passing) return this.#wait(offered)
    if (before?.why !== error.message) this.#observer.onRefused(run, error)
    this.#aside.set(run, {
      token,
      until_ms: now_ms + TRY_AGAIN_MS,
      waited_ms: TRY_AGAIN_MS,
      since_ms,
      why: error.message,
    })
  }
}

/** Of a database that is away for a while. */
const PASSING: readonly string[] = ['CUSTODY_LEDGER_BUSY', 'CUSTODY_LEDGER_READ', 'CUSTODY_LEDGER_WRITE']

function notYetAdmitted(): CustodyError {
  return new CustodyError(
    'CUSTODY_KEY_UNKNOWN',
    'your signing key was admitted when the run had begun: it is taken for this run from when its coordinator next says how far it is',
    { hint: 'That is every two minutes. Admit the keys of workers before runs begin.' },
  )
}
