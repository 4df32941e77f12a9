/**
 * What the sources that read bytes have in common: opening, continuing after a point, handing out records, hashing.
 * A format gives the scanner that finds records in a window of text.
 *
 * A position (one-file.ts) is the byte at which to continue, and its line. At the end of an input it has what stood before its first
 * record (`head`), if that isn't too long.
 *
 * FILE-SOURCE-1. Of a range all that is read is the input's head, the bytes from where the range begins on, and as many behind it as deciding on
 *     its records takes; never behind the end that the input had when it was cut.
 */
import { type CustodyError, isCustodyError } from '../../model/error.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Json } from '../../model/row.ts'
import type { CutLimits, ResumePoint, SourceColumn, SourceHead, SourceRange, SourceRecord } from '../../sdk/spec.ts'
import {
  awaited,
  ByteReader,
  CHUNK_BYTES,
  type Chunks,
  checkInput,
  chunksOf,
  type FileParts,
  type InputPlace,
  inputName,
  isStandardInput,
  mayBeSought,
  openParts,
  sizeOf,
  sourceChanged,
  sourceError,
} from './byte-reader.ts'
import { type Encoding, UTF8 } from './encoding.ts'
import { type Foreign, foreignBytes, foreignInput } from './foreign-input.ts'
import { likelyEncoding } from './likely-encoding.ts'
import { bytesOf } from './listed-file.ts'
import {
  ADDED_ERRORS,
  asPosition,
  type FileRange,
  type OneFileSettings,
  type OneFileSource,
  type Position,
  type Problem,
  withField,
} from './one-file.ts'
import { cutRecords, type RecordCounter } from './record-ranges.ts'
import { TextWindow } from './text-window.ts'

/** Finds records. Whatever it decides depends on the bytes only, never on where a window ends. */
export interface RecordScanner {
  /**
   * Takes records from `window.at` on, and moves it, until `out` has `most` of them or the window has no complete one left.
   * When the window has ended, everything in it is taken.
   */
  scan(window: TextWindow, out: SourceRecord[], most: number): void
  /** Where to continue after what was taken. */
  position(window: TextWindow): Json
}

export interface FileFormat {
  /**
   * Reads what stands before the first record: a header, whose columns it gives. Always comes before `begin`. `recorded`: the text
   * is what `headText` was, not an input.
   */
  head?(window: TextWindow, recorded: boolean): Promise<readonly SourceColumn[] | null>
  /** What else the input may be, to judge by its beginning. */
  foreign?(window: TextWindow): Foreign | null
  /** Whether there should be a header, and nothing is left in which one could stand: lines that are skipped aren't anything. */
  readonly lacksHeader?: boolean
  /** The scanner for what follows `from`. */
  begin(window: TextWindow, from: Position | null): RecordScanner
  /** For what follows what `head` has read; absent where an input can't be cut. */
  counter?(): RecordCounter
  originalNames?(): { readonly [field: string]: string } | null
  /** What people should know of what `head` has read. */
  readonly warnings?: readonly string[]
  /** What `head` has read, as a text from which it reads the same; null or absent if there is nothing of that kind. */
  readonly headText?: string | null
  /**
   * For one record, from its own text: a scanner, and the text that it is to scan. Null if what stands before the first record must
   * be read for that, and wasn't.
   */
  again(raw: string): { readonly scanner: RecordScanner; readonly text: string } | null
}

export interface FileSourceSettings extends OneFileSettings {
  readonly encoding?: Encoding
}

/** Records in one chunk. */
const MOST = 512
/** In bytes (UTF-16: units): a longer record is rejected and never held, so that memory stays flat. */
export const MAX_RECORD_UNITS = 16 * 1024 * 1024
/** In bytes: what is read besides the range of a split, or of the beginning, before it is known whether more is needed. */
const BESIDE_BYTES = 16 * 1024
/** A longer header isn't kept: it would stand in each commit behind the source's end. */
const MAX_HEAD_UNITS = 64 * 1024
/** How much of a record that is too long is shown. */
const EXCERPT_UNITS = 1024

