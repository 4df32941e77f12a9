/** Writes the log of a coordinator: cuts, how far splits are, commits of what was put together, and its end. */
import type { CursorFact, SealedStatus, TotalsFact } from '../../format/entry.ts'
import type { CodeChange } from '../../format/plugin-code.ts'
import type { FileContent } from '../../format/run-values.ts'
import type { PartHead } from '../../format/split-entry.ts'
import type { CheckpointHead, RunDraft, RunLedger, SplitHead } from '../../ledger/write-port.ts'
import type { Json } from '../../model/row.ts'
import type { Output, Receipts } from '../nodes/sink/sink-set.ts'
import { receiptOf } from '../nodes/sink/sinks.ts'
import type { FileToRecord } from '../nodes/source/read-files.ts'
import type { SessionClock } from '../ports/run-clock.ts'
import { CommitValues, EntryValues, RunValues, type ValuesSoFar } from '../record/run-values.ts'
import { fileEntry, filesIn, publishedFact, reasonValue, receiptFact } from '../run/commit-facts.ts'
import type { Stop } from '../run/committer.ts'
import { contentsOf, type Dealt, placesOf, rangeFacts, type SourceCut } from './cuts.ts'

/** What sinks publish, by their names; of those that have files. */
export type Published = ReadonlyMap<string, readonly FileContent[]>

export interface CoordinatorLogState {
  readonly values: ValuesSoFar
  readonly commits: number
  /** By part, how far it was when that was last said. */
  readonly said: ReadonlyMap<number, number>
  /** null: nothing is about to be published. */
  readonly published: Published | null
}

/** What all splits have come to. */
export interface SplitSum {
  readonly totals: TotalsFact
  readonly cursors: readonly CursorFact[]
  /** By source, where the last split that read it has ended: rows that are run once more may need what stood before the first record. */
  readonly positions: ReadonlyMap<number, Json>
  /** By source that was dealt, what was read of it. */
  readonly hashes: ReadonlyMap<number, string>
}

function dealtFact({ input, ...dealt }: Dealt, values: EntryValues) {
  return { dealt, ...values.numbered('input', input) }
}

export class CoordinatorLog {
  head: CheckpointHead | null = null
  /** null: nothing is about to be published. */
  published: Published | null
  readonly #ledger: RunLedger
  readonly #clock: Pick<SessionClock, 'now_us' | 'reach'>
  readonly #values: RunValues
  #commits: number
  readonly #said: Map<number, number>

  constructor(ledger: RunLedger, clock: Pick<SessionClock, 'now_us' | 'reach'>, from: CoordinatorLogState) {
    this.#ledger = ledger
    this.#clock = clock
    this.#values = new RunValues(from.values)
    this.#commits = from.commits
    this.#said = new Map(from.said)
    this.published = from.published
  }

  async resume(epoch: number, code_changes: readonly CodeChange[], t: number): Promise<void> {
    const plugins = code_changes.map(each => each.new)
    const code = plugins.length === 0 ? {} : { plugins }
    this.#append({ k: 'resume', epoch, cut: [], ...code, t }, this.#noValues())
    await this.#commit()
  }

  /** `files`: by source that was dealt, those that were read. */
  async cut(cuts: readonly SourceCut[], files: ReadonlyMap<number, readonly FileToRecord[]>): Promise<void> {
    for (const each of cuts) {
      const { source, whole, dealt } = each
      for (const file of files.get(source) ?? []) {
        const values = this.#noValues()
        this.#append({ ...fileEntry(source, file, values), t: this.#clock.now_us() }, values)
      }
      const values = this.#noValues()
      const numbers =
        whole === null
          ? {
              ...values.numbered('positions', dealt === undefined ? [...placesOf(each)] : null),
              ...values.numbered('hashes', contentsOf(each)),
              ...(dealt === undefined ? {} : dealtFact(dealt, values)),
            }
          : { whole }
      this.#append({ k: 'cut', source, ranges: rangeFacts(each), ...numbers, t: this.#clock.now_us() }, values)
    }
    await this.#commit()
  }

  /** By part, how far it was when that was last said. */
  get said(): ReadonlyMap<number, number> {
    return this.#said
  }

  /** Says how far splits are, and in the ledger's own log that it was said. */
  async progress(heads: readonly SplitHead[]): Promise<void> {
    this.#sayHeads(heads)
    await this.#commit()
    await this.#ledger.progress(this.#clock.now_us())
  }

  /** What was put together so far, and if it is the last commit, what is about to be published. */
  async commit(
    { totals, cursors, positions, hashes }: SplitSum,
    outputs: readonly Output[],
    receipts: Receipts,
    last: boolean,
  ): Promise<void> {
    if (last) {
      const values = this.#noValues()
      const artifacts = outputs.map(output => publishedFact(output, receipts, values))
      this.#append({ k: 'publish', artifacts, t: this.#clock.now_us() }, values)
      const files = outputs.map(output => [output.node.name, filesIn(output, receipts)] as const)
      this.published = new Map(files.flatMap(([name, all]) => (all === null ? [] : [[name, all] as const])))
    }
    const values = new CommitValues(this.#values.now)
    const entry = {
      k: 'commit',
      commit: ++this.#commits,
      cursors: cursors.map(each => ({
        ...each,
        ...values.again('position', each.source, positions.get(each.source) ?? null),
        ...values.again('hash', each.source, hashes.get(each.source) ?? null),
      })),
      receipts: outputs.map(output => receiptFact(output.node, receiptOf(receipts, output), values)),
      totals,
      t: this.#clock.now_us(),
    } as const
    this.#append(entry, values, values.named)
    await this.#commit()
  }

  /** `digest`: of what the run came to; null if it has none. */
  async seal(status: SealedStatus, totals: TotalsFact, digest: string | null): Promise<void> {
    const values = this.#noValues()
    const facts = { k: 'seal', status, totals, ...values.numbered('digest', digest), t: this.#clock.now_us() } as const
    this.head = await this.#ledger.seal(facts, values.own)
  }

  async stop({ status, reason, error }: Stop, heads: readonly SplitHead[]): Promise<void> {
    this.#ledger.drop()
    this.#values.revert()
    this.#sayHeads(heads)
    const values = this.#noValues()
    const t = this.#clock.now_us()
    const why = values.numbered('error', error === null ? null : reasonValue(error))
    this.#append({ k: 'stop', status, reason, ...why, t }, values)
    this.head = await this.#ledger.stop(t)
  }

  /** Of those that have gone on since. */
  #sayHeads(all: readonly SplitHead[]): void {
    const further = all.filter(({ part, size }) => (this.#said.get(part) ?? 0) < size)
    if (further.length === 0) return
    const heads = further.map(({ part, size, root }): PartHead => ({ part, size, root }))
    // What it knows of it doesn't come after it.
    this.#clock.reach(Math.max(...further.map(({ t }) => t)))
    for (const { part, size } of heads) this.#said.set(part, size)
    this.#append({ k: 'parts', heads, t: this.#clock.now_us() }, this.#noValues())
  }

  #noValues(): EntryValues {
    return new EntryValues(this.#values.now.count)
  }

  #append(entry: RunDraft['entry'], values: EntryValues, named = this.#values.now.named): void {
    this.#ledger.appendRun({ entry, first_value: values.first, values: values.drafts })
    this.#values.take(values, named)
  }

  async #commit(): Promise<void> {
    try {
      this.head = await this.#ledger.commit()
      this.#values.accept(this.#values.now)
    } catch (thrown) {
      this.#values.revert()
      throw thrown
    }
  }
}
