/** What the log of a coordinator says, as whoever works on the run needs it: the same for each process. */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { CutContent, CutPlace } from '../../format/run-values.ts'
import { runEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { onRecord } from '../record/on-record.ts'
import { type History, type OpeningRecord, readHistory, readOpening, valuesOf } from '../resume/run-fold.ts'
import { recordedRange, type SourceCut } from './cuts.ts'

export interface Coordination {
  readonly opened: OpeningRecord
  /** Leaf hash of its entry 0. */
  readonly leaf: string
  readonly splits: number
  /** Null: the sources weren't cut. */
  readonly cuts: readonly SourceCut[] | null
  readonly history: History
}

export async function readCoordination(reader: RunReader, log: number): Promise<Coordination> {
  const opened = await readOpening(reader, log)
  const first = onRecord(await reader.entry(log, 0), 'first entry')
  const cuts: SourceCut[] = []
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    if (!body.includes('"k":"cut"')) continue
    const { entry, ...commits } = runEntryOf(body)
    if (entry.k === 'cut') cuts.push(cutOf(entry, await valuesOf(reader, log, [{ seq, ...commits }])))
  }
  return {
    ...{ opened, leaf: leafHash(first.body), splits: onRecord(opened.opening.splits, 'number of splits') },
    cuts: cuts.length === 0 ? null : cuts,
    history: await readHistory(reader, log),
  }
}

function cutOf(
  { source, ranges, whole, positions, hashes }: Extract<RunEntry, { k: 'cut' }>,
  values: Awaited<ReturnType<typeof valuesOf>>,
): SourceCut {
  const valueAt = (number: number | undefined) => (number === undefined ? [] : onRecord(values.get(number), 'cut'))
  // cast: its values, which the engine wrote and whose commitments have just been checked.
  const [places, contents] = [valueAt(positions), valueAt(hashes)] as unknown as [CutPlace[], CutContent[]]
  return {
    source,
    whole: whole ?? null,
    ranges: ranges.map((fact, i) => ({
      part: fact.part,
      range: recordedRange(fact, onRecord(places[i], 'place of a cut'), onRecord(contents[i], 'hash of a cut')),
    })),
  }
}
