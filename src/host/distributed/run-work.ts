/** A thread that works on one run, as a worker sees it. */
import { Worker } from 'node:worker_threads'
import { failureOf } from '../../ledger/thread/messages.ts'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { RunWorkInput, WorkEnd, WorkOrder, WorkSaid } from './work-messages.ts'

const THREAD = ownModule('host/distributed/work-thread')

export class RunWork {
  readonly run: string
  /** Of the offer that it was begun for. */
  readonly token: string
  /** Settles when the thread is gone. Never rejects. */
  readonly ended: Promise<WorkEnd>
  readonly #worker: Worker
  #is_stopping = false

  constructor(input: RunWorkInput, onSaid: (said: Exclude<WorkSaid, { kind: 'ended' }>) => void) {
    this.run = input.run
    this.token = input.token
    this.#worker = new Worker(THREAD, { workerData: input, name: 'custody-work' })
    this.ended = new Promise(resolve => {
      let end: WorkEnd | null = null
      this.#worker.on('message', (said: WorkSaid) => {
        if (said.kind === 'ended') end = said.end
        else onSaid(said)
      })
      this.#worker.on('error', (error: Error) => {
        end ??= { kind: 'refused', failure: failureOf(lost(error.message, error)) }
      })
      this.#worker.on('exit', code =>
        resolve(end ?? { kind: 'refused', failure: failureOf(lost(`exit code ${code}`, undefined)) }),
      )
    })
  }

  get is_stopping(): boolean {
    return this.#is_stopping
  }

  /** Stops safely what it works on. */
  stop(): void {
    if (this.#is_stopping) return
    this.#is_stopping = true
    const order: WorkOrder = 'stop'
    this.#worker.postMessage(order)
  }
}

function lost(why: string, cause: unknown): CustodyError {
  return new CustodyError('CUSTODY_ENGINE_DEFECT', `a thread that worked on splits has ended (${why})`, { cause })
}
