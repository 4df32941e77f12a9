/** What the log of a coordinator says, as whoever works on the run needs it: the same for each process. */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { CutContent, CutPlace, DealtInput, FileContent } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import { runEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { isObject, type Json } from '../../model/row.ts'
import type { FileRead } from '../../sdk/spec.ts'
import { notOnRecord, onRecord } from '../record/on-record.ts'
import { type History, type OpeningRecord, readHistory, readOpening, valuesOf } from '../resume/run-fold.ts'
import type { Published } from './coordinator-log.ts'
import { recordedRange, type SourceCut, withFiles } from './cuts.ts'

export interface Coordination {
  readonly opened: OpeningRecord
  /** Leaf hash of its entry 0. */
  readonly leaf: string
  readonly splits: number
  /** Null: the sources weren't cut. */
  readonly cuts: readonly SourceCut[] | null
  /** By part, how far it was when that was last said. */
  readonly said: ReadonlyMap<number, number>
  /** What is about to be published; null: nothing yet. */
  readonly published: Published | null
  readonly history: History
}

export async function readCoordination(reader: RunReader, log: number): Promise<Coordination> {
  const opened = await readOpening(reader, log)
  const first = onRecord(await reader.entry(log, 0), 'first entry')
  const cuts: SourceCut[] = []
  const said = new Map<number, number>()
  let published: Published | null = null
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    if (!KINDS.test(body)) continue
    const { entry, ...commits } = runEntryOf(body)
    if (entry.k === 'parts') for (const { part, size } of entry.heads) said.set(part, size)
    if (entry.k === 'cut') cuts.push(cutOf(entry, await valuesOf(reader, log, [{ seq, ...commits }])))
    if (entry.k === 'publish')
      published = publishedIn(entry, opened.opening.topology, await valuesOf(reader, log, [{ seq, ...commits }]))
  }
  return {
    ...{ opened, leaf: leafHash(first.body), splits: onRecord(opened.opening.splits, 'number of splits') },
    cuts: cuts.length === 0 ? null : cuts,
    ...{ said, published },
    history: await readHistory(reader, log),
  }
}

const KINDS = /"k":"(?:cut|parts|publish)"/

function publishedIn(
  { artifacts }: Extract<RunEntry, { k: 'publish' }>,
  { nodes }: Topology,
  values: Awaited<ReturnType<typeof valuesOf>>,
): Published {
  const files = new Map<string, readonly FileContent[]>()
  for (const { sink, contents } of artifacts) {
    if (contents === undefined) continue
    const { name } = onRecord(nodes[sink - 1], `node ${sink}`)
    const all = values.get(contents)
    files.set(name, Array.isArray(all) ? all.map(contentOf) : notOnRecord(`files of ${name}`))
  }
  return files
}

function cutOf(
  { source, ranges, whole, positions, hashes, dealt, input }: Extract<RunEntry, { k: 'cut' }>,
  values: Awaited<ReturnType<typeof valuesOf>>,
): SourceCut {
  const valuesAt = (number: number | undefined) => {
    const value = number === undefined ? [] : values.get(number)
    return Array.isArray(value) ? value : notOnRecord('cut')
  }
  const [places, contents] = [valuesAt(positions).map(placeIn), valuesAt(hashes).map(contentIn)]
  return {
    source,
    whole: whole ?? null,
    ranges: withFiles(
      ranges.map((fact, i) => {
        const place = dealt === undefined ? onRecord(places[i], 'place of a cut') : NO_PLACE
        return { part: fact.part, range: recordedRange(fact, place, onRecord(contents[i], 'hash of a cut')) }
      }),
    ),
    ...(dealt === undefined
      ? {}
      : { dealt: { ...dealt, input: inputIn(input === undefined ? null : (values.get(input) ?? null)) } }),
  }
}

const NO_PLACE: CutPlace = { from: null, to: null }

function inputIn(value: Json): DealtInput {
  if (!isObject(value) || !isObject(value.names)) return notOnRecord('input that was dealt')
  const { position = null, sha256, names } = value
  const fields = Object.entries(names).map(([field, name]) => [field, String(name)] as const)
  return { position, sha256: typeof sha256 === 'string' ? sha256 : null, names: Object.fromEntries(fields) }
}

function placeIn(value: Json): CutPlace {
  return isObject(value) ? { from: value.from ?? null, to: value.to ?? null } : notOnRecord('place of a cut')
}

function contentIn(value: Json): CutContent {
  if (!isObject(value) || typeof value.sha256 !== 'string') return notOnRecord('hash of a cut')
  const { sha256, files } = value
  return Array.isArray(files) ? { sha256, files: files.map(fileIn) } : { sha256 }
}

function contentOf(value: Json): FileContent {
  const { rows, bytes, sha256 } = isObject(value) ? value : {}
  if (typeof rows !== 'number' || typeof bytes !== 'number' || typeof sha256 !== 'string')
    return notOnRecord('file of a sink')
  return { rows, bytes, sha256 }
}

function fileIn(value: Json): FileRead {
  const { records, bytes, sha256 } = isObject(value) ? value : {}
  if (typeof records !== 'number' || typeof bytes !== 'number' || typeof sha256 !== 'string')
    return notOnRecord('file of a cut')
  return { records, bytes, sha256 }
}
