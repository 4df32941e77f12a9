/**
 * The files of one source: which of them have been read, and what no commit has said of them yet. Of a split it is what its range has of them.
 *
 * READ-FILES-1. Files end in the order of the list, each once; a record belongs to the first that hasn't ended.
 * READ-FILES-2. Records of the files that were taken add up to those of the source, once it is done.
 */
import type { FileFact } from '../../../format/entry.ts'
import type { Json } from '../../../model/row.ts'
import type { FileRead } from '../../../sdk/spec.ts'

/** What an entry says of a file, but for the source. */
export interface FileToRecord extends Omit<FileFact, 'source'> {
  readonly name: string
  readonly position: Json
  readonly sha256: string | null
}

/** A file that was read, as an entry on record says. */
export interface FileOnRecord extends FileRead {
  readonly done: boolean
}

/** Where a file was left. */
interface Left {
  readonly bytes: number
  readonly position: Json
  readonly sha256: string | null
}

/** What a split reads of a list of files. */
export interface FilesOfRange {
  /** How many end before it, and how many records of the source stand there. */
  readonly files_before: number
  readonly records_before: number
  /** Those that end in it. */
  readonly files: readonly FileRead[]
}

export class ReadFiles {
  readonly names: readonly string[]
  readonly #range: FilesOfRange | null
  #count: number
  #records: number
  #bytes: number
  #pending: FileToRecord[] = []

  /** `range`: what is read of them; null: all. */
  constructor(names: readonly string[], before: readonly FileOnRecord[], range: FilesOfRange | null = null) {
    this.names = names
    this.#range = range
    this.#count = before.length
    this.#records = before.reduce((sum, { records }) => sum + records, 0)
    this.#bytes = before.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Whether each of them has been read. */
  get all_read(): boolean {
    return this.left <= 0
  }

  /** How many haven't. */
  get left(): number {
    return (this.#range?.files ?? this.names).length - this.#count
  }

  /** Whether the one in hand, which has been read to its end, is what the range has of it. `records`: of the source so far. */
  isAsCut(records: number, { bytes, sha256 }: Omit<Left, 'position'>): boolean {
    const cut = this.#range?.files[this.#count]
    if (cut === undefined) return true
    return records - this.#records === cut.records && bytes === cut.bytes && sha256 === cut.sha256
  }

  /** The one in hand has been read to its end. `records`: of the source so far. */
  end(records: number, left: Left): void {
    this.#add(records, left, true)
  }

  /** Nothing more is read of the one in hand. `bytes_before`: of all files, up to the position. */
  stop(records: number, { bytes_before, position, sha256 }: Omit<Left, 'bytes'> & { readonly bytes_before: number }) {
    const bytes = Math.max(0, bytes_before - this.#bytes)
    // A range may end behind a header.
    if (records === this.#records && (bytes === 0 || this.#range === null)) return
    this.#add(records, { bytes, position, sha256 }, false)
  }

  /** What is to be recorded with the next commit. */
  take(): readonly FileToRecord[] {
    const taken = this.#pending
    if (taken.length > 0) this.#pending = []
    return taken
  }

  #add(records: number, { bytes, position, sha256 }: Left, done: boolean): void {
    const { files_before = 0, records_before = 0 } = this.#range ?? {}
    const name = this.names[files_before + this.#count] ?? ''
    const from = records_before + this.#records + 1
    this.#count += 1
    this.#pending.push({
      ...{ file: files_before + this.#count, from, records: records - this.#records, bytes, done },
      ...{ name, position, sha256 },
    })
    this.#records = records
    this.#bytes += bytes
  }
}
