/**
 * Values of the run's own entries that may say something of a row: the position of a source just behind it, why the run stopped, and, where
 * rows say to which file they go, the names of these.
 */
import type { CursorFact, RunEntry } from '../../format/entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { decodeRunEntry } from '../decode.ts'
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
  const isBehind = ({ source, records }: Pick<CursorFact, 'source' | 'records'>) => behind.has(`${source} ${records}`)
  const own: Blanked[] = []
  const shared: SharedBlank[] = []
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const { facts, first_value } = readable(log, () => decodeRunEntry(seq, body))
    const of_rows =
      facts.k === 'commit' ? facts.cursors.filter(isBehind).flatMap(each => [each.position, each.hash]) : []
    // Where reading a file ended.
    if (facts.k === 'file' && isBehind({ ...facts, records: facts.from + facts.records - 1 }))
      of_rows.push(facts.position)
    const of_others = sharedValues(facts, by_value)
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

/** Numbers of values that say something of several rows: names that these gave to files, and why the run stopped. */
function sharedValues(facts: RunEntry, by_value: ReadonlySet<number>): readonly (number | undefined)[] {
  const named = ({ sink }: { readonly sink: number }) => by_value.has(sink)
  if (facts.k === 'commit') return facts.receipts.filter(named).map(({ state }) => state)
  if (facts.k === 'publish') return facts.artifacts.filter(named).map(({ paths }) => paths)
  return facts.k === 'stop' ? [facts.error] : []
}