export class FileSource implements OneFileSource {
  readonly #place: InputPlace
  readonly #format: FileFormat
  readonly #settings: FileSourceSettings
  #bytes: ByteReader | null = null
  /** What is read; null: all. */
  #range: FileRange | null = null
  /** How often it was. */
  #closed = 0
  /** Where `begin` has stopped, until `read` continues from there. */
  #begun: TextWindow | null = null
  /** Whether nothing but blanks and line breaks has come since it was opened. */
  #blank = false
  #end: { readonly position: Json; readonly bytes: number } | null = null

  constructor(place: InputPlace, format: FileFormat, settings: FileSourceSettings = {}) {
    this.#place = place
    this.#format = format
    this.#settings = settings
  }

  async prepare(): Promise<void> {
    // Whoever cut it has looked.
    if (this.#range === null) await checkInput(this.#place)
  }

  async awaits(from: ResumePoint | null): Promise<string | null> {
    // What was cut is a file.
    if (this.#range !== null) return null
    return awaited(this.#place, from === null ? 0 : asPosition(from.position, this.#place).offset)
  }

  async begin(): Promise<SourceHead> {
    const { window, columns } = await this.#open()
    this.#begun = window
    const input = isStandardInput(this.#place) ? inputName(this.#place) : this.#place.path
    const warnings = [...overruled(input, window), ...(this.#format.warnings ?? [])]
    return warnings.length === 0 ? { input, columns } : { input, columns, warnings }
  }

  async cut(ends: readonly number[], limits: CutLimits): Promise<readonly FileRange[] | null> {
    const size = this.#mayBeCut ? await this.#sizeOfAll() : null
    if (size === null) return null
    const { bytes, window } = await this.#openBeginning({ ...this.#settings, hashes: true }, size)
    try {
      // Only behind the head is it known what is to be counted.
      const counter = this.#format.counter?.()
      return counter === undefined ? null : await cutRecords(bytes, window, counter, ends, size, limits)
    } finally {
      await this.close()
    }
  }

  select(range: SourceRange): void {
    const from = range.from === null ? null : asPosition(range.from, this.#place)
    const to = asPosition(range.to, this.#place)
    if (!this.#mayBeCut || typeof to.size !== 'number') throw new Error('this source has no ranges')
    this.#range = { ...range, from, to: { ...to, size: to.size } }
  }

  get #mayBeCut(): boolean {
    return this.#format.counter !== undefined && mayBeSought(this.#place, this.#settings)
  }

  async *read(from: ResumePoint | null): AsyncGenerator<readonly SourceRecord[]> {
    const range = this.#range
    const position = from === null ? (range?.from ?? null) : asPosition(from.position, this.#place)
    const window = this.#begun ?? (await this.#open()).window
    this.#begun = null
    try {
      const scanner = this.#format.begin(window, position)
      if (position !== null) await window.skipTo(position.offset)
      let at = asPosition(scanner.position(window), this.#place)
      // Of what follows a range no more is parsed than the record that shows its end.
      const most = range === null ? MOST : Math.min(MOST, range.records + 1)
      while (at.offset !== range?.to.offset) {
        const out: SourceRecord[] = []
        this.#look(window)
        scanner.scan(window, out, most)
        const records = range === null ? out : this.#within(range, out)
        if (records.length > 0) yield this.#complete(records)
        // Where the scanner is may be within a record.
        at = asPosition(records.at(-1)?.position ?? at, this.#place)
        if (records.length < out.length) break
        if (out.length > 0) continue
        if (window.ended) {
          at = asPosition(scanner.position(window), this.#place)
          break
        }
        await window.grow()
      }
      if (range !== null && at.offset !== range.to.offset) throw this.#notAsCut(range)
      this.#end = {
        position: { ...at, ...this.#kept(from) },
        bytes: range === null ? window.end : at.offset - this.#start,
      }
    } finally {
      await this.#bytes?.close()
    }
  }

  /** What the position of the end has besides. */
  #kept(from: ResumePoint | null): { readonly [part: string]: Json } {
    const head = this.#format.headText ?? null
    return {
      ...(this.#blank && from === null ? { blank: true } : {}),
      ...(head === null || head.length > MAX_HEAD_UNITS ? {} : { head }),
    }
  }

  /** Where what is read begins. */
  get #start(): number {
    return this.#range?.from?.offset ?? 0
  }

  /** Those that don't end behind the range. More than the range's bytes are looked at: they may decide what is wrong with a record. */
  #within({ to }: FileRange, records: SourceRecord[]): SourceRecord[] {
    const offset = ({ position }: SourceRecord) => asPosition(position, this.#place).offset
    const last = records.at(-1)
    return last === undefined || offset(last) <= to.offset ? records : records.filter(each => offset(each) <= to.offset)
  }

  #notAsCut({ to }: FileRange): CustodyError {
    const name = inputName(this.#place)
    return sourceChanged(
      this.#place,
      `${name} was changed since it was cut: no record ends at byte ${grouped(to.offset)}`,
    )
  }

  async #open(): Promise<{ readonly window: TextWindow; readonly columns: readonly SourceColumn[] | null }> {
    if (this.#range === null) return await this.#openBeginning(this.#settings, Number.POSITIVE_INFINITY)
    const { from, to, bytes } = this.#range
    const chunk_bytes = Math.min(this.#settings.chunk_bytes ?? CHUNK_BYTES, bytes + BESIDE_BYTES)
    if (from === null) return await this.#openBeginning({ ...this.#settings, chunk_bytes }, to.size)
    const closed = this.#closed
    const parts = this.#settings.opening === undefined ? await openParts(this.#place) : null
    try {
      if (this.#closed !== closed) throw this.#closedMeanwhile()
      return await this.#openRange(from.offset, to.size, parts, chunk_bytes)
    } catch (error) {
      await parts?.close()
      throw error
    }
  }

  /** The beginning is looked at, and then it is read from `from` on. `parts`: null of what isn't a file. */
  async #openRange(from: number, until: number, parts: FileParts | null, chunk_bytes: number) {
    const through = (opening: (parts: FileParts) => Chunks): FileSourceSettings =>
      parts === null ? this.#settings : { ...this.#settings, seeks: true, opening: async () => opening(parts) }
    const head = { ...through(file => file.beginning(BESIDE_BYTES)), hashes: false }
    const beginning = await this.#openBeginning(head, until)
    await beginning.bytes.close()
    const closed = this.#closed
    const settings = through(file => file.rest(from, chunk_bytes))
    const bytes = await ByteReader.open(this.#place, settings, { from, until })
    await this.#use(bytes, closed)
    this.#blank = beginning.columns === null
    return { window: TextWindow.within(bytes, beginning.window), columns: beginning.columns }
  }

  async #openBeginning(settings: FileSourceSettings, until: number) {
    // Its own closing of what was open counts, too.
    const closed = this.#closed + 1
    await this.close()
    const bytes = await ByteReader.open(this.#place, settings, { from: 0, until })
    await this.#use(bytes, closed)
    try {
      const window = await TextWindow.open(bytes, settings.encoding ?? UTF8)
      const foreign = foreignBytes(window) ?? this.#format.foreign?.(window) ?? null
      if (foreign !== null) throw foreignInput(this.#place, foreign)
      this.#blank = true
      this.#look(window)
      const columns = (await this.#format.head?.(window, false)) ?? null
      if (columns !== null) this.#blank = false
      else if (this.#format.lacksHeader === true) this.#blank = true
      return { bytes, window, columns }
    } catch (error) {
      await bytes.close()
      throw error
    }
  }

  /** `closed`: how often the source was closed before `bytes` were opened. */
  async #use(bytes: ByteReader, closed: number): Promise<void> {
    this.#bytes = bytes
    if (this.#closed === closed) return
    await bytes.close()
    throw this.#closedMeanwhile()
  }

  #closedMeanwhile(): CustodyError {
    return sourceError(this.#place, `${inputName(this.#place)} was closed as it was opened`)
  }

  #look(window: TextWindow): void {
    this.#blank = this.#blank && /^[\s\ufeff]*$/.test(window.text.slice(window.at))
  }

  hashUpTo(position: Json): string {
    if (this.#bytes === null) throw new Error('the source isn’t open')
    return this.#bytes.hashUpTo(asPosition(position, this.#place).offset)
  }

  end(): { readonly position: Json; readonly bytes: number } {
    if (this.#end === null) throw new Error('the source hasn’t ended')
    return this.#end
  }

  async reread(raw: Json, code: string, ended: Json | null): Promise<SourceRecord | null> {
    if (typeof raw !== 'string' || code === TOO_LONG || code === ENCODING) return null
    try {
      return await this.#reread(raw, headIn(ended))
    } catch (error) {
      // The record is still wrong on its own, or the header of that time is no header any more.
      if (isCustodyError(error)) return null
      throw error
    }
  }

  async #reread(raw: string, head: string | null): Promise<SourceRecord | null> {
    // A record that isn't there in full can't be read again.
    if (raw.endsWith(CUT)) return null
    let again = this.#format.again(raw)
    if (again === null && head !== null) {
      // Never the header of the file as it is now: it may have other columns.
      await this.#format.head?.(await this.#windowOf(head), true)
      again = this.#format.again(raw)
    }
    if (again === null) return null
    const window = await this.#windowOf(again.text)
    while (!window.ended) await window.grow()
    const out: SourceRecord[] = []
    again.scanner.scan(window, out, 2)
    return out.length === 1 ? (this.#complete(out)[0] as SourceRecord) : null
  }

  /** Rows with the field that is added to them. */
  #complete(records: SourceRecord[]): readonly SourceRecord[] {
    const { added = null } = this.#settings
    return added === null ? records : records.map(each => withField(each, added))
  }

  #windowOf(text: string): Promise<TextWindow> {
    return TextWindow.open(new ByteReader(this.#place, chunksOf(text), false), UTF8)
  }

  async size(): Promise<number | null> {
    return this.#range?.bytes ?? (await this.#sizeOfAll())
  }

  async #sizeOfAll(): Promise<number | null> {
    const { seen, seeks } = this.#settings
    return seen !== undefined && seeks === true && !this.#place.compression ? bytesOf(seen) : await sizeOf(this.#place)
  }

  bytesBefore(position: Json): number {
    return asPosition(position, this.#place).offset - this.#start
  }

  isBlank(position: Json): boolean {
    const { offset, blank } = asPosition(position, this.#place)
    return offset === this.#start || blank === true
  }

  originalNames(): { readonly [field: string]: string } | null {
    return this.#format.originalNames?.() ?? null
  }

  async close(): Promise<void> {
    const bytes = this.#bytes
    this.#closed += 1
    this.#bytes = null
    this.#begun = null
    await bytes?.close()
  }
}

/** A byte order mark beats the option; UTF-8 is what is read where nobody said anything. */
function overruled(input: string, { encoding, declared }: TextWindow): readonly string[] {
  if (encoding === declared || declared === UTF8) return []
  return [`${input} begins with a byte order mark that says ${encoding.name}; it overrides encoding: ${declared.name}`]
}

function headIn(ended: Json | null): string | null {
  const has = typeof ended === 'object' && ended !== null && 'head' in ended
  return has && typeof ended.head === 'string' ? ended.head : null
}

/** What stands behind the text of a record that isn't shown whole. */
const CUT = '… [cut]'

/** The beginning of a record that is too long to be held, for people. At least `max_units` stand from `start` on. */
export function excerpt(window: TextWindow, start: number, max_units: number): string {
  return window.decodeLossy(start, start + Math.min(EXCERPT_UNITS, max_units)) + CUT
}

const TOO_LONG = 'RECORD_TOO_LONG'
export const ENCODING = 'ENCODING'

/** Sentences for the codes that every source of this kind has. */
export const COMMON_ERRORS = {
  [TOO_LONG]: 'The record is longer than 16 MiB; `raw` has its beginning, marked as cut.',
  [ENCODING]: 'The record’s bytes aren’t valid in the encoding; `raw` has U+FFFD in their place.',
  ...ADDED_ERRORS,
}

/** The units from `start` up to `end` aren't valid. */
export function encodingProblem(window: TextWindow, start: number, end: number): Problem {
  const { encoding, declared } = window
  const mark =
    encoding === declared ? '' : `, which the byte order mark says they are; it overrides encoding: ${declared.name}`
  const likely = encoding === UTF8 ? likelyEncoding(window.bytesOf(start, end)) : null
  const guess = likely === null ? '' : `; they may be ${likely}`
  return { code: ENCODING, message: `the bytes are not valid ${encoding.name}${mark}${guess}`, likely }
}

export function tooLongProblem(max_units: number): Problem {
  return { code: TOO_LONG, message: `the record is longer than ${counted(max_units, 'byte')}` }
}
