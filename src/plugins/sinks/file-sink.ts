/**
 * What the file sinks have in common: rows become text by a format, text becomes durable at each flush.
 *
 * FILE-SINK-1. A receipt says what is durable, and holds all that the format needs to continue from there: after winding back, the
 *     same rows make the same bytes.
 * FILE-SINK-2. After a failure nothing more is written until the sink is opened again.
 * FILE-SINK-3. A file that has to be made once more at its end stands beside what is staged, which stays as it was until the other is in
 *     its place: whoever continues from a receipt before that finds what the receipt says.
 */
import { ByteText } from '../../model/byte-text.ts'
import type { Json, Row } from '../../model/row.ts'
import type { Artifact, Discarded, Receipt, RowError, SinkIntent } from '../../sdk/spec.ts'
import { AppendedFile } from './appended-file.ts'
import { Failure } from './failure.ts'
import { DISK, type FileSystem } from './file-system.ts'
import type { Extent, Outlet } from './outlet.ts'
import { OutputLock } from './output-lock.ts'
import type { Pack } from './packing.ts'
import { RemadeFile, type Remake } from './remade-file.ts'
import { StagedFile } from './staged-file.ts'
import type { StagedOutput, StagingSink } from './staging-sink.ts'
import { StreamOutlet } from './stream-outlet.ts'
import { intend, STREAM, type Target, targetExists } from './target.ts'

/** What was there before the run, at the beginning of the file. */
export interface ExistingFile {
  /** Absolute. */
  readonly path: string
  readonly bytes: number
  /** Up to `size` of these bytes, from `from` on. */
  readonly part: (from: number, size: number) => Buffer
}

/** Turns rows into text. Its state at a receipt is enough to continue from there. */
export interface RowFormat {
  /**
   * @param state of the receipt to continue from; null at the beginning
   * @param existing what is appended to, if it has content
   * @param staged whether the file can be made once more at the end
   * @throws CustodyError CUSTODY_SINK if that file isn't one that rows can be appended to
   */
  begin(state: Json, existing: ExistingFile | null, staged: boolean): void
  /** The row's text, with whatever must stand before it. @throws CustodyError CUSTODY_SINK. */
  row(row: Row): string | RowError
  /** What the format needs at its end, and what must stand in it even without rows. */
  end(): string
  /** The same object, as long as nothing has changed: that saves work where there are many. */
  state(): Json
  /**
   * Instead of rows texts of rows are to come, made by formats of which `follows` said that they can. @returns what must stand before
   * them. Absent: none can come.
   */
  lead?(): string
  /** Whether what is appended to a file depends on that file's header. */
  readonly appends_by_header?: true
  /** From now on gives texts of rows alone, whatever came before them. @returns false if they depend on that. */
  follows?(): boolean
  /** Asked for at the end: how the file must be made once more; null or absent: what is staged is the file. */
  remake?(): Remake | null
  /** What people should know of how it writes. */
  readonly warnings?: readonly string[]
}

export class FileSink implements StagingSink {
  readonly #target: Target
  readonly #format: RowFormat
  readonly #files: FileSystem
  readonly #pack: Pack | null
  /** Whether `prepare` was called: then nothing that is there can be this run's. */
  #fresh = false
  #outlet: Outlet | null = null
  /** The file as it was made once more; then what is staged is of no meaning. */
  #remade: RemadeFile | null = null
  /** Since the last flush. */
  #text = new ByteText()
  /** Empty, but while it is written. */
  #other = new ByteText()
  #rows = 0
  #finished = false
  #extent: Extent = { bytes: 0, sha256: null }
  readonly #failure = new Failure()
  #lock: OutputLock | null = null
  #intent: SinkIntent = STREAM

  /** @param pack compresses what a flush writes; null: it is written as it is */
  constructor(target: Target, format: RowFormat, pack: Pack | null = null, files: FileSystem = DISK) {
    this.#target = target
    this.#format = format
    this.#pack = pack
    this.#files = files
  }

