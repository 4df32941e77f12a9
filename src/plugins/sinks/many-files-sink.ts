/**
 * A sink whose path depends on the row. Rows of all files are gathered in one hidden file, in their order; when all of them are there, it
 * is found out and put on record where the files go, then they are made from it, and then they come into their places.
 *
 *   gathering ── settle ──► settled ── finish ──► made ── publish
 *
 * MANY-FILES-SINK-1. Before it is settled, and that is durable, nothing stands anywhere but what is gathered.
 * MANY-FILES-SINK-2. After winding back to any receipt the same rows make the same files.
 */
import { createHash } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import type { Row } from '../../model/row.ts'
import type { Artifact, Discarded, Receipt, RowError, SinkIntent } from '../../sdk/spec.ts'
import { DiskGround } from './disk-ground.ts'
import { Failure } from './failure.ts'
import { hiddenBeside, newSuffix, SUFFIX_UNITS, suffixOf } from './file-parts.ts'
import type { RowFormat } from './file-sink.ts'
import { DISK, type FileFacts, type FileSystem } from './file-system.ts'
import { FileMaker, type MadeFile, stagedName } from './made-files.ts'
import { type NamedFile, NamedFiles } from './named-files.ts'
import type { Extent } from './outlet.ts'
import { OutputLock } from './output-lock.ts'
import type { Pack } from './packing.ts'
import { compilePath, type PathTemplate } from './path-template.ts'
import { placeFiles } from './placed-files.ts'
import { framesIn, SpoolText } from './row-spool.ts'
import { type SettledFile, settledFiles } from './settled-files.ts'
import { asOutputError } from './sink-error.ts'
import { StagedFile } from './staged-file.ts'
import type { StagedOutput, StagingSink } from './staging-sink.ts'
import { type IfExists, nearestFolder, realPlace, type Target } from './target.ts'

/** How far it is: a receipt's state. Types, not interfaces, so that they are Json. */
type Phase =
  | { readonly kind: 'gathering' }
  | { readonly kind: 'settled'; readonly files: readonly SettledFile[] }
  | { readonly kind: 'made'; readonly files: readonly MadeFile[] }

/** What it has while it is open: as intended, which may be otherwise than the options say (a re-run). */
interface Opened {
  readonly intent: SinkIntent
  readonly target: Target
  readonly named: NamedFiles
  readonly lock: OutputLock
  readonly spool: StagedFile
  readonly maker: FileMaker
}

export interface ManyFilesOptions {
  readonly target: Target
  readonly newFormat: () => RowFormat
  readonly pack: Pack | null
  readonly max_files: number
  /** What a file is that the run needs or writes otherwise; null for any other. */
  readonly inUse: (path: string) => string | null
  /** How much text waits in memory for its files as they are made; 32 MB, if absent. */
  readonly part_bytes?: number
}

const MOST_WARNINGS = 5

export class ManyFilesSink implements StagingSink {
  readonly #options: ManyFilesOptions
  readonly #files: FileSystem
  readonly #template: PathTemplate
  readonly #text = new SpoolText()
  /** Those that got rows since the last flush. */
  readonly #touched = new Set<NamedFile>()
  #opened: Opened | null = null
  #phase: Phase = { kind: 'gathering' }
  #extent: Extent = { bytes: 0, sha256: null }
  #rows = 0
  readonly #failure = new Failure()
  /** Whether this process has opened what was gathered: not, if all files were made by one before it. */
  #gathers = false
  #published = false
  /** By path, what stands under the hidden names, as far as this process made it. */
  #made: ReadonlyMap<string, FileFacts> = new Map()

  constructor(options: ManyFilesOptions, files: FileSystem = DISK) {
    this.#options = options
    this.#files = files
    this.#template = compilePath(options.target.path)
  }

