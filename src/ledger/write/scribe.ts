/**
 * Who does stage 2 of a run's log and makes its commits durable: this thread, or another one (thread/).
 *
 * SCRIBE-1. Commits are made one after another. One that fails leaves nothing, and what was appended since is to be dropped.
 * SCRIBE-2. Errors that ended a token in a later commit than they happened in are looked up by the entries that committed to them.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import { hexToBytes } from '../../format/hash.ts'
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import type { StoredEnding, StoredEntry } from '../read-port.ts'
import type { Store } from '../store.ts'
import type { Durable, LeaseChange } from '../write-port.ts'
import type { Appended, Appender, UnresolvedError } from './appender.ts'
import type { Block } from './block.ts'

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

/** Does stage 2 in this thread, at once. */
export class StoreScribe implements Scribe {
  readonly appender: Appender
  readonly #log: number
  readonly #store: Store

  constructor(log: number, appender: Appender, store: Store) {
    this.#log = log
    this.appender = appender
    this.#store = store
  }

  append(block: Block): void {
    this.appender.append(block)
  }

  async begin(block: Block, lease: LeaseChange, onRead: (block: Block) => void): Promise<BegunCommit> {
    const log = this.#log
    this.append(block)
    const durable = await this.durably(appended => this.#store.write({ ...appended, log, lease, ledger: null }))
    onRead(block)
    return { durable: Promise.resolve(durable) }
  }

  drop(): void {
    this.appender.drop()
  }

  /** `write` makes durable what was appended. */
  async durably(write: (appended: Appended) => Promise<void>): Promise<Durable> {
    const { appender } = this
    try {
      const appended = appender.take()
      await write(appended.unresolved.length === 0 ? appended : await this.#resolve(appended))
      return { head: appended.checkpoint, tiles: appender.accept() }
    } catch (error) {
      appender.drop()
      throw error
    }
  }

  async #resolve(appended: Appended): Promise<Appended> {
    const endings = [...appended.endings]
    for (const each of appended.unresolved) {
      const earlier = await this.#earlierEntries(each, appended)
      const hex = commitmentIn(earlier, each.value)
      if (hex === undefined)
        throw new CustodyError('CUSTODY_ENGINE_DEFECT', `an ending names value ${each.value}, which no entry has`)
      endings[each.ending] = { ...(endings[each.ending] as StoredEnding), error_hash: hexToBytes(hex) }
    }
    return { ...appended, endings }
  }

  /** Bodies of the subject's entries, stored and about to be. */
  async #earlierEntries({ row, batch }: UnresolvedError, appended: Appended): Promise<readonly SubjectEntryBody[]> {
    const { reader } = this.#store
    const stored: StoredEntry[] = []
    if (row !== null) stored.push(...(await reader.entriesOfRow(this.#log, row)))
    else if (batch !== null) stored.push(...(await reader.entriesOfBatch(this.#log, batch)))
    const texts = stored.map(each => each.body)
    for (const each of appended.entries) if (each.row === row && each.batch === batch) texts.push(textOf(each.body))
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
