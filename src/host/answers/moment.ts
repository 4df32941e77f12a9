/** One moment of a ledger, and who looks at it: what every answer is made from. */
import type { Environment } from '../../ledger/keys/config-folder.ts'
import type { Remembered } from '../../ledger/keys/trust.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { RunEnds } from '../../read/runs/run-ends.ts'
import { SearchMemory } from '../../search/search-memory.ts'
import { rememberedOf } from '../ledger.ts'
import { type Sight, seeLedger } from '../seen-ledger.ts'
import type { AnswerThreadInput } from './answer-messages.ts'

export interface Moment {
  /** As stored; whoever shows something of it checks it. */
  readonly reader: LedgerReader
  readonly env: Environment
  /** What the user knows of the ledger. */
  readonly remembered: Remembered | null
  /** What they knew of it when whoever asks began to look at it. */
  readonly before: Remembered | null
  readonly search: Search
  /** Of the ends of which runs it is known that they hold. */
  readonly ends: RunEnds
  /** How it stands to that; what is seen is remembered. @throws CustodyError CUSTODY_LEDGER_FORKED. */
  see(): Promise<Sight>
}

/** How rows are found. */
export interface Search {
  /** Folder of the index; null: none is used. */
  readonly index: string | null
  readonly memory: SearchMemory
}

/** A ledger that is looked at again and again. */
export class Looking {
  readonly #reader: LedgerReader
  readonly #env: Environment
  readonly #before: Remembered | null
  readonly #search: Search
  readonly #ends = new RunEnds()
  /** What was seen when log 0 had this head: it needn't be compared twice. */
  #seen: { readonly head: string | null; readonly sight: Sight } | null = null

  constructor(reader: LedgerReader, { env, before, index }: Omit<AnswerThreadInput, 'url'>) {
    this.#reader = reader
    this.#env = env
    this.#before = before
    this.#search = { index, memory: new SearchMemory() }
  }

  /** All that `work` reads is from one moment. */
  async at<T>(work: (moment: Moment) => Promise<T>): Promise<T> {
    const reader = this.#reader
    const [env, search, ends] = [this.#env, this.#search, this.#ends]
    // Before the moment begins: others may write, and remember that, at any time.
    const remembered = await rememberedOf(reader, env)
    const before = this.#before
    return reader.snapshot(() =>
      work({ reader, env, remembered, before, search, ends, see: () => this.#see(remembered) }),
    )
  }

  async #see(remembered: Remembered | null): Promise<Sight> {
    const head = await this.#reader.head(0)
    if (this.#seen !== null && this.#seen.head === head) return this.#seen.sight
    // Whether what is remembered could be written down makes no difference to an answer.
    const sight = await seeLedger(this.#reader, remembered, this.#env, () => undefined)
    this.#seen = { head, sight }
    return sight
  }
}
