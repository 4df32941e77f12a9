/**
 * Stage 2 of the write side, for one log: commitments, leaf hashes, the tree and its signed checkpoints.
 *
 * A1. It reads no clock and draws no chance: the same entries with the same salts give the same bytes.
 * A2. `take` hands over all that was appended since the last one; `drop` forgets what wasn't made durable.
 */

import { bytesToHex, commitment, hexToBytes, leafHash, SALT_BYTES } from '../format/hash.ts'
import { checkpointText, type Signer } from '../format/note.ts'
import { Frontier, type FrontierState, type Tile } from '../format/tree.ts'
import { type SubjectTile, TREES } from '../format/trees.ts'
import type { Hash } from '../model/sha256.ts'
import { ClosedSubjects, type ClosedSubjectsState, NOTHING_CLOSED } from './closed-subjects.ts'
import { bodyOf, payloadOf } from './encode.ts'
import { NO_CHANGE } from './open-tokens.ts'
import type { StoredEnding, StoredEntry, StoredOpenToken, StoredPayload } from './read-port.ts'
import type { CheckpointHead, EncodedEntry, TileDraft, WriteBatch } from './write-port.ts'

/** What is to become durable together; the rest of a `WriteBatch` is not the appender's to know. */
export interface Appended
  extends Pick<WriteBatch, 'entries' | 'payloads' | 'endings' | 'closed_tokens' | 'open_tokens' | 'tiles' | 'head'> {
  readonly checkpoint: CheckpointHead
  /** Endings whose error value was committed in an earlier entry: their `error_hash` is still to be found. */
  readonly unresolved: readonly UnresolvedError[]
}

export interface UnresolvedError {
  /** Index in `endings`. */
  readonly ending: number
  readonly row: number | null
  readonly batch: number | null
  readonly value: number
}

/** What it takes to continue a log elsewhere. */
export interface AppenderState {
  readonly frontier: FrontierState
  readonly closed: ClosedSubjectsState
}

/** What becomes of a token in the table of open ones. */
interface OpenToken {
  /** It isn't in the table yet. */
  readonly is_new: boolean
  /** null: it has ended. */
  readonly stands: StoredOpenToken | null
}

export class Appender {
  readonly #log: number
  /** The log's name in its checkpoints. */
  readonly #origin: string
  readonly #signer: Signer
  #frontier: Frontier
  readonly #closed: ClosedSubjects
  /** As of the last `take` that wasn't dropped. */
  #durable: FrontierState
  #entries: StoredEntry[] = []
  #payloads: StoredPayload[] = []
  #endings: StoredEnding[] = []
  #tiles: TileDraft[] = []
  #unresolved: UnresolvedError[] = []
  /** Tokens whose rows in `open_tokens` change, each with its last word. */
  #open = new Map<number, OpenToken>()

  constructor(ledger: string, log: number, signer: Signer, state: AppenderState = EMPTY) {
    this.#log = log
    this.#origin = originOf(ledger, log)
    this.#signer = signer
    this.#durable = state.frontier
    this.#frontier = Frontier.from(state.frontier)
    this.#closed = new ClosedSubjects(state.closed)
  }

