/** A thread that works on one run, as a worker sees it. */
import { Worker } from 'node:worker_threads'
import { failureOf } from '../../ledger/thread/messages.ts'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import type { RunWorkInput, WorkEnd, WorkOrder, WorkSaid } from './work-messages.ts'

const THREAD = ownModule('host/distributed/work-thread')

export class RunWork {
  readonly run: string
  /** Settles when the thread is gone. Never rejects. */
  readonly ended: Promise<WorkEnd>
  readonly #worker: Worker

  constructor(input: RunWorkInput, onSaid: (said: Exclude<WorkSaid, { kind: 'ended' }>) => void) {
    this.run = input.run
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

  /** Stops safely what it works on. */
  stop(): void {
    const order: WorkOrder = 'stop'
    this.#worker.postMessage(order)
  }
}

function lost(why: string, cause: unknown): CustodyError {
  return new CustodyError('CUSTODY_ENGINE_DEFECT', `a thread that worked on splits has ended (${why})`, { cause })
}
