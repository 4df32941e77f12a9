/** A ledger in memory that keeps drafts as they are, so that a test can look at every fact of a run, and bodies to resume from. */

import type { resumeRun } from '../../src/engine/run/resume.ts'
import type { CursorFact, SealFacts } from '../../src/format/entry.ts'
import type {
  FullEntry,
  StoredEnding,
  StoredEntry,
  StoredOpenToken,
  StoredPayload,
} from '../../src/ledger/read-port.ts'
import { encodeRun, encodeSubject } from '../../src/ledger/write/encode.ts'
import { LEASE_US } from '../../src/ledger/write/lease.ts'
import { OpenTokens } from '../../src/ledger/write/open-tokens.ts'
import type {
  CheckpointHead,
  CommitUnderWay,
  CompleteRunDraft,
  Ledger,
  RunDraft,
  RunLedger,
  RunReader,
  SubjectDraft,
  TakenOver,
} from '../../src/ledger/write-port.ts'
import { type Encoded, encodedBy } from './encoded.ts'
import { Power } from './power.ts'

type Kept = { encoded: Encoded } & (
  | { readonly kind: 'subject'; readonly draft: SubjectDraft }
  | { readonly kind: 'run'; readonly draft: CompleteRunDraft }
)

type ResumeReader = Parameters<typeof resumeRun>[0]['reader']

const HASH = '00'.repeat(32)

export class MemoryLedger implements Ledger, RunLedger {
  readonly url = 'memory:'
  readonly log = 1
  began_us = 0
  /** Durable entries. */
  readonly entries_kept: Kept[] = []
  /** Its seal is durable. */
  sealed = false
  /** How many entries the run had whenever it was said how far it is. */
  readonly progressed: number[] = []
  /** Makes what is under way durable elsewhere, too, as it begins; null: nowhere. */
  protected beneath: (() => Promise<void>) | null = null
  /** Called when that is said while it is under way. */
  onProgressed: () => void = () => undefined
  power = new Power(Number.POSITIVE_INFINITY)
  /** How long a commit is under way, as if another thread made it durable; null: no time at all. */
  pause: (() => Promise<void>) | null = null
  /** The time for what is recorded: whoever has a clock says it. */
  now_us: () => number = () => {
    throw new Error('nobody says what time it is')
  }
  /** Whether a lease that isn't renewed runs out. */
  leases_end = false
  /** Called with the time of each entry of the run. */
  onAppended: (t: number) => void = () => undefined
  /** Called with each entry of the run before it is appended; what it throws keeps it out. */
  onEntry: (entry: RunDraft['entry']) => void = () => undefined
  /** null while nobody holds it. */
  expires_us: number | null = null
  #run = ''
  #epoch = 1
  #open = new OpenTokens()
  #buffer: Kept[] = []
  #in_flight: Kept[] = []

  /** How far its sources were at the last commit. */
  get cursors(): readonly CursorFact[] {
    for (const kept of this.entries_kept.toReversed())
      if (kept.kind === 'run' && kept.draft.entry.k === 'commit') return kept.draft.entry.cursors
    return []
  }

  get size(): number {
    return this.entries_kept.length + this.#in_flight.length + this.#buffer.length
  }

  /** Whether something is under way elsewhere. */
  get is_busy(): boolean {
    return false
  }

  /** A process begins, which has this time of day. */
  async enter(_now_us: () => number): Promise<void> {
    // Nothing is opened.
  }

  /** It is gone. */
  async leave(): Promise<void> {
    // Nothing is open.
  }

  /** What a process reads that resumes the run. */
  get reader(): ResumeReader {
    return this
  }

  async time_us(): Promise<number> {
    return this.now_us()
  }

  async openRun(run: string, draft: RunDraft): Promise<RunLedger> {
    this.drop()
    this.#run = run
    this.began_us = draft.entry.t
    this.appendRun(draft)
    await this.commit()
    return this
  }

  append(draft: SubjectDraft): number {
    const changes = this.#open.change(this.size, draft)
    const encoded = encodedBy((to, entropy) => encodeSubject(to, draft, entropy, changes))
    return this.#append({ kind: 'subject', draft, encoded })
  }

