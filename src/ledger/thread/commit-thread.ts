/**
 * Logs of splits that several threads write are stored by one more: SQLite takes one writer at a time, and a transaction of all waits for
 * the disk once.
 *
 * COMMIT-THREAD-1. Who asked the thread that stores, and gets no answer since that has ended, fails: CUSTODY_LEDGER_IN_DOUBT.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { CustodyError } from '../../model/error.ts'
import { ownModule } from '../../model/own-file.ts'
import { StaleLog } from '../store.ts'
import { type Block, partsOf } from '../write/block.ts'
import type { LogCommit, WriteCommit } from '../write/log-commit.ts'
import type { CommitAnswer, CommitOutcome, CommitQuestion, CommitThreadInput, NewPort } from './commit-messages.ts'
import { errorOf } from './messages.ts'

const WORKER = ownModule('ledger/thread/commit-worker')

/** Nothing there outlives its commit. */
const YOUNG_MIB = 16

/** The thread that stores, seen from who started it. */
export class CommitThread {
  readonly #worker: Worker

  /** `onLost`: it has ended, though nobody had asked for that. */
  constructor(input: CommitThreadInput, onLost: (why: string, cause?: unknown) => void) {
    this.#worker = new Worker(WORKER, {
      workerData: input,
      name: 'custody-commits',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    this.#worker.on('error', (error: Error) => onLost(error.message, error))
    this.#worker.on('exit', code => onLost(`exit code ${code}`))
  }

  /** For one thread: `writeThrough`. */
  port(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    const said: NewPort = { port: port1 }
    this.#worker.postMessage(said, [port1])
    return port2
  }

  /** To be called when nobody waits for an answer. */
  async close(): Promise<void> {
    this.#worker.removeAllListeners()
    await this.#worker.terminate()
  }
}

/** Has the thread at the other end store commits. `url`: of the ledger, as people know it. */
export function writeThrough(port: MessagePort, url: string): WriteCommit {
  const owed = new Map<number, (outcome: CommitOutcome | null) => void>()
  let last = 0
  let lost = false
  port.on('message', ({ number, outcome }: CommitAnswer) => {
    owed.get(number)?.(outcome)
    owed.delete(number)
  })
  port.on('close', () => {
    lost = true
    for (const settle of owed.values()) settle(null)
    owed.clear()
  })
  // Whoever waits for an answer has something else that keeps it alive.
  port.unref()
  const ask = (commit: LogCommit) =>
    new Promise<CommitOutcome | null>(resolve => {
      if (lost) return resolve(null)
      const number = ++last
      owed.set(number, resolve)
      const question: CommitQuestion = { number, commit }
      port.postMessage(question, commit.blocks.flatMap(partsOf))
    })
  return async (commit, ledger) => {
    if (ledger !== null) throw new CustodyError('CUSTODY_ENGINE_DEFECT', 'a split had something to say in log 0')
    return blockOf(await ask(commit), url)
  }
}

function blockOf(outcome: CommitOutcome | null, url: string): Block | null {
  if (outcome === null)
    throw new CustodyError(
      'CUSTODY_LEDGER_IN_DOUBT',
      `${url} can't be written any more: the thread that stored what splits write has ended`,
    )
  if (outcome.kind === 'stale') throw new StaleLog()
  if (outcome.kind === 'failed') throw errorOf(outcome.failure)
  return outcome.block
}
