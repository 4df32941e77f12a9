/**
 * A source of several files, read one after another as if each were the only one.
 *
 * A position is that of the file (one-file.ts), with `file`, its place on the list from 1, `before`, the bytes of the files
 * before it, and in a store `version`, that of the object.
 *
 * A range begins and ends in any of the files: it has the rest of one, all of others, and the beginning of another.
 *
 * FILES-SOURCE-1. No more than one file and one archive is open at a time, however many there are.
 * FILES-SOURCE-2. Bytes of a file are kept until a position in a later one is asked for; records are asked for in order, so that it is
 *     those of the last few files.
 */
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { isObject, type Json } from '../../model/row.ts'
import type {
  CutLimits,
  FileRead,
  ResumePoint,
  Source,
  SourceFiles,
  SourceHead,
  SourceItem,
  SourceRange,
  SourceRecord,
} from '../../sdk/spec.ts'
import { Stores } from '../stores/open-store.ts'
import type { Archive } from './archive.ts'
import type { InputPlace } from './byte-reader.ts'
import { ByteReader, CHUNK_BYTES, type Chunks, inputName, sourceChanged, sourceError } from './byte-reader.ts'
import { type FilesPosition, FilesRange, isCount, isPosition, JoinedRanges, NOTHING_SHA256 } from './files-range.ts'
import { Heads } from './heads.ts'
import { archiveMustBeSame, type InputFile, listFiles, openArchive, recordedFiles } from './input-files.ts'
import { listedChunks, type Seen } from './listed-file.ts'
import type { MakeFileSource, OneFileSettings, OneFileSource } from './one-file.ts'
import type { FileOptions } from './options.ts'
import { listedAccess } from './random-access.ts'
import { StoredFile } from './stored-file.ts'

/**
 * Whether a file that can't be read, or is gone, is a record of the source that is made: nothing of it is on record then, and nothing is
 * compared when the run is resumed.
 */
export type Unread = 'none_unread' | 'some_unread'

/** Of what is only looked at to see how it begins. */
const HEAD_BYTES = 32 * 1024

export class FilesSource implements Source {
  readonly #options: FileOptions
  readonly #where: Pick<InputPlace, 'folder' | 'node' | 'stores'>
  readonly #stores: Stores
  readonly #make: MakeFileSource
  readonly #unread: Unread
  /** Of a range those that it has something of. */
  #files: readonly InputFile[] = []
  /** How many stand on the list before these. */
  #skipped = 0
  #warnings: readonly string[] = []
  #recorded: readonly string[] | null = null
  /** What is read; null: all. */
  #range: FilesRange | null = null
  #heads: Heads | null = null
  /** By their places on the list: those whose bytes may still be asked for. */
  readonly #held = new Map<number, OneFileSource>()
  #archive: { readonly path: string; readonly opened: Archive } | null = null
  /** Of the file before the first that is read: it was read before. */
  #last: { readonly file: number; readonly sha256: string } = { file: 0, sha256: NOTHING_SHA256 }
  #verified = false
  #end: { readonly position: Json; readonly bytes: number } | null = null

  constructor(
    options: FileOptions,
    where: Pick<InputPlace, 'folder' | 'node'>,
    make: MakeFileSource,
    unread: Unread = 'none_unread',
  ) {
    this.#unread = unread
    this.#options = options
    this.#stores = new Stores(options.storage)
    this.#where = { ...where, stores: this.#stores }
    this.#make = make
  }