  async prepare(): Promise<SinkIntent> {
    const { target } = this.#options
    const folder = resolve(target.folder, this.#template.folder)
    const place = { node: target.node, path: folder }
    try {
      const root = realPlace(folder, this.#files)
      this.#files.mayWrite(nearestFolder(root, place, this.#files))
      const suffix = newSuffix()
      const gathered = gatheredAt(target, root, this.#template.pattern, suffix)
      const path = join(root, this.#template.pattern)
      new OutputLock(this.#files, target.run, gathered, { node: target.node, path }).refuseIfHeld()
      const nothing = { prior_bytes: 0, prior_sha256: null, replaced: null }
      return { path, mode: target.if_exists, ...nothing, staged: hiddenBeside(gathered, suffix), by_value: true }
    } catch (error) {
      throw asOutputError(error, place)
    }
  }

  async open(intent: SinkIntent, receipt: Receipt | null): Promise<void> {
    const { maker, lock, spool, named } = this.#open(intent)
    this.#text.clear()
    this.#touched.clear()
    this.#failure.clear()
    named.clear()
    this.#phase = (receipt?.state as Phase | undefined) ?? { kind: 'gathering' }
    this.#rows = receipt?.rows ?? 0
    this.#extent = { bytes: receipt?.bytes ?? 0, sha256: receipt?.sha256 ?? null }
    if (this.#phase.kind === 'made') return this.#takeLock(lock)
    this.#gathers = true
    this.#extent = await spool.open(intent, receipt, false)
    await this.#restore(intent)
    if (this.#phase.kind === 'settled') maker.remove(this.#phase.files)
  }

  write(row: Row): RowError | null {
    this.#failure.check()
    if (this.#phase.kind !== 'gathering') throw new Error('a row after the end')
    try {
      const file = this.#open_one.named.of(row)
      if ('kind' in file) return file
      const text = file.format.row(row)
      if (typeof text !== 'string') return text
      const number = file.number ?? this.#keep(file)
      this.#text.row(number, text)
      this.#touched.add(file)
      file.rows += 1
    } catch (error) {
      throw this.#failure.kept(error)
    }
    this.#rows += 1
    return null
  }

  async flush(): Promise<Receipt> {
    this.#failure.check()
    if (this.#phase.kind === 'made') return this.#receipt()
    this.#saveStates()
    const full = this.#text.take()
    try {
      const { spool } = this.#open_one
      if (full.at === 0) spool.check()
      else this.#extent = await spool.write(full.written)
    } catch (error) {
      throw this.#failure.kept(error)
    } finally {
      full.clear()
    }
    return this.#receipt()
  }

  async settle(): Promise<boolean> {
    this.#failure.check()
    if (this.#phase.kind !== 'gathering') return false
    const { target, named } = this.#open_one
    const isTaken = (path: string) => this.#options.inUse(path) !== null
    const files = await settledFiles(named.all, { files: this.#files, target, isTaken })
    this.#phase = { kind: 'settled', files }
    return true
  }

  async finish(): Promise<Receipt> {
    await this.settle()
    if (this.#phase.kind === 'settled') {
      await this.flush()
      await this.#make(this.#phase.files)
    }
    return this.#receipt()
  }

  async publish(): Promise<readonly Artifact[]> {
    if (this.#phase.kind !== 'made') throw new Error('publish before finish')
    const { files } = this.#phase
    if (!this.#published) {
      const { intent, lock, target } = this.#open_one
      lock.check()
      await placeFiles(files, this.#made, { files: this.#files, lock, target, suffix: suffixOf(intent.staged ?? '') })
      await this.#drop()
      this.#published = true
    }
    return artifactsOf(files)
  }

  async discard(): Promise<Discarded> {
    const { maker, spool } = this.#open_one
    try {
      if (this.#phase.kind !== 'gathering') maker.remove(this.#phase.files)
      if (this.#gathers) return await spool.discard()
      await this.#drop()
      return { kind: 'dropped' }
    } catch (error) {
      return { kind: 'left', why: error instanceof Error ? error.message : String(error) }
    }
  }

  staged(): readonly StagedOutput[] {
    if (this.#phase.kind === 'gathering') throw new Error('it isn’t settled where files go')
    const suffix = suffixOf(this.#open_one.intent.staged ?? '')
    return this.#phase.files.map(file => ({ path: file.path, at: stagedName(file, suffix) }))
  }

  warnings(): readonly string[] {
    const all = new Set((this.#opened?.named.all ?? []).flatMap(({ format }) => format.warnings ?? []))
    const more = all.size > MOST_WARNINGS ? [`and ${all.size - MOST_WARNINGS} more like these`] : []
    return [...[...all].slice(0, MOST_WARNINGS), ...more]
  }

  async close(): Promise<void> {
    await this.#opened?.spool.close()
  }

  #keep(file: NamedFile): number {
    const number = this.#open_one.named.keep(file)
    this.#text.file(file)
    return number
  }

  #saveStates(): void {
    for (const file of this.#touched) {
      const state = file.format.state()
      if (file.number === null || state === file.state) continue
      const text = JSON.stringify(state)
      if (text !== JSON.stringify(file.state)) this.#text.state(file.number, text)
      file.state = state
    }
    this.#touched.clear()
  }

  async #restore({ staged }: SinkIntent): Promise<void> {
    const { named } = this.#open_one
    if (staged === null) throw new Error('nothing is gathered here')
    for await (const frames of framesIn(this.#files, staged, this.#extent.bytes))
      for (const frame of frames) {
        if (frame.kind === 'file') named.restore(frame.names, frame.path, frame.found)
        else if (frame.kind === 'state') named.restoreState(frame.file, frame.state)
        else if (frame.ends_row) named.countRow(frame.file)
      }
  }

  async #make(settled: readonly SettledFile[]): Promise<void> {
    const { intent, maker, named } = this.#open_one
    const contents = named.all.map(({ format, rows }, i) => {
      const each = settled[i]
      if (each === undefined) throw new TypeError(`file ${i} isn’t settled`)
      return { settled: each, format, rows }
    })
    try {
      const made = await maker.make(framesIn(this.#files, intent.staged ?? '', this.#extent.bytes), contents)
      this.#made = new Map(made.map(({ file, facts }) => [file.path, facts]))
      this.#phase = { kind: 'made', files: made.map(({ file }) => file) }
    } catch (error) {
      throw this.#failure.kept(error)
    }
  }

  /** What was gathered is needed no more. */
  async #drop(): Promise<void> {
    const { intent, lock, spool } = this.#open_one
    const { staged } = intent
    if (this.#gathers || staged === null) {
      // What others have made of it stays there: it is of no meaning any more.
      await spool.discard()
    } else {
      lock.check()
      this.#files.remove(staged)
    }
    lock.giveUp(true)
  }

  #open(intent: SinkIntent): Opened {
    if (this.#opened !== null) return this.#opened
    const { path, mode } = intent
    if (path === null) throw new Error('a path by value is a file’s')
    const { pack, newFormat, max_files, inUse, part_bytes } = this.#options
    const target = { ...this.#options.target, if_exists: mode as IfExists }
    const files = this.#files
    const { pattern } = this.#template
    const root = pattern.split('/').reduce(dirname, path)
    // A re-run’s files are called after those of the run before.
    const ending = path.slice(join(root, pattern).length)
    const suffix = suffixOf(intent.staged ?? '')
    const gathered = gatheredAt(target, root, pattern + ending, suffix)
    const lock = new OutputLock(files, target.run, gathered, { node: target.node, path })
    const ground = new DiskGround(files, target)
    const naming = { ground, template: this.#template, root, ending, newFormat, max_files, inUse }
    this.#opened = {
      ...{ intent, target, lock, named: new NamedFiles(naming) },
      spool: new StagedFile(
        files,
        lock,
        { node: target.node, path: gathered },
        () => new Error('it is published nowhere'),
        // What is there may be for few to read.
        target.if_exists === 'append' || target.if_exists === 'replace',
      ),
      maker: new FileMaker({ files, lock, node: target.node, suffix, pack, part_bytes }),
    }
    return this.#opened
  }

  #takeLock(lock: OutputLock): void {
    const { node, path } = this.#options.target
    try {
      lock.take(null)
    } catch (error) {
      throw asOutputError(error, { node, path })
    }
  }

  get #open_one(): Opened {
    if (this.#opened === null) throw new Error('the sink isn’t open')
    return this.#opened
  }

  #receipt(): Receipt {
    const phase = this.#phase
    const receipt = { rows: this.#rows, ...this.#extent, state: phase }
    return phase.kind === 'made' ? { ...receipt, files: artifactsOf(phase.files) } : receipt
  }
}

/** What hidden names are made of: one run at a time writes by a pattern, unless each takes names that are free. */
function gatheredAt({ if_exists, node }: Target, root: string, pattern: string, suffix: string): string {
  const own = if_exists === 'number' ? suffix : createHash('sha256').update(pattern).digest('hex')
  return join(root, `${node}-${own.slice(0, SUFFIX_UNITS)}`)
}

function artifactsOf(files: readonly MadeFile[]): readonly Artifact[] {
  return files.map(({ path, rows, bytes, sha256 }) => ({ path, rows, bytes, sha256 }))
}
