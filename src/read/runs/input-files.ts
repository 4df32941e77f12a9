/** The files that a run's rows were read from, where its sources have lists of them. */
import type { FileFact, RunEntry } from '../../format/entry.ts'
import type { FileNames } from '../../format/run-values.ts'
import type { RangeFact } from '../../format/split-entry.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { partOf } from '../../model/part-ids.ts'
import type { Json } from '../../model/row.ts'
import { decodeRunEntry } from '../decode.ts'
import { readable } from './damaged.ts'
import { byName, type OpeningReader, ofNodes } from './opening-values.ts'
import { openingOf } from './run-log.ts'
import { ValuesOnRecord } from './values-on-record.ts'

export type FilesReader = OpeningReader & Pick<LedgerReader, 'entriesOfRun' | 'logOf'>

/** A file as its entry tells of it. */
export type FileEntry = Extract<RunEntry, { k: 'file' }> & { readonly seq: number }

/** Of a run with splits those that read of it have an entry each. */
export interface InputFile {
  /** In order; one at least. */
  readonly pieces: readonly FileEntry[]
  readonly records: number
  readonly bytes: number
  readonly done: boolean
}

/** What the entry commits to. */
export interface FileValues {
  /** Each null if it is erased. */
  readonly name: string | null
  readonly sha256: string | null
  /** Where reading it ended. */
  readonly position: Json
}

export class InputFiles {
  readonly #reader: FilesReader
  readonly #log: number
  /** By name of the source, in order. */
  readonly #entries: ReadonlyMap<string, readonly FileEntry[]>
  /** By name of the source, what splits were to read. */
  readonly #ranges: ReadonlyMap<string, readonly RangeFact[]>

  private constructor(
    reader: FilesReader,
    log: number,
    entries: ReadonlyMap<string, readonly FileEntry[]>,
    ranges: ReadonlyMap<string, readonly RangeFact[]>,
  ) {
    this.#reader = reader
    this.#log = log
    this.#entries = entries
    this.#ranges = ranges
  }

  /**
   * Those of a run; of one that repeats another's rows those of the other. null if no source has a list. Reads the run's own entries;
   * `until`: up to that record's file.
   */
  static async of(reader: FilesReader, log: number, until: RecordPlace | null = null): Promise<InputFiles | null> {
    const { files, reruns, topology } = await openingOf(reader, log)
    const other = reruns === undefined ? null : await reader.logOf(reruns.run)
    if (other !== null) return await InputFiles.of(reader, other, until)
    if (files === undefined) return null
    const entries = new Map<string, FileEntry[]>()
    const ranges = new Map<string, readonly RangeFact[]>()
    const nameOf = (source: number) => topology.nodes[source - 1]?.name ?? ''
    for (const { source } of files) entries.set(nameOf(source), [])
    for await (const { seq, body } of reader.entriesOfRun(log)) {
      const { facts } = readable(log, () => decodeRunEntry(seq, body))
      if (facts.k === 'cut') ranges.set(nameOf(facts.source), facts.ranges)
      if (facts.k !== 'file') continue
      const name = nameOf(facts.source)
      const entry = { ...facts, seq }
      entries.get(name)?.push(entry)
      if (until?.source === name && holds(entry, until.index)) break
    }
    return new InputFiles(reader, log, entries, ranges)
  }

  /** Of all sources that have a list, by their names. */
  get files(): ReadonlyMap<string, readonly InputFile[]> {
    return new Map([...this.#entries].map(([source, entries]) => [source, together(entries)]))
  }

  /** What is on record of the file that a record stood in; null if its source has no list. */
  async valuesAt({ source, index }: RecordPlace): Promise<FileValues | null> {
    const entries = this.#entries.get(source)
    if (entries === undefined) return null
    let [low, high] = [0, entries.length - 1]
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const entry = entries[middle] as FileEntry
      if (holds(entry, index)) return this.valuesOf(entry)
      if (index < entry.from) high = middle - 1
      else low = middle + 1
    }
    // The one that was being read when the run came to where it is.
    const names = await listedFiles(this.#reader, this.#log)
    return { name: names?.[source]?.[this.#endedBefore(source, index)] ?? null, sha256: null, position: null }
  }

  /** How many files had ended when a record was read that stands in none on record. */
  #endedBefore(source: string, index: number): number {
    const entries = this.#entries.get(source) ?? []
    let ended = 0
    for (const { part, before, records, files = 0 } of this.#ranges.get(source) ?? []) {
      if (index > before + records) ended += files
      else return ended + entries.filter(({ seq, done }) => partOf(seq) === part && done).length
    }
    return entries.length
  }

  /** Of a file that several splits have read of nobody has a hash of all. */
  async valuesOfFile({ pieces }: InputFile): Promise<Omit<FileValues, 'position'>> {
    const [first] = pieces
    const { name = null, sha256 = null } = first === undefined ? {} : await this.valuesOf(first)
    return { name, sha256: pieces.length === 1 ? sha256 : null }
  }

  async valuesOf(entry: FileEntry): Promise<FileValues> {
    const values = new ValuesOnRecord(this.#reader, this.#log)
    return {
      name: await values.get(entry.seq, entry, 'name'),
      sha256: await values.get(entry.seq, entry, 'hash'),
      position: await values.get(entry.seq, entry, 'position'),
    }
  }
}

function together(entries: readonly FileEntry[]): readonly InputFile[] {
  const files: { pieces: FileEntry[]; records: number; bytes: number; done: boolean }[] = []
  for (const entry of entries) {
    const { file, records, bytes, done } = entry
    const last = files.at(-1)
    if (last?.pieces[0]?.file === file) {
      last.pieces.push(entry)
      last.records += records
      last.bytes += bytes
      last.done = done
    } else files.push({ pieces: [entry], records, bytes, done })
  }
  return files
}

/** The names of the files that a run's sources read; null if none has a list, or some are erased. */
export async function listedFiles(reader: FilesReader, log: number): Promise<FileNames | null> {
  const opening = await openingOf(reader, log)
  if (opening.files === undefined) return null
  const names = await ofNodes(opening, new ValuesOnRecord(reader, log), 'files')
  // Without one of them it isn't known what all sources read.
  return names.size < opening.files.length ? null : byName(names)
}

/** A record of a source, by its number from 1. */
export interface RecordPlace {
  readonly source: string
  readonly index: number
}

const holds = ({ from, records }: FileFact, index: number) => index >= from && index < from + records
