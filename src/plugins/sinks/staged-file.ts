/**
 * A file that grows under a hidden name beside its target, and comes into its place when the run is done.
 *
 * STAGED-FILE-1. `write` returns only when the bytes are on the disk; what follows the last receipt is of no meaning.
 * STAGED-FILE-2. Whoever continues in another process first copies the file up to its receipt to a new inode and renames that, so
 *     that a former holder that wakes up writes into nothing. In the process that wrote it, it is cut where it stands,
 *     and is not continued if another file has come into its place: that is a successor's.
 */
import { createHash, type Hash } from 'node:crypto'
import { dirname } from 'node:path'
import type { Discarded, Receipt, SinkIntent } from '../../sdk/spec.ts'
import {
  type Change,
  changedError,
  hashFile,
  hashPart,
  hexOf,
  hiddenBeside,
  refuseChanged,
  syncFolders,
} from './file-parts.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'
import { type Coming, comeIntoPlace } from './into-place.ts'
import type { Extent, Outlet } from './outlet.ts'
import type { OutputLock } from './output-lock.ts'
import { asOutputError, type OutputPlace, outputError } from './sink-error.ts'

const OWNER_ONLY = 0o600

/** Where it is written, and where it comes to stand. */
interface Places {
  readonly staged: string
  readonly target: string
  readonly replaced: NonNullable<SinkIntent['replaced']> | null
}

/** Up to where it is kept. */
type Keep = Pick<Receipt, 'bytes' | 'sha256'>

export class StagedFile implements Outlet {
  readonly #files: FileSystem
  readonly #lock: OutputLock
  readonly #place: OutputPlace
  readonly #exists: () => Error
  readonly #owner_only: boolean
  #places: Places | null = null
  #file: OpenFile | null = null
  /** The identity of the file that this process opened. */
  #id: string | null = null
  #hash: Hash = createHash('sha256')
  #bytes = 0
  /** Nothing is staged any more: it is in its place, or given up. */
  #done = false

  /** `exists` makes the error for a target that should be free; `owner_only`: it is for nobody else to read. */
  constructor(files: FileSystem, lock: OutputLock, place: OutputPlace, exists: () => Error, owner_only = false) {
    this.#files = files
    this.#lock = lock
    this.#place = place
    this.#exists = exists
    this.#owner_only = owner_only
  }

