/**
 * Values of the run's own entries that may say something of a row: the position of a source just behind it, what a source was answered and
 * the row came of, why the run stopped, the digest of what the run came to, and, where rows say to which file they go, the names of these.
 */
import type { CursorFact, RunEntry } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import { decodeRunEntry } from '../decode.ts'
import { call } from '../decode-call.ts'
import { recordsBefore } from '../fold/source-rows.ts'
import { readable } from '../runs/damaged.ts'
import { type Blanked, blanked } from './blank.ts'

export interface RowInRun {
  /** Number of its source's node, and of its record there. */
  readonly source: number
  readonly index: number
}

export interface RunBlanks {
  /** They say nothing that a run which is sealed still needs. */
  readonly own: readonly Blanked[]
  /** They say something of other rows, too. */
  readonly shared: readonly SharedBlank[]
}

export interface SharedBlank extends Blanked {
  /** The kind of its entry. */
  readonly of: RunEntry['k']
}

/** `by_value`: sinks to which rows of those that are erased went, and named a file there. */
export async function runBlanks(
  reader: LedgerReader,
  log: number,
  { rows, by_value }: { readonly rows: readonly RowInRun[]; readonly by_value: ReadonlySet<number> },
): Promise<RunBlanks> {
  const behind = new Set(rows.map(({ source, index }) => `${source} ${index}`))
  const { before: befores, dealt } = await recordsBefore(reader, log)
  // Where records were dealt, any position may be behind one of them.
  const touched = new Set(rows.map(({ source }) => source).filter(source => dealt.has(source)))
  const isBehind = (seq: number, { source, records }: Pick<CursorFact, 'source' | 'records'>) =>
    touched.has(source) || behind.has(`${source} ${(befores.get(`${source} ${partOf(seq)}`) ?? 0) + records}`)
  const answers = await AnswersOfRows.of(reader, log, rows)
  const own: Blanked[] = []
  const shared: SharedBlank[] = []
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const { facts, first_value } = readable(log, () => decodeRunEntry(seq, body))
    const of_rows =
      facts.k === 'commit'
        ? facts.cursors
            .filter(each => isBehind(seq, each) || answers.follows(each))
            .flatMap(each => [each.position, each.hash])
        : []
    // Of a table it has the row's key.
    if (facts.k === 'cut' && isCutBehind(facts, behind)) of_rows.push(facts.positions)
    // Where reading a file ended.
    if (facts.k === 'file' && behind.has(`${facts.source} ${facts.from + facts.records - 1}`))
      of_rows.push(facts.position)
    const of_others =
      facts.k === 'calls'
        ? answers.valuesIn(facts)
        : facts.k === 'cut'
          ? cutBehind(facts, behind)
          : sharedValues(facts, by_value)
    // One hash of all rows, erased ones among them: who knows the others could try out what these were.
    if (facts.k === 'seal' || facts.k === 'close') of_rows.push(facts.digest)
    if ([...of_rows, ...of_others].every(each => each === undefined)) continue
    const payload = await reader.payload(log, seq)
    if (payload === null) continue
    const blank = (numbers: readonly (number | undefined)[]) =>
      blanked({ payload, goes: place => numbers.includes(first_value + place - 1), inFull: () => undefined })
    const [alone, both] = [blank(of_rows), blank([...of_rows, ...of_others])]
    if (alone !== null) own.push(alone)
    // What is shared stands for both: of an entry one thing is said.
    if (both !== null && both.places.length > (alone?.places.length ?? 0)) shared.push({ ...both, of: facts.k })
  }
  return { own, shared }
}

type CutEntry = Extract<RunEntry, { k: 'cut' }>

/** What ranges hold, if one of them ends just behind a row. */
function cutBehind(facts: CutEntry, behind: ReadonlySet<string>): readonly (number | undefined)[] {
  const { source, hashes, dealt, input } = facts
  if (dealt !== undefined) return [...behind].some(each => each.startsWith(`${source} `)) ? [hashes, input] : []
  return isCutBehind(facts, behind) ? [hashes] : []
}

const isCutBehind = ({ source, ranges, dealt }: CutEntry, behind: ReadonlySet<string>): boolean =>
  dealt === undefined && ranges.some(({ before, records }) => behind.has(`${source} ${before + records}`))

/** Numbers of values that say something of several rows: names that these gave to files, and why the run stopped. */
function sharedValues(facts: RunEntry, by_value: ReadonlySet<number>): readonly (number | undefined)[] {
  const named = ({ sink }: { readonly sink: number }) => by_value.has(sink)
  if (facts.k === 'commit') return facts.receipts.filter(named).map(({ state }) => state)
  if (facts.k === 'publish') return facts.artifacts.filter(named).map(({ paths }) => paths)
  return facts.k === 'stop' ? [facts.error] : []
}

type CallsEntry = Extract<RunEntry, { k: 'calls' }>

/**
 * What sources asked, and were answered, that may hold an erased row: the answers before its record. Where its record was the last of
 * these, what was asked next may say where it stood, and so may positions until another answer came.
 */
class AnswersOfRows {
  readonly #rows: readonly RowInRun[]
  /** By source, ascending: the records before which it asked. */
  readonly #asked: ReadonlyMap<number, readonly number[]>

  private constructor(rows: readonly RowInRun[], asked: ReadonlyMap<number, readonly number[]>) {
    this.#rows = rows
    this.#asked = asked
  }

  static async of(reader: LedgerReader, log: number, rows: readonly RowInRun[]): Promise<AnswersOfRows> {
    const asked = new Map<number, number[]>()
    if (rows.length > 0)
      for await (const { seq, body } of reader.entriesOfRun(log)) {
        if (!body.includes('"k":"calls"')) continue
        const { facts } = readable(log, () => decodeRunEntry(seq, body))
        if (facts.k !== 'calls') continue
        const source = sourceOf(facts)
        asked.set(source, [...(asked.get(source) ?? []), facts.from])
      }
    return new AnswersOfRows(rows, asked)
  }

  valuesIn(facts: CallsEntry): readonly number[] {
    const source = sourceOf(facts)
    const calls = facts.x.map(each => call(each, 'x'))
    const holds = this.#isAmong(source, facts.from, this.#next(source, facts.from) - 1)
    const follows = this.#isAmong(source, facts.from - 1, facts.from - 1)
    return [
      ...(holds ? calls.map(({ response }) => response) : []),
      ...(follows ? calls.map(({ request }) => request) : []),
    ]
  }

  /** Whether a position behind so many records was reached by a question that a row may have led to. */
  follows({ source, records }: Pick<CursorFact, 'source' | 'records'>): boolean {
    const before = this.#asked.get(source)?.findLast(from => from <= records) ?? 1
    return this.#isAmong(source, before - 1, before - 1)
  }

  /** The record before which it asked next. */
  #next(source: number, from: number): number {
    return this.#asked.get(source)?.find(each => each > from) ?? Number.POSITIVE_INFINITY
  }

  #isAmong(source: number, first: number, last: number): boolean {
    return this.#rows.some(row => row.source === source && row.index >= first && row.index <= last)
  }
}

const sourceOf = ({ x }: CallsEntry) => call(x[0] ?? null, 'x').node