  /** @throws TypeError if something that was appended isn't durable. */
  state(): AppenderState {
    if (this.size !== this.#durable.size) throw new TypeError('a log is handed over between commits only')
    return { frontier: this.#durable, closed: this.#closed.state() }
  }

  /** Number of entries, those not yet taken included. */
  get size(): number {
    return this.#frontier.size
  }

  /** Root of all entries so far. */
  root(): Hash {
    return this.#frontier.root()
  }

  /** Of what is durable. */
  get closed(): ClosedSubjects {
    return this.#closed
  }

  /** `salts` are those of `saltsOf`. */
  append(entry: EncodedEntry, salts: Uint8Array): void {
    const seq = this.#frontier.size
    const commitments = this.#commit(seq, entry, salts)
    const nonce = commitments.length === 0 ? bytesToHex(salts) : ''
    const body = bodyOf(entry, commitments, nonce)
    const leaf = leafHash(body)
    this.#frontier.append(leaf, this.#onTile)
    this.#closed.add(entry.row, entry.batch, entry.closes ? leaf : null)
    this.#entries.push({ seq, row: entry.row, batch: entry.batch, body })
    for (let i = 0; i < entry.endings.length; i++) this.#end(seq, entry, i, commitments)
    if (entry.changes !== NO_CHANGE) this.#changeOpen(seq, entry)
  }

  take(): Appended {
    const root = this.#frontier.root()
    const { size } = this
    const open = [...this.#open]
    const appended: Appended = {
      entries: this.#entries,
      payloads: this.#payloads,
      endings: this.#endings,
      closed_tokens: open.flatMap(([token, { is_new, stands }]) => (stands === null && !is_new ? [token] : [])),
      open_tokens: open.flatMap(([, { stands }]) => stands ?? []),
      head: this.#entries.length === 0 ? null : this.#signer.sign(checkpointText({ origin: this.#origin, size, root })),
      checkpoint: { log: this.#log, size, root },
      tiles: this.#tiles,
      unresolved: this.#unresolved,
    }
    this.#clear()
    return appended
  }

  /** What was taken last is durable. Returns the tiles of rows and batches that are full with it. */
  accept(): readonly SubjectTile[] {
    this.#durable = this.#frontier.state()
    return this.#closed.accept()
  }

  /** What was taken or appended since the last `accept` is forgotten. */
  drop(): void {
    this.#frontier = Frontier.from(this.#durable)
    this.#closed.drop()
    this.#clear()
  }

  readonly #onTile = ({ level, index, root }: Tile): void => {
    this.#tiles.push({ tree: TREES.log, level, index, root })
  }

  #clear(): void {
    this.#entries = []
    this.#payloads = []
    this.#endings = []
    this.#tiles = []
    this.#unresolved = []
    this.#open = new Map()
  }

  /** Commits to the entry's values and keeps them as its payload. Gives the commitments as hex. */
  #commit(seq: number, entry: EncodedEntry, salts: Uint8Array): readonly string[] {
    const { texts } = entry
    if (texts.length === 0) return NONE
    const commitments = texts.map((text, i) => commitment(salts.subarray(i * SALT_BYTES, (i + 1) * SALT_BYTES), text))
    this.#payloads.push({ seq, salts, body: payloadOf(entry) })
    return commitments
  }

  #end(seq: number, entry: EncodedEntry, i: number, commitments: readonly string[]): void {
    const { token, fate, node, sink, group, error } = entry.endings[i]!
    const hex = error === null ? undefined : commitments[error.value - entry.first_value]
    if (error !== null && hex === undefined) {
      this.#unresolved.push({
        ending: this.#endings.length,
        row: entry.row,
        batch: entry.batch,
        value: error.value,
      })
    }
    this.#endings.push({
      token,
      seq,
      row: entry.row,
      batch: entry.batch,
      fate,
      node,
      sink: sink === 0 ? null : sink,
      grp: group === 0 ? null : group,
      error_code: error === null ? null : error.code,
      error_hash: hex === undefined ? null : hexToBytes(hex),
      recorded_us: entry.recorded_us[i]!,
    })
  }

  #changeOpen(seq: number, { row, batch, changes }: EncodedEntry): void {
    for (const { token, node, is_new } of changes.stands)
      this.#open.set(token, {
        is_new: this.#open.get(token)?.is_new ?? is_new,
        stands: { token, row, batch, node, seq },
      })
    for (const token of changes.gone)
      this.#open.set(token, { is_new: this.#open.get(token)?.is_new ?? false, stands: null })
  }
}

const NONE: readonly string[] = []
const EMPTY: AppenderState = { frontier: new Frontier().state(), closed: NOTHING_CLOSED }

/** Name of a log in its checkpoints (C2SP tlog-checkpoint, origin). */
export function originOf(ledger: string, log: number): string {
  return `custody/${ledger}/${log}`
}