  async list(recorded: readonly string[] | null): Promise<SourceFiles> {
    const { folder } = this.#where
    if (recorded !== null) {
      this.#recorded = recorded
      return { names: recorded, paths: () => pathsOf(this.#files) }
    }
    const { files, warnings, patterns } = await listFiles(this.#options, this.#where)
    this.#files = files
    this.#warnings = warnings
    const matches = (path: string) => {
      const found = patterns.some(pattern => pattern.matchesFrom(folder, path))
      return found ? `which \`${this.#where.node}\` would read the next time, as one of its files` : null
    }
    return { names: files.map(({ name }) => name), paths: () => pathsOf(files), matches }
  }

  /** Those on record are looked for only now: a source that isn't read any further needs none of them. */
  async prepare(): Promise<void> {
    const absent = this.#unread === 'some_unread' ? 'taken' : 'refused'
    if (this.#recorded === null) return
    const range = this.#range
    this.#skipped = range === null ? 0 : range.begins.file - 1
    const names = this.#recorded.slice(this.#skipped, range?.last)
    this.#files = await recordedFiles(names, this.#options, this.#where, absent)
    this.#recorded = null
  }

  async extent(): Promise<number> {
    return this.#files.reduce((sum, { extent }) => sum + extent, 0)
  }

  /** Within files that aren't compressed, and no members of archives, of formats that can be cut. */
  async cut(ends: readonly number[], limits: CutLimits): Promise<readonly SourceRange[] | null> {
    const limited = limits.most_records !== undefined
    if (limited && !this.#files.every(isPlain)) return null
    const joined = new JoinedRanges(ends, limits)
    for (const [i, file] of this.#files.entries()) {
      const source = this.#make(file.place, { ...this.#openingOf(file), ...this.#addedTo(file.name) })
      const more = { file: i + 1, before: joined.bytes, ...versionOf(file) }
      if (!isPlain(file) || !(await joined.add(source, file.extent, more))) {
        if (limited) return null
        joined.addWhole(await this.#counted(file, source, limits.signal), file.extent, more)
      }
      if (joined.complete) break
    }
    this.#closeArchive()
    return joined.all()
  }

  /** Reads it, and makes nothing of what it has. */
  async #counted(file: InputFile, source: OneFileSource, signal: AbortSignal): Promise<FileRead> {
    try {
      let records = 0
      for await (const chunk of source.read(null)) {
        signal.throwIfAborted()
        records += chunk.length
      }
      if (file.member !== null) await archiveMustBeSame(file.member.archive, file.seen)
      const { position, bytes } = source.end()
      return { records, bytes, sha256: source.hashUpTo(position) }
    } finally {
      await source.close()
    }
  }

  select(range: SourceRange): void {
    this.#range = new FilesRange(range)
  }

  async begin(from: ResumePoint | null = null): Promise<SourceHead> {
    const before = await this.#verify(from)
    const heads = new Heads()
    for (const file of this.#filesFrom(before)) {
      const source = this.#make(file.place, { ...this.#openingOf(file, HEAD_BYTES), hashes: false })
      try {
        heads.add(await source.begin(), source.originalNames())
      } finally {
        await source.close()
      }
    }
    this.#heads = heads
    return heads.all(this.#warnings)
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceItem[]> {
    const before = await this.#verify(from)
    const inside = from === null ? 0 : asFilesPosition(from.position, this.#where).file
    let bytes = (from?.files ?? []).reduce((sum, each) => sum + each.bytes, 0)
    let blank = from === null && this.#files.length > 0
    let position: Parts = from === null ? (this.#range?.begins ?? NOWHERE) : partsOf(from.position)
    for (const [i, file] of this.#filesFrom(before).entries()) {
      const number = before + i + 1
      const more = { file: number, before: this.#before + bytes - this.#startIn(number), ...versionOf(file) }
      const point = inside === number ? from : null
      const source = this.#open(file, number)
      for await (const records of source.read(point)) yield records.map(each => inFile(each, file.name, more))
      const end = source.end()
      if (file.member !== null) await archiveMustBeSame(file.member.archive, file.seen)
      blank = blank && source.isBlank(end.position)
      const { blank: _, ...parts } = partsOf(end.position)
      position = { ...parts, ...more }
      bytes += end.bytes
      if (this.#range === null || this.#range.lengthOf(number) !== null)
        yield [{ kind: 'end_of_file', bytes: end.bytes, position }]
    }
    this.#closeArchive()
    this.#end = { position: blank ? { ...position, blank: true } : position, bytes }
  }

  hashUpTo(position: Json): string {
    const { file } = asFilesPosition(position, this.#where)
    for (const each of this.#held.keys()) if (each < file) this.#held.delete(each)
    const source = this.#held.get(file)
    if (source !== undefined) return source.hashUpTo(position)
    if (this.#range?.isEmpty === true) return NOTHING_SHA256
    if (file === this.#last.file) return this.#last.sha256
    throw new Error('the file isn’t open')
  }

  end(): { readonly position: Json; readonly bytes: number } {
    if (this.#end === null) throw new Error('the source hasn’t ended')
    return this.#end
  }

  /** What is read of the list behind so many. */
  #filesFrom(before: number): readonly InputFile[] {
    const until = this.#range === null ? this.#files.length : this.#range.last - this.#skipped
    return this.#files.slice(before - this.#skipped, Math.max(until, 0))
  }

  /** How many bytes of all lie before what is read. */
  get #before(): number {
    return this.#range?.before ?? 0
  }

  /** Where reading begins in a file, by its place on the list. */
  #startIn(file: number): number {
    return this.#range?.startIn(file) ?? 0
  }

  async size(): Promise<number | null> {
    if (this.#range !== null) return this.#range.bytes
    return this.#files.reduce<number | null>(
      (sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes),
      0,
    )
  }

  bytesBefore(position: Json): number {
    const { before, offset } = asFilesPosition(position, this.#where)
    return before + offset - this.#before
  }

  /** No file at all is what `if_missing: empty` expects. */
  isBlank(position: Json): boolean {
    return isObject(position) && position.blank === true
  }

  reread(raw: Json, code: string, ended: Json | null, file: string | null = null): Promise<SourceRecord | null> {
    const path = file ?? ''
    return this.#make({ ...this.#where, path }, this.#addedTo(path)).reread(raw, code, ended)
  }

  originalNames(): { readonly [field: string]: string } | null {
    return this.#heads?.originals ?? null
  }

  async close(): Promise<void> {
    this.#closeArchive()
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const each of held) await each.close()
    for (const { seen } of this.#files) if (seen instanceof StoredFile) await seen.dispose()
    await this.#stores.close()
  }

  /** Files that were read to their ends must have the bytes that they had. @returns how many these are. */
  async #verify(from: ResumePoint | null): Promise<number> {
    const read = from?.files ?? []
    const first = (this.#range?.begins.file ?? 1) - 1
    const before = first + read.length
    if (this.#verified) return before
    for (const [i, each] of read.entries()) await this.#verifyFile(first + i, each)
    for (const position of [from?.position ?? null, ...(this.#range?.places ?? [])]) this.#refuseOtherVersion(position)
    this.#last = { file: before, sha256: read.at(-1)?.sha256 ?? NOTHING_SHA256 }
    this.#verified = true
    return before
  }

  /** Of an object that was read in part: before any of it is read again. */
  #refuseOtherVersion(position: Json): void {
    const { file: number, version } = partsOf(position)
    const file = isCount(number) ? this.#files[number - 1 - this.#skipped] : undefined
    const now = file === undefined ? undefined : versionOf(file).version
    if (file !== undefined && version !== undefined && now !== undefined && version !== now) throw changed(file)
  }

  async #verifyFile(index: number, { bytes, sha256 }: FileRead): Promise<void> {
    const file = this.#files[index - this.#skipped]
    if (file === undefined) throw sourceError({ ...this.#where, path: '' }, `there is no file ${index + 1} on record`)
    if (bytes === 0 && this.#unread === 'some_unread') return
    const from = this.#startIn(index + 1)
    const length = from + bytes
    if (file.bytes !== null && file.bytes !== length) throw changed(file)
    const span = { from, until: Number.POSITIVE_INFINITY }
    const reader = await ByteReader.open(file.place, { ...this.#openingOf(file), hashes: false }, span)
    const hash = createHash('sha256')
    try {
      for (let piece = await reader.read(); piece !== null; piece = await reader.read()) {
        hash.update(piece)
        if (reader.size > length) throw changed(file)
      }
    } finally {
      await reader.close()
    }
    if (reader.size !== length || hash.digest('hex') !== sha256) throw changed(file)
  }

  #open(file: InputFile, number: number): OneFileSource {
    const source = this.#make(file.place, { ...this.#openingOf(file), ...this.#addedTo(file.name) })
    if (this.#range !== null) {
      const length = this.#range.lengthOf(number)
      const known = this.#unread === 'none_unread' && length !== null && file.bytes !== null
      if (known && file.bytes !== length) throw changed(file)
      if (!this.#range.hasAllOf(number)) source.select?.(this.#range.partIn(number))
    }
    this.#held.set(number, source)
    return source
  }

  #addedTo(name: string): Pick<OneFileSettings, 'added'> {
    const { path_field } = this.#options
    return path_field === undefined ? {} : { added: { field: path_field, value: name } }
  }

  #openingOf({ member, place, seen }: InputFile, chunk_bytes = CHUNK_BYTES) {
    const opening = async (from: number): Promise<Chunks> => {
      if (member === null) return await listedChunks(place, seen, chunk_bytes, from)
      return (await this.#archiveAt(member.archive, seen)).chunks(member.name, place)
    }
    // What isn't on a disk by itself is read from anywhere in a copy.
    const seeks = member === null
    if (member !== null || place.compression || seen instanceof StoredFile) return { opening, seeks, chunk_bytes, seen }
    return { opening, seeks, chunk_bytes, seen, access: () => listedAccess(place, seen) }
  }

  /** The archive that is read stays open until another one is. */
  async #archiveAt(place: InputPlace, seen: Seen): Promise<Archive> {
    const path = inputName(place)
    if (this.#archive?.path !== path) {
      this.#closeArchive()
      await archiveMustBeSame(place, seen)
      this.#archive = { path, opened: await openArchive(place, seen) }
    }
    return this.#archive.opened
  }

  #closeArchive(): void {
    this.#archive?.opened.close()
    this.#archive = null
  }
}

/** Whether it may be read from any byte on. */
const isPlain = ({ bytes, member }: InputFile) => bytes !== null && member === null

/** What positions in an object have besides: the version that is read. */
const versionOf = ({ seen }: InputFile): { readonly version?: string } =>
  seen instanceof StoredFile ? { version: seen.version } : {}

const pathsOf = (files: readonly InputFile[]): readonly string[] => [
  ...new Set(files.map(({ place, member }) => inputName(member?.archive ?? place))),
]

const changed = ({ place, name }: InputFile) =>
  sourceChanged(place, `${name}, which this run has read, isn’t what it was then`)

type Parts = { readonly [part: string]: Json }

const NOWHERE: Parts = { file: 0, before: 0, offset: 0, line: 1 }

/** Of a position. */
const partsOf = (position: Json): Parts => (isObject(position) ? position : {})

function inFile(record: SourceRecord, file: string, more: Parts) {
  return { ...record, file, position: { ...partsOf(record.position), ...more } }
}

function asFilesPosition(position: Json, where: Pick<InputPlace, 'folder' | 'node'>): FilesPosition {
  if (isPosition(position)) return position
  const place = { ...where, path: resolve(where.folder) }
  throw sourceError(place, 'the recorded position isn’t one of this kind of source', 'Was the source’s plugin changed?')
}
