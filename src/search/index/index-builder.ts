/** Keeps the index of a ledger in a thread of its own, until it is closed. */
import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { ownModule } from '../../model/own-file.ts'
import { giveUpClaim } from './claim.ts'

/** What the thread is started with. */
export interface BuilderInput {
  readonly url: string
  /** The folder. */
  readonly index: string
  /** The ledger's id. */
  readonly ledger: string
  readonly token: string
}

/** What it says after each look at the ledger. */
export type BuilderReport =
  | { readonly kind: 'round' }
  /** It can't be kept as it is, and will be tried again. */
  | { readonly kind: 'trouble'; readonly message: string }

export class IndexBuilder {
  readonly #index: string
  readonly #token = randomUUID()
  readonly #worker: Worker

  /** `onReport`: where no index can be kept, rows are found without one. */
  constructor({ url, index, ledger }: Omit<BuilderInput, 'token'>, onReport: (report: BuilderReport) => void) {
    this.#index = index
    const workerData: BuilderInput = { url, index, ledger, token: this.#token }
    this.#worker = new Worker(ownModule('search/index/index-worker'), { workerData, name: 'custody-index' })
    this.#worker.unref()
    this.#worker.on('message', onReport)
    this.#worker.on('error', ({ message }: Error) => onReport({ kind: 'trouble', message }))
  }

  /** What isn't finished is begun anew by whoever builds next. */
  async close(): Promise<void> {
    await this.#worker.terminate()
    giveUpClaim(this.#index, this.#token)
  }
}