  async open({ staged, replaced = null }: SinkIntent, receipt: Receipt | null, finished: boolean): Promise<Extent> {
    if (staged === null) throw new Error('nothing is staged here')
    const places = { staged, target: this.#place.path, replaced }
    this.#closeFile()
    this.#places = places
    this.#done = false
    try {
      const made = this.#files.makeFolders(dirname(staged))
      this.#lock.take(this.#files.facts(places.target))
      // The process that copied it last may have died in the middle of that.
      this.#files.remove(this.#beside)
      await this.#openAt(places, receipt ?? { bytes: 0, sha256: null }, finished)
      if (made !== undefined) await syncFolders(this.#files, dirname(staged), dirname(made))
    } catch (error) {
      this.#closeFile()
      throw asOutputError(error, this.#place)
    }
    return this.#extent()
  }

  async write(bytes: Buffer): Promise<Extent> {
    const file = this.#file
    if (file === null) throw outputError('CUSTODY_SINK', this.#place, `${this.#place.path} isn’t open`)
    try {
      this.check()
      file.write(bytes, null)
      this.#hash.update(bytes)
      this.#bytes += bytes.length
      this.check()
      await file.sync()
    } catch (error) {
      this.#closeFile()
      throw asOutputError(error, this.#place)
    }
    return this.#extent()
  }

  check(): void {
    const [file, places] = [this.#file, this.#places]
    if (file === null || places === null) return
    this.#lock.check()
    const left = { id: this.#id, bytes: this.#bytes }
    refuseChanged(this.#files.facts(places.staged), left, this.#place, this.#what)
  }

  async publish(): Promise<string> {
    const places = this.#places
    if (places === null) throw new Error('publish before open')
    try {
      if (!this.#done) await this.#comeIntoPlace(places)
    } catch (error) {
      throw asOutputError(error, this.#place)
    }
    this.#done = true
    // Before the seal: a process that dies right after it leaves nothing behind.
    this.#lock.giveUp(true)
    return places.target
  }

  async #comeIntoPlace({ staged, target, replaced }: Places): Promise<void> {
    const coming: Coming = {
      ...{ files: this.#files, place: this.#place, staged, target, exists: this.#exists },
      check: () => this.check(),
      takeRights: async of => {
        this.#file?.takeRights(of)
        await this.#file?.sync()
      },
      isSame: (path, facts) => this.#isSame(path, facts),
    }
    await comeIntoPlace(coming, replaced)
    this.#closeFile()
    await this.#files.syncFolder(dirname(target))
  }

  async discard(): Promise<Discarded> {
    if (this.#places === null || this.#file === null)
      return { kind: 'left', why: `nothing is open for ${this.#place.path}` }
    try {
      this.check()
      this.#files.remove(this.#places.staged)
    } catch (error) {
      return { kind: 'left', why: asOutputError(error, this.#place).message }
    } finally {
      this.#closeFile()
    }
    this.#done = true
    this.#lock.giveUp(true)
    return { kind: 'dropped' }
  }

  /** An empty file is as good as none: whoever continues makes it again. */
  async close(): Promise<void> {
    const empty = this.#file !== null && this.#bytes === 0
    this.#closeFile()
    try {
      const { staged } = this.#places ?? { staged: null }
      const there = staged === null ? null : this.#files.facts(staged)
      if (empty && staged !== null && there?.id === this.#id && there?.bytes === 0) {
        this.#files.remove(staged)
        this.#id = null
      }
    } finally {
      this.#lock.giveUp(true)
    }
  }

  /** Where a copy is made that comes into the staged file's place. */
  get #beside(): string {
    return hiddenBeside(this.#place.path, 'rewind')
  }

  async #openAt(places: Places, keep: Keep, finished: boolean): Promise<void> {
    const { staged } = places
    const there = this.#files.facts(staged)
    const lost = this.#id !== null && there?.id !== this.#id
    if (there === null) {
      if (finished && (await this.#isPublished(places, keep))) this.#done = true
      else if (keep.bytes === 0 && !lost) await this.#make(places)
      else throw this.#changed({ kind: 'gone' })
    } else if (lost) throw this.#changed({ kind: 'swapped' })
    else if (this.#id !== null) await this.#cut(staged, keep)
    else await this.#copy(staged, there, keep)
  }

  async #make({ staged, target }: Places): Promise<void> {
    this.#files.open(staged, 'make').close()
    const file = this.#files.open(staged, 'append')
    this.#adopt(file, createHash('sha256'), 0)
    const there = this.#files.facts(target)
    if (there !== null) file.takeRights(there)
    if (this.#owner_only) file.takeRights({ ...file.facts(), mode: OWNER_ONLY })
    await this.#files.syncFolder(dirname(staged))
  }

  /** Whether it stands in its place already; its hash is taken over then. */
  async #isPublished({ target }: Places, keep: Keep) {
    if (this.#files.facts(target)?.bytes !== keep.bytes) return false
    const file = this.#files.open(target, 'read')
    try {
      this.#hash = await hashPart(file, keep.bytes)
    } finally {
      file.close()
    }
    this.#bytes = keep.bytes
    return hexOf(this.#hash) === keep.sha256
  }

  async #cut(staged: string, keep: Keep): Promise<void> {
    const file = this.#files.open(staged, 'append')
    this.#file = file
    const hash = await hashPart(file, keep.bytes)
    this.#refuseOther(file.facts(), hash, keep)
    file.truncate(keep.bytes)
    await file.sync()
    this.#adopt(file, hash, keep.bytes)
  }

  async #copy(staged: string, there: FileFacts, keep: Keep): Promise<void> {
    const original = this.#files.open(staged, 'read')
    const beside = this.#beside
    try {
      this.#files.open(beside, 'make').close()
      const copy = this.#files.open(beside, 'append')
      this.#file = copy
      const hash = await hashPart(original, keep.bytes, copy)
      this.#refuseOther(there, hash, keep)
      copy.takeRights(there)
      await copy.sync()
      this.#files.rename(beside, staged)
      await this.#files.syncFolder(dirname(staged))
      this.#adopt(copy, hash, keep.bytes)
    } catch (error) {
      this.#files.remove(beside)
      throw error
    } finally {
      original.close()
    }
  }

  #refuseOther({ bytes }: FileFacts, hash: Hash, keep: Keep) {
    if (bytes < keep.bytes) throw this.#changed({ kind: 'cut', bytes, left: keep.bytes })
    if (keep.sha256 !== null && hexOf(hash) !== keep.sha256) throw this.#changed({ kind: 'edited' })
  }

  #adopt(file: OpenFile, hash: Hash, bytes: number): void {
    this.#file = file
    this.#hash = hash
    this.#bytes = bytes
    this.#id = file.facts().id
  }

  async #isSame(path: string, { bytes }: FileFacts): Promise<boolean> {
    return bytes === this.#bytes && (await hashFile(this.#files, path, bytes)) === hexOf(this.#hash)
  }

  #closeFile(): void {
    const file = this.#file
    this.#file = null
    file?.close()
  }

  #extent(): Extent {
    return { bytes: this.#bytes, sha256: hexOf(this.#hash) }
  }

  #changed(change: Change): Error {
    return changedError(this.#place, change, this.#what)
  }

  /** What errors call it. */
  get #what(): string {
    return `${this.#places?.staged}, in which ${this.#place.path} grows,`
  }
}
