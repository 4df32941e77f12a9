/**
 * Who does stage 2 of a run's log and makes its commits durable: this thread, or another one (thread/).
 *
 * SCRIBE-1. Commits are made one after another. One that fails leaves nothing, and what was appended since is to be dropped.
 * SCRIBE-2. Errors that ended a token in a later commit than they happened in are looked up by the entries that committed to them.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import type { Hash } from '../../model/sha256.ts'
import type { LedgerReader, StoredEntry } from '../read-port.ts'
import type { Durable, LeaseChange } from '../write-port.ts'
import type { Appended, Appender, UnresolvedError } from './appender.ts'
import { type Block, BlockEntries } from './block.ts'
import type { WriteCommit } from './log-commit.ts'

export interface Scribe {
  /** Takes a part of the next commit, which is large. */
  append(block: Block): void
  /** The rest of the commit; see `RunLedger.begin`. `onRead` is called when the block may be filled again. */
  begin(block: Block, lease: LeaseChange, onRead: (block: Block) => void): Promise<BegunCommit>
  /** Forgets what was appended since the last commit. */
  drop(): void
}

/** A commit that has begun. */
export interface BegunCommit {
  readonly durable: Promise<Durable>
}

export interface ScribeParts {
  readonly log: number
  readonly appender: Appender
  readonly reader: Pick<LedgerReader, 'entriesOfRow' | 'entriesOfBatch'>
  readonly write: WriteCommit
  /** Who writes is elsewhere: nothing here waits for it. */
  readonly hands_over: boolean
}

/** Does stage 2 in this thread. */
export class StoreScribe implements Scribe {
  readonly #parts: ScribeParts
  #under_way = false
  /** Parts of the next commit that came while one is under way, in which the tree is as that left it. */
  #waiting: Block[] = []

  constructor(parts: ScribeParts) {
    this.#parts = parts
  }

  get appender(): Appender {
    return this.#parts.appender
  }

  append(block: Block): void {
    if (this.#under_way) this.#waiting.push(block)
    else this.appender.append(block)
  }

  async begin(block: Block, lease: LeaseChange, onRead: (block: Block) => void): Promise<BegunCommit> {
    const { log, write, hands_over } = this.#parts
    this.append(block)
    const durable = this.durably(appended => write({ ...appended, log, lease }, null), onRead)
    // What it fails with is the commit's.
    if (!hands_over) await durable
    return { durable }
  }

  drop(): void {
    this.#waiting = []
    if (!this.#under_way) this.appender.drop()
  }

  /** `write` makes durable what was appended. */
  async durably(
    write: (appended: Appended) => Promise<Block | null>,
    onRead: (block: Block) => void = () => undefined,
  ): Promise<Durable> {
    const { appender } = this
    this.#under_way = true
    try {
      const appended = appender.take()
      const block = await write(appended.unresolved.length === 0 ? appended : await this.#resolve(appended))
      const tiles = appender.accept()
      for (const each of this.#waiting) appender.append(each)
      if (block !== null) onRead(block)
      return { head: appended.checkpoint, tiles }
    } catch (error) {
      appender.drop()
      throw error
    } finally {
      this.#waiting = []
      this.#under_way = false
    }
  }

  async #resolve(appended: Appended): Promise<Appended> {
    const earlier_errors = new Map<number, Hash>()
    for (const each of appended.unresolved) {
      const hex = commitmentIn(await this.#earlierEntries(each, appended), each.value)
      if (hex === undefined)
        throw new CustodyError('CUSTODY_ENGINE_DEFECT', `an ending names value ${each.value}, which no entry has`)
      earlier_errors.set(each.ending, hex)
    }
    return { ...appended, earlier_errors }
  }

  /** Bodies of the subject's entries, stored and about to be. */
  async #earlierEntries({ row, batch }: UnresolvedError, appended: Appended): Promise<readonly SubjectEntryBody[]> {
    const { reader, log } = this.#parts
    const stored: StoredEntry[] = []
    if (row !== null) stored.push(...(await reader.entriesOfRow(log, row)))
    else if (batch !== null) stored.push(...(await reader.entriesOfBatch(log, batch)))
    const texts = stored.map(each => each.body)
    for (const each of new BlockEntries(appended.blocks, appended.first))
      if (each.row === row && each.batch === batch) texts.push(textOf(each.body))
    return texts.map(each => parseJson(each) as SubjectEntryBody)
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** What is needed here of a subject's entry: see `SubjectEntry`. */
interface SubjectEntryBody {
  readonly c?: SubjectEntry['commitments']
  readonly w?: number
}

function commitmentIn(entries: readonly SubjectEntryBody[], value: number): string | undefined {
  for (const { c, w } of entries)
    if (c !== undefined && w !== undefined && c[value - w] !== undefined) return c[value - w]
  return undefined
}