  prepare(): Promise<SinkIntent> {
    this.#fresh = true
    return intend(this.#target, this.#files)
  }

  async open(intent: SinkIntent, receipt: Receipt | null): Promise<void> {
    this.#outlet ??= this.#outletFor(intent)
    this.#text.clear()
    this.#failure.clear()
    this.#rows = receipt?.rows ?? 0
    const state = receipt === null ? null : (receipt.state as unknown as SinkState)
    this.#finished = state?.finished ?? false
    await this.#remade?.close()
    this.#remade = state?.remade === true ? this.#remaking(intent) : null
    this.#extent = await (this.#remade ?? this.#outlet).open(intent, receipt, this.#finished)
    const { path, prior_bytes } = intent
    const existing = path === null || prior_bytes === 0 ? null : existingFile(this.#files, path, prior_bytes)
    this.#format.begin(state?.format ?? null, existing, intent.staged !== null)
    this.#intent = intent
  }

  write(row: Row): RowError | null {
    this.#failure.check()
    if (this.#finished) throw new Error('a row after the end')
    try {
      const text = this.#format.row(row)
      if (typeof text !== 'string') return text
      this.#text.text(text)
    } catch (error) {
      throw this.#failure.kept(error)
    }
    this.#rows += 1
    return null
  }

  append(texts: Uint8Array, rows: number): void {
    this.#failure.check()
    if (this.#finished) throw new Error('rows after the end')
    try {
      if (texts.length > 0) this.#text.text(this.#format.lead?.() ?? '')
      this.#text.raw(texts)
    } catch (error) {
      throw this.#failure.kept(error)
    }
    this.#rows += rows
  }

  async flush(): Promise<Receipt> {
    this.#failure.check()
    const full = this.#text
    this.#text = this.#other
    this.#other = full
    try {
      // A compressed file with nothing in it has some bytes, too.
      const empty = full.at === 0 && !(this.#finished && this.#pack !== null && this.#extent.bytes === 0)
      if (empty) this.#opened().check()
      else this.#extent = await this.#opened().write(await this.#packed(full.written))
    } catch (error) {
      throw this.#failure.kept(error)
    } finally {
      full.clear()
    }
    return this.#receipt()
  }

  async #packed(bytes: Buffer): Promise<Buffer> {
    return this.#pack === null ? bytes : this.#pack(bytes)
  }

  async finish(): Promise<Receipt> {
    if (!this.#finished) {
      this.#text.text(this.#format.end())
      const remake = this.#format.remake?.() ?? null
      if (remake !== null) await this.#remake(remake)
      this.#finished = true
    }
    return this.flush()
  }

  /** (FILE-SINK-3) */
  async #remake(remake: Remake): Promise<void> {
    await this.flush()
    try {
      const remade = this.#remaking(this.#intent)
      this.#extent = await remade.make(this.#intent, remake)
      this.#remade = remade
    } catch (error) {
      throw this.#failure.kept(error)
    }
  }

  async publish(): Promise<Artifact | null> {
    const path = await this.#opened().publish()
    const { bytes, sha256 } = this.#extent
    return path === null || sha256 === null ? null : { path, rows: this.#rows, bytes, sha256 }
  }

  async discard(): Promise<Discarded> {
    const discarded = await this.#opened().discard()
    const may_have_left = this.#remade === null && this.#intent.staged !== null && this.#format.remake !== undefined
    if (discarded.kind === 'dropped' && may_have_left) this.#remaking(this.#intent).forget(this.#intent)
    return discarded
  }

  staged(): readonly StagedOutput[] {
    const { path, staged } = this.#intent
    if (path === null || staged === null) return []
    return [{ path, at: this.#remade?.stagedName ?? staged }]
  }

  warnings(): readonly string[] {
    return [...(this.#outlet?.warnings?.() ?? []), ...(this.#format.warnings ?? [])]
  }

  async close(): Promise<void> {
    await this.#remade?.close()
    await this.#outlet?.close()
  }

  #remaking({ path }: SinkIntent): RemadeFile {
    if (path === null || this.#outlet === null) throw new Error('only what is staged can be made once more')
    const place = { node: this.#target.node, path }
    return new RemadeFile(
      this.#files,
      new StagedFile(this.#files, this.#lockFor(path), place, () => targetExists(this.#target, place)),
      place,
    )
  }

  /** One for all that this sink writes. */
  #lockFor(path: string): OutputLock {
    this.#lock ??= new OutputLock(this.#files, this.#target.run, path, { node: this.#target.node, path })
    return this.#lock
  }

  #outletFor({ path, staged }: SinkIntent): Outlet {
    if (path === null) return new StreamOutlet(this.#target)
    const place = { node: this.#target.node, path }
    const lock = this.#lockFor(path)
    return staged === null
      ? new AppendedFile(this.#files, lock, place, this.#fresh)
      : new StagedFile(this.#files, lock, place, () => targetExists(this.#target, place))
  }

  #receipt(): Receipt {
    const format = this.#format.state()
    const state: SinkState =
      this.#remade === null ? { finished: this.#finished, format } : { finished: this.#finished, format, remade: true }
    return { rows: this.#rows, bytes: this.#extent.bytes, sha256: this.#extent.sha256, state }
  }

  #opened(): Outlet {
    const outlet = this.#remade ?? this.#outlet
    if (outlet === null) throw new Error('the sink isn’t open')
    return outlet
  }
}

export function existingFile(files: FileSystem, path: string, bytes: number): ExistingFile {
  return { path, bytes, part: (from, size) => files.part(path, from, size) }
}

/** A type, not an interface, so that it is Json. */
type SinkState = { readonly finished: boolean; readonly format: Json; readonly remade?: boolean }
