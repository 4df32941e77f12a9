/**
 * Stage 2 of the write side, for one log: commitments, leaf hashes, the tree and its signed checkpoints.
 *
 * APPENDER-1. It reads no clock and draws no chance: the same entries with the same salts give the same bytes.
 * APPENDER-2. `take` hands over all that was appended since the last one; `drop` forgets what wasn't made durable.
 */

import { type Checkpoint, checkpointText } from '../../format/checkpoint.ts'
import { commitmentOf, leafHashOf } from '../../format/hash.ts'
import { noteOf } from '../../format/note.ts'
import type { Signer } from '../../format/signing-key.ts'
import { Frontier, type FrontierState, type Tile } from '../../format/tree.ts'
import { type SubjectTile, TREES } from '../../format/trees.ts'
import type { Hash } from '../../model/sha256.ts'
import type { StoredOpenToken } from '../read-port.ts'
import type { CheckpointHead, OpenChange, TileDraft } from '../write-port.ts'
import { type Block, BlockReader } from './block.ts'
import { ClosedSubjects, type ClosedSubjectsState, NOTHING_CLOSED } from './closed-subjects.ts'
import type { LogCommit } from './log-commit.ts'
import { NO_CHANGE } from './open-tokens.ts'

/** What is to become durable together. */
export interface Appended extends Omit<LogCommit, 'log' | 'lease'> {
  readonly checkpoint: CheckpointHead
  /** Endings whose error value was committed in an earlier entry: it is still to be found. */
  readonly unresolved: readonly UnresolvedError[]
}

export interface UnresolvedError {
  /** Number of the ending in the blocks, from 0. */
  readonly ending: number
  readonly row: number | null
  readonly batch: number | null
  readonly value: number
}

/** All that continuing a log elsewhere takes. */
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
  readonly #sign: SignHead
  #frontier: Frontier
  readonly #closed: ClosedSubjects
  /** As of the last `take` that wasn't dropped. */
  #durable: FrontierState
  #blocks: Block[] = []
  /** How many endings are in them. */
  #endings = 0
  #tiles: TileDraft[] = []
  #unresolved: UnresolvedError[] = []
  /** Tokens whose rows in `open_tokens` change, each with its latest state. */
  #open = new Map<number, OpenToken>()

  constructor(ledger: string, log: number, sign: SignHead, state: AppenderState = EMPTY) {
    this.#log = log
    this.#origin = originOf(ledger, log)
    this.#sign = sign
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

  /** The signed note of the head of all entries so far. */
  signedHead(): string {
    return this.#sign({ origin: this.#origin, size: this.size, root: this.root() })
  }

  /** The rows and batches that are closed by what is durable. */
  get closed(): ClosedSubjects {
    return this.#closed
  }

  /** All entries of a block, which is in use until they were taken and are durable. */
  append(block: Block): void {
    if (block.entries === 0) return
    const entry = new BlockReader(block)
    while (entry.next()) this.#append(entry)
    this.#blocks.push(block)
  }

  take(): Appended {
    const root = this.#frontier.root()
    const { size } = this
    const open = [...this.#open]
    const appended: Appended = {
      blocks: this.#blocks,
      first: this.#durable.size,
      earlier_errors: new Map(),
      closed_tokens: open.flatMap(([token, { is_new, stands }]) => (stands === null && !is_new ? [token] : [])),
      open_tokens: open.flatMap(([, { stands }]) => stands ?? []),
      head: this.#blocks.length === 0 ? null : this.#sign({ origin: this.#origin, size, root }),
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
    this.#blocks = []
    this.#endings = 0
    this.#tiles = []
    this.#unresolved = []
    this.#open = new Map()
  }

  #append(entry: BlockReader): void {
    const { row, batch } = entry
    const seq = this.#frontier.size
    for (let i = 0; i < entry.values; i++) entry.commit(i, commitmentOf(entry.salt(i), entry.value(i)))
    const leaf = leafHashOf(entry.leaf())
    this.#frontier.append(leaf, this.#onTile)
    this.#closed.add(row, batch, entry.closes ? leaf : null)
    for (let i = 0; i < entry.endings; i++) this.#end(entry)
    const changes = entry.changes()
    if (changes !== NO_CHANGE) this.#changeOpen(seq, entry, changes)
  }

  #end(entry: BlockReader): void {
    const { row, batch, first_value, values } = entry
    const ending = this.#endings++
    const value = entry.passEnding()
    if (value === null || (value >= first_value && value < first_value + values)) return
    this.#unresolved.push({ ending, row, batch, value })
  }

  #changeOpen(seq: number, { row, batch }: BlockReader, { stands, gone }: OpenChange): void {
    for (const { token, node, is_new } of stands)
      this.#open.set(token, {
        is_new: this.#open.get(token)?.is_new ?? is_new,
        stands: { token, row, batch, node, seq },
      })
    for (const token of gone) this.#open.set(token, { is_new: this.#open.get(token)?.is_new ?? false, stands: null })
  }
}

/** The signed note of a head: there is one at each commit. */
type SignHead = (head: Checkpoint) => string

/** For a run: Ed25519 alone, because that is a tenth of a millisecond, and log 0 binds what the run is sealed with. */
export function signsRunsWith({ sign }: Pick<Signer, 'sign'>): SignHead {
  return head => sign(checkpointText(head))
}

/** For log 0: all keys that there are. */
export function signsWith(signers: readonly Signer[]): SignHead {
  return head =>
    noteOf(
      checkpointText(head),
      signers.flatMap(each => each.signHead(head)),
    )
}

const EMPTY: AppenderState = { frontier: new Frontier().state(), closed: NOTHING_CLOSED }

/** Name of a log in its checkpoints (C2SP tlog-checkpoint, origin). */
export function originOf(ledger: string, log: number): string {
  return `custody/${ledger}/${log}`
}