  appendRun(draft: RunDraft): number {
    this.onEntry(draft.entry)
    this.onAppended(draft.entry.t)
    const { entry, ...rest } = draft
    const complete: CompleteRunDraft = {
      ...rest,
      entry: entry.k === 'commit' ? { ...entry, open: this.#open.fact() } : entry,
    }
    const encoded = encodedBy((to, entropy) => encodeRun(to, complete, entropy))
    return this.#append({ kind: 'run', draft: complete, encoded })
  }

  async commit(): Promise<CheckpointHead> {
    return (await this.begin()).durable
  }

  async begin(): Promise<CommitUnderWay> {
    if (this.#in_flight.length > 0) throw new Error('a commit is under way')
    this.#in_flight = this.#buffer
    this.#buffer = []
    if (this.beneath === null && this.pause !== null) return { durable: this.#keepLater(this.pause) }
    this.power.use()
    if (this.beneath !== null) return { durable: this.beneath().then(() => this.#keep()) }
    return { durable: Promise.resolve(this.#keep()) }
  }

  async #keepLater(pause: () => Promise<void>): Promise<CheckpointHead> {
    await pause()
    this.power.use()
    return this.#keep()
  }

  /** The power may go right before or right after the entries are durable. */
  #keep(): CheckpointHead {
    this.entries_kept.push(...this.#in_flight)
    this.#in_flight = []
    const last = this.entries_kept.at(-1)
    this.sealed = last?.kind === 'run' && last.draft.entry.k === 'seal'
    if (this.sealed) this.expires_us = null
    else this.#hold()
    this.power.use()
    return { log: 1, size: this.entries_kept.length, root: HASH }
  }

  drop(): void {
    if (this.#buffer.length + this.#in_flight.length > 0) this.#open = OpenTokens.from(this.#openTokens())
    this.#buffer = []
    this.#in_flight = []
  }

  #append(kept: Kept): number {
    this.#buffer.push(kept)
    return this.size - 1
  }

  async seal(facts: SealFacts): Promise<CheckpointHead> {
    this.onAppended(facts.t)
    const none = { size: 0, root: HASH }
    const draft = { entry: { ...facts, subjects: { rows: none, batches: none } }, first_value: 0, values: [] }
    this.#append({ kind: 'run', draft, encoded: encodedBy((to, entropy) => encodeRun(to, draft, entropy)) })
    return this.commit()
  }

  /** The power may go right before or right after it is durable. */
  async progress(_t_us: number): Promise<void> {
    if (this.#in_flight.length > 0) throw new Error('a commit is under way')
    if (this.entries_kept.length === this.progressed.at(-1)) return this.renew()
    this.power.use()
    this.progressed.push(this.entries_kept.length)
    this.onProgressed()
    this.#hold()
    this.power.use()
  }

  async stop(_t_us: number): Promise<CheckpointHead> {
    const head = await this.commit()
    this.progressed.push(head.size)
    this.expires_us = null
    return head
  }

  async renew(): Promise<void> {
    if (this.sealed) throw new Error('the run is sealed')
    this.#hold()
  }

  async takeOver<Seen>(_run: string, look: (reader: RunReader) => Promise<Seen>): Promise<TakenOver<Seen>> {
    this.drop()
    const seen = await look(this)
    this.#hold()
    return { ledger: this, epoch: ++this.#epoch, seen }
  }

  async release(): Promise<void> {
    this.expires_us = null
    this.drop()
  }

  async close(): Promise<void> {
    this.drop()
  }

  /** Whether another process resumed the run, or gave it up. */
  get hasResumed(): boolean {
    return this.entries_kept.some(each => each.kind === 'run' && each.draft.entry.k === 'resume')
  }

  subjects(): SubjectDraft[] {
    return this.entries_kept.flatMap(each => (each.kind === 'subject' ? [each.draft] : []))
  }

  // ── what resuming reads ───────────────────────────────────────────────────────────────────────────────────────────

  async logOf(run: string): Promise<number | null> {
    return run === this.#run ? this.log : null
  }

  /** Whoever held it is gone: its power went. */
  async lease(): Promise<{ holder: string; expires_us: number } | null> {
    return this.sealed ? null : { holder: '', expires_us: this.expires_us ?? 0 }
  }

  #hold(): void {
    this.expires_us = this.leases_end ? this.now_us() + LEASE_US : Number.MAX_SAFE_INTEGER
  }

  async entry(_log: number, seq: number): Promise<StoredEntry | null> {
    return this.#stored(seq)
  }

  async entriesOfRow(_log: number, row: number): Promise<StoredEntry[]> {
    return this.#of(row)
  }

  async entriesOfRows(log: number, first: number, last: number): Promise<FullEntry[]> {
    const found = this.#all()
      .filter(({ row }) => row !== null && row >= first && row <= last)
      .sort((a, b) => (a.row as number) - (b.row as number) || a.seq - b.seq)
    return Promise.all(found.map(async each => ({ ...each, payload: await this.payload(log, each.seq) })))
  }

  async *entries(): AsyncIterable<StoredEntry> {
    yield* this.#all()
  }

  async *entriesOfRun(): AsyncIterable<StoredEntry> {
    yield* this.#of(null).filter(({ batch }) => batch === null)
  }

  async entriesOfBatch(_log: number, batch: number): Promise<StoredEntry[]> {
    return this.#all().filter(each => each.batch === batch)
  }

  async *entriesOfBatches(): AsyncIterable<StoredEntry> {
    yield* this.#all()
      .filter(({ batch }) => batch !== null)
      .sort((a, b) => (a.batch as number) - (b.batch as number) || a.seq - b.seq)
  }

  async payload(_log: number, seq: number): Promise<StoredPayload | null> {
    const encoded = this.entries_kept[seq]?.encoded
    return encoded == null || encoded.payload === null ? null : { seq, salts: encoded.salts, body: encoded.payload }
  }

  async *endings(): AsyncIterable<StoredEnding> {
    for (const [seq, { draft, encoded }] of this.entries_kept.entries())
      for (const { token, fate, node, sink, group, error } of 'endings' in draft ? draft.endings : [])
        yield {
          ...{ token, seq, row: encoded.row, batch: encoded.batch, fate, node, sink: sink || null, grp: group || null },
          ...{ error_code: error?.code ?? null, error_hash: null, recorded_us: 0 },
        }
  }

  async *openTokens(): AsyncIterable<StoredOpenToken> {
    yield* this.#openTokens()
  }

  #openTokens(): StoredOpenToken[] {
    const open = new Map<number, StoredOpenToken>()
    for (const [seq, { encoded }] of this.entries_kept.entries()) {
      const { row, batch, changes } = encoded
      for (const { token, node } of changes.stands) open.set(token, { token, row, batch, node, seq })
      for (const token of changes.gone) open.delete(token)
    }
    return [...open.values()].sort((a, b) => a.token - b.token)
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
    const { row, batch, body } = kept.encoded
    return { seq, row, batch, body }
  }
}
