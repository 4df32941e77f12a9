/** A ledger in memory that keeps drafts as they are, so that a test can look at every fact of a run, and bodies to resume from. */
import { bodyOf, encodeRun, encodeSubject } from '../../src/ledger/encode.ts'
import type { StoredEntry, StoredOpenToken, StoredPayload } from '../../src/ledger/read-port.ts'
import type {
  CheckpointHead,
  CommitUnderWay,
  EncodedEntry,
  Ledger,
  RunDraft,
  RunLedger,
  SubjectDraft,
} from '../../src/ledger/write-port.ts'
import { Power } from './power.ts'

type Kept = { readonly encoded: EncodedEntry } & (
  | { readonly kind: 'subject'; readonly draft: SubjectDraft }
  | { readonly kind: 'run'; readonly draft: RunDraft }
)

const SALT_BYTES = 16
const HASH = '00'.repeat(32)

export class MemoryLedger implements Ledger, RunLedger {
  readonly url = 'memory:'
  readonly log = 1
  readonly began_us = 0
  /** Durable entries. */
  readonly entries_kept: Kept[] = []
  sealed = false
  power = new Power(Number.POSITIVE_INFINITY)
  /** How long a commit is under way, as if another thread made it durable; null: no time at all. */
  pause: (() => Promise<void>) | null = null
  #run = ''
  #epoch = 1
  #buffer: Kept[] = []
  #under_way: Kept[] = []
  #held = false

  get size(): number {
    return this.entries_kept.length + this.#under_way.length + this.#buffer.length
  }

  async openRun(run: string, draft: RunDraft): Promise<RunLedger> {
    this.drop()
    this.#run = run
    this.#held = true
    this.appendRun(draft)
    await this.commit()
    return this
  }

  append(draft: SubjectDraft): number {
    return this.#append({ kind: 'subject', draft, encoded: encodeSubject(draft) })
  }

  appendRun(draft: RunDraft): number {
    return this.#append({ kind: 'run', draft, encoded: encodeRun(draft) })
  }

  async commit(): Promise<CheckpointHead> {
    return (await this.begin()).durable
  }

  async begin(): Promise<CommitUnderWay> {
    if (this.#under_way.length > 0) throw new Error('a commit is under way')
    this.#under_way = this.#buffer
    this.#buffer = []
    if (this.pause !== null) return { durable: this.pause().then(() => this.#keep()) }
    const head = this.#keep()
    return { durable: Promise.resolve(head) }
  }

  /** The power may go right before or right after the entries are durable. */
  #keep(): CheckpointHead {
    this.power.use()
    this.entries_kept.push(...this.#under_way)
    this.#under_way = []
    this.power.use()
    return { log: 1, size: this.entries_kept.length, root: HASH }
  }

  drop(): void {
    this.#buffer = []
    this.#under_way = []
  }

  #append(kept: Kept): number {
    this.#buffer.push(kept)
    return this.size - 1
  }

  async subjectTree(): Promise<{ size: number; root: string }> {
    return { size: 0, root: HASH }
  }

  async seal(draft: RunDraft): Promise<CheckpointHead> {
    this.appendRun(draft)
    const head = await this.commit()
    this.sealed = true
    return head
  }

  async renew(): Promise<void> {
    if (this.sealed) throw new Error('the run is sealed')
  }

  async takeOver(): Promise<{ ledger: RunLedger; epoch: number }> {
    this.drop()
    this.#held = true
    return { ledger: this, epoch: ++this.#epoch }
  }

  async release(): Promise<void> {
    this.#held = false
    this.drop()
  }

  async close(): Promise<void> {
    this.drop()
  }

  subjects(): SubjectDraft[] {
    return this.entries_kept.flatMap(each => (each.kind === 'subject' ? [each.draft] : []))
  }

  // ── what resuming reads ───────────────────────────────────────────────────────────────────────────────────────────

  async logs(): Promise<{ log: number; run: string | null }[]> {
    return [{ log: 1, run: this.#run }]
  }

  /** One that nobody gave up never runs out. */
  async leases(): Promise<{ log: number; expires_us: number }[]> {
    return this.sealed ? [] : [{ log: 1, expires_us: this.#held ? Number.MAX_SAFE_INTEGER : 0 }]
  }

  async entry(_log: number, seq: number): Promise<StoredEntry | null> {
    return this.#stored(seq)
  }

  async entriesOfRow(_log: number, row: number): Promise<StoredEntry[]> {
    return this.#of(row)
  }

  async *entries(): AsyncIterable<StoredEntry> {
    yield* this.#all()
  }

  async *entriesOfRun(): AsyncIterable<StoredEntry> {
    yield* this.#of(null)
  }

  async payload(_log: number, seq: number): Promise<StoredPayload | null> {
    const kept = this.entries_kept[seq]
    if (kept === undefined || kept.encoded.stored.length === 0) return null
    return {
      seq,
      salts: new Uint8Array(SALT_BYTES * kept.encoded.stored.length),
      body: `[${kept.encoded.stored.join(',')}]`,
    }
  }

  async openTokens(): Promise<StoredOpenToken[]> {
    const open = new Map<string, StoredOpenToken[]>()
    for (const [seq, { encoded }] of this.entries_kept.entries()) {
      const { row, batch, open_tokens } = encoded
      open.set(
        `${row},${batch}`,
        open_tokens.map(each => ({ ...each, row, batch, seq })),
      )
    }
    return [...open.values()].flat()
  }

  #of(row: number | null): StoredEntry[] {
    return this.entries_kept.flatMap(({ encoded }, seq) =>
      encoded.row === row ? [this.#stored(seq) as StoredEntry] : [],
    )
  }

  #all(): StoredEntry[] {
    return this.entries_kept.map((_, seq) => this.#stored(seq) as StoredEntry)
  }

  #stored(seq: number): StoredEntry | null {
    const kept = this.entries_kept[seq]
    if (kept === undefined) return null
    const { texts, row } = kept.encoded
    const body = bodyOf(
      kept.encoded,
      texts.map(() => HASH),
      '00'.repeat(16),
    )
    return { seq, row, body }
  }
}
