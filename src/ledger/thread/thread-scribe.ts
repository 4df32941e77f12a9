/** Stage 2 of one log in another thread, seen from this one. */
import type { AppenderState } from '../write/appender.ts'
import { type Block, partsOf } from '../write/block.ts'
import type { OtherThread } from '../write/run-ledger.ts'
import type { BegunCommit } from '../write/scribe.ts'
import type { Durable, LeaseChange } from '../write-port.ts'
import type { LedgerThread } from './ledger-thread.ts'
import type { Answer, HandedLog, Question } from './messages.ts'

export class ThreadScribe implements OtherThread {
  readonly #thread: LedgerThread
  readonly #onEnd: () => Promise<void>
  /** Parts of the next commit are over there. */
  #parted = false

  /** `thread` has no other log; `onEnd`: nor this one any more. */
  constructor(thread: LedgerThread, log: HandedLog, onEnd: () => Promise<void>) {
    this.#thread = thread
    this.#onEnd = onEnd
    thread.notify({ kind: 'log', log })
  }

  append(block: Block): void {
    this.#thread.notify({ kind: 'entries', block }, partsOf(block))
    this.#parted = true
  }

  async begin(block: Block, lease: LeaseChange, onRead: (block: Block) => void): Promise<BegunCommit> {
    this.#parted = false
    return { durable: this.#commit({ kind: 'commit', block, lease }, partsOf(block), onRead) }
  }

  drop(): void {
    if (this.#parted) this.#thread.notify({ kind: 'drop' })
    this.#parted = false
  }

  async end(): Promise<AppenderState> {
    const answer = await this.#thread.ask({ kind: 'end' })
    if (answer.kind !== 'ended') throw unexpected(answer)
    await this.#onEnd()
    return answer.state
  }

  terminate(): Promise<void> {
    return this.#thread.terminate()
  }

  async #commit(question: Question, parts: ArrayBuffer[], onRead: (block: Block) => void): Promise<Durable> {
    const answer = await this.#thread.ask(question, parts)
    if (answer.kind !== 'durable') throw unexpected(answer)
    onRead(answer.block)
    return answer.durable
  }
}

function unexpected({ kind }: Answer): TypeError {
  return new TypeError(`the other thread answered ${kind}`)
}
