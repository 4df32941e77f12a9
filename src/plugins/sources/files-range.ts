/** Ranges of several files, read one after another: the rest of one, all of others, and the beginning of another. */
import { createHash } from 'node:crypto'
import { isObject, type Json } from '../../model/row.ts'
import type { CutLimits, FileRead, SourceRange } from '../../sdk/spec.ts'
import type { FileRange, OneFileSource, Position } from './one-file.ts'

export const NOTHING_SHA256 = createHash('sha256').digest('hex')

/** Where a file is on the list. */
export interface InList {
  /** From 1. */
  readonly file: number
  /** Bytes of the files before it. */
  readonly before: number
  readonly version?: string
}

/** A position in one of several files. */
export interface FilesPosition extends InList, Position {}

const BEGINNING: FilesPosition = { file: 1, before: 0, offset: 0, line: 1 }

/**
 * Makes ranges of all from those of each file: the last of one and the first of the next are one. Where a file can't be cut within, ranges end
 * where it begins or ends.
 */
export class JoinedRanges {
  /** Of the files that were added. */
  bytes = 0
  /** The same as they lie there. */
  #extent = 0
  readonly #ends: readonly number[]
  readonly #limits: Required<CutLimits>
  /** Of the last file that was added. */
  #file = 0
  /** Whether it was added to its end. */
  #ended = true
  readonly #ranges: SourceRange[] = []
  #records = 0
  /** The range that is under way: where it begins, what it has, and where it ends for now. */
  #from: FilesPosition | null = null
  #records_before = 0
  #has = 0
  #files: FileRead[] = []
  #to: Json = { file: 0, before: 0, offset: 0, line: 1, size: 0 }
  #sha256 = NOTHING_SHA256

  constructor(ends: readonly number[], { signal, most_records = Number.POSITIVE_INFINITY }: CutLimits) {
    this.#ends = ends
    this.#limits = { signal, most_records }
  }

  /** Whether no more records may be part of any range. */
  get complete(): boolean {
    return this.#records >= this.#limits.most_records
  }

  /** @returns false if the file can't be cut. */
  async add(source: Pick<OneFileSource, 'cut'>, bytes: number, place: InList): Promise<boolean> {
    const { signal, most_records } = this.#limits
    const ends = this.#ends.slice(this.#ranges.length).filter(end => end < this.#extent + bytes)
    const limits = { signal, most_records: most_records - this.#records }
    const ranges =
      (await source.cut?.(
        ends.map(end => end - this.#extent),
        limits,
      )) ?? null
    if (ranges === null) return false
    this.#file = place.file
    for (const [i, range] of ranges.entries()) {
      if (i > 0) this.#end()
      if (range.from !== null && i > 0) this.#from = { ...range.from, ...place }
      this.#records += range.records
      this.#has += range.bytes
      this.#to = { ...range.to, ...place }
      this.#sha256 = range.sha256
      this.#ended = i === ranges.length - 1 && !this.complete
      if (!this.#ended) continue
      this.#files.push({ records: range.records, bytes: range.bytes, sha256: range.sha256 })
    }
    this.bytes += bytes
    this.#extent += bytes
    return true
  }

  /** A file that can't be cut within. `extent`: as long as it lies there. */
  addWhole(read: FileRead, extent: number, place: InList): void {
    const middle = this.#extent + extent / 2
    while ((this.#ends[this.#ranges.length] ?? Number.POSITIVE_INFINITY) < middle) this.#endBefore(place)
    this.#file = place.file
    this.#records += read.records
    this.#has += read.bytes
    this.#to = { ...place, offset: read.bytes, line: 1, size: read.bytes }
    this.#sha256 = read.sha256
    this.#files.push(read)
    this.bytes += read.bytes
    this.#extent += extent
    const next = { file: place.file + 1, before: this.bytes }
    while ((this.#ends[this.#ranges.length] ?? Number.POSITIVE_INFINITY) < this.#extent) this.#endBefore(next)
  }

  all(): readonly SourceRange[] {
    while (this.#ranges.length <= this.#ends.length) {
      const { size: _, ...to } = isObject(this.#to) ? this.#to : {}
      if (this.#ended) this.#endBefore({ file: this.#file + 1, before: this.bytes })
      else {
        this.#end()
        if (isPosition(to)) this.#from = to
        this.#sha256 = NOTHING_SHA256
      }
    }
    return this.#ranges
  }

  /** The next range begins with that file. */
  #endBefore(place: InList): void {
    this.#end()
    this.#from = { ...place, offset: 0, line: 1 }
    this.#sha256 = NOTHING_SHA256
  }

  #end(): void {
    this.#ranges.push({
      from: this.#from,
      to: this.#to,
      records_before: this.#records_before,
      records: this.#records - this.#records_before,
      line: this.#from?.line ?? 1,
      bytes: this.#has,
      sha256: this.#sha256,
      files: this.#files,
    })
    this.#records_before = this.#records
    this.#has = 0
    this.#files = []
  }
}

/** A range that is read. */
export class FilesRange {
  /** Where it begins. */
  readonly begins: FilesPosition
  /** In the files, how many bytes of all lie before it. */
  readonly before: number
  readonly bytes: number
  /** The file that it ends in. */
  readonly last: number
  readonly #range: SourceRange
  readonly #ends: FilesPosition

  /** @throws TypeError if it is none of several files. */
  constructor(range: SourceRange) {
    const { from, to, bytes } = range
    const begins = from ?? BEGINNING
    if (!isPosition(begins) || !isPosition(to)) throw new TypeError('this is no range of several files')
    this.#range = range
    this.#ends = to
    this.begins = begins
    this.before = begins.before + begins.offset
    this.bytes = bytes
    this.last = to.file
  }

  /** Whether it has nothing of any file. */
  get isEmpty(): boolean {
    return this.last < this.begins.file
  }

  /** Whether a file is read from its first to its last byte. */
  hasAllOf(file: number): boolean {
    return this.startIn(file) === 0 && this.lengthOf(file) !== null
  }

  /** Where the objects that it begins and ends in stand, with their versions. */
  get places(): readonly Json[] {
    return [this.#range.from, this.#range.to]
  }

  /** Where in a file, by its place on the list, it begins. */
  startIn(file: number): number {
    return file === this.begins.file ? this.begins.offset : 0
  }

  /** What a file has to be as long as, if it ends in the range; null if it doesn't. */
  lengthOf(file: number): number | null {
    const read = this.#range.files?.[file - this.begins.file]
    return read === undefined ? null : this.startIn(file) + read.bytes
  }

  /** What it has of a file. */
  partIn(file: number): FileRange {
    const from = this.startIn(file) > 0 ? this.begins : null
    const length = this.lengthOf(file)
    const { offset, size = offset } = this.#ends
    const to = length === null ? { ...this.#ends, size: Number(size) } : { offset: length, line: 1, size: length }
    return { ...this.#range, from, to, bytes: to.offset - this.startIn(file) }
  }
}

export const isCount = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value)

export function isPosition(position: Json): position is Json & FilesPosition {
  const { file, before, offset } = isObject(position) ? position : {}
  return isCount(file) && isCount(before) && isCount(offset)
}
