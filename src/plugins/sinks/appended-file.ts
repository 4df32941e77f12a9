/**
 * A file that was there before the run, and is appended to where it stands: others may have it open, and what they write has to
 * stay in it. So it is never copied or replaced.
 *
 * APPENDED-FILE-1. `write` goes to the file's end, wherever that is: nothing that others wrote is ever overwritten.
 * APPENDED-FILE-2. Before each write, and at the end, the path leads to the file that was opened, and its length is what this run has left.
 * APPENDED-FILE-3. It is cut back only to take away bytes that this run announced and wrote: if others wrote behind them, or instead of
 *     them, it stays as it is.
 * APPENDED-FILE-4. Between the look at the lock and the write nothing waits, so that a former holder of the run that wakes up writes nothing.
 */
import { createHash, type Hash } from 'node:crypto'
import { counted } from '../../model/number-text.ts'
import type { Discarded, Receipt, SinkIntent } from '../../sdk/spec.ts'
import { type Change, changedError, hashPart, hexOf, readPart, refuseChanged } from './file-parts.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import type { Extent, Outlet } from './outlet.ts'
import type { Announced, OutputLock } from './output-lock.ts'
import { asOutputError, type OutputPlace, outputError } from './sink-error.ts'

const NOTHING: Announced = { at: 0, text: Buffer.alloc(0) }

export class AppendedFile implements Outlet {
  readonly #files: FileSystem
  readonly #lock: OutputLock
  readonly #place: OutputPlace
  /** True until the first `open`: nothing of the file can be this run's. */
  #fresh: boolean
  #prior_bytes = 0
  #file: OpenFile | null = null
  #id: string | null = null
  #hash: Hash = createHash('sha256')
  #bytes = 0
  #done = false

  /** `fresh`: the run begins with it. */
  constructor(files: FileSystem, lock: OutputLock, place: OutputPlace, fresh: boolean) {
    this.#files = files
    this.#lock = lock
    this.#place = place
    this.#fresh = fresh
  }

  async open(intent: SinkIntent, receipt: Receipt | null): Promise<Extent> {
    const { path } = this.#place
    const fresh = this.#fresh && receipt === null
    this.#closeFile()
    this.#done = false
    try {
      this.#lock.take(this.#files.facts(path))
      const there = this.#files.facts(path)
      if (there === null) throw this.#changed({ kind: 'gone' })
      if (this.#id !== null && there.id !== this.#id) throw this.#changed({ kind: 'swapped' })
      this.#fresh = false
      const file = this.#files.open(path, 'append')
      this.#file = file
      const keep = receipt ?? { bytes: intent.prior_bytes, sha256: intent.prior_sha256 }
      this.#prior_bytes = intent.prior_bytes
      this.#hash = await hashPart(file, keep.bytes)
      this.#bytes = keep.bytes
      this.#id = file.facts().id
      this.#checkLength(file, bytes => bytes >= keep.bytes)
      if (hexOf(this.#hash) !== keep.sha256) throw this.#changed({ kind: 'edited' })
      if (!fresh) await this.#cutOwn(file)
      else if (file.facts().bytes !== keep.bytes) throw this.#taken(keep.bytes)
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
      this.#lock.announce(this.#bytes, bytes)
      await this.#lock.sync()
      this.check()
      file.write(bytes, null)
      this.#hash.update(bytes)
      this.#bytes += bytes.length
      this.#checkLength(file)
      await file.sync()
    } catch (error) {
      this.#closeFile()
      throw asOutputError(error, this.#place)
    }
    return this.#extent()
  }

  /** Rows behind those of an unfinished run keep these from being taken back. */
  warnings(): readonly string[] {
    const { unfinished } = this.#lock
    if (unfinished === null) return []
    return [
      `${this.#place.path} has rows of run ${unfinished}, which isn’t finished: what this run has written stands behind them, and must be moved elsewhere before that run can be resumed`,
    ]
  }

  check(): void {
    const file = this.#file
    if (file === null) return
    this.#lock.check()
    refuseChanged(this.#files.facts(this.#place.path), { id: this.#id, bytes: this.#bytes }, this.#place)
  }

  async publish(): Promise<string> {
    if (!this.#done) this.check()
    this.#done = true
    this.#closeFile()
    // Before the seal: a process that dies right after it leaves nothing behind.
    this.#lock.giveUp(true)
    return this.#place.path
  }

  /** Cut back to what was there before the run. */
  async discard(): Promise<Discarded> {
    const file = this.#file
    // Nobody will continue it, whatever it is.
    this.#done = true
    if (file === null) return { kind: 'left', why: `${this.#place.path} isn’t open` }
    try {
      this.check()
      file.truncate(this.#prior_bytes)
      await file.sync()
      return { kind: 'cut' }
    } catch (error) {
      return { kind: 'left', why: asOutputError(error, this.#place).message }
    } finally {
      this.#closeFile()
      this.#lock.giveUp(true)
    }
  }

  async close(): Promise<void> {
    this.#closeFile()
    this.#lock.giveUp(this.#done)
  }

  #closeFile(): void {
    const file = this.#file
    this.#file = null
    file?.close()
  }

  #extent(): Extent {
    return { bytes: this.#bytes, sha256: hexOf(this.#hash) }
  }

  /** Takes away what stands behind the receipt, if all of it is the beginning of what the run announced there. */
  async #cutOwn(file: OpenFile): Promise<void> {
    const { bytes } = file.facts()
    const behind = bytes - this.#bytes
    if (behind === 0) return
    const { at, text } = this.#lock.announced ?? NOTHING
    let own = at === this.#bytes && behind <= text.length
    if (own) own = text.subarray(0, behind).equals(await readPart(file, this.#bytes, behind))
    this.#checkLength(file, now => own && now === bytes)
    file.truncate(this.#bytes)
    await file.sync()
  }

  #checkLength(file: OpenFile, isRight: (bytes: number) => boolean = bytes => bytes === this.#bytes): void {
    const { bytes } = file.facts()
    if (isRight(bytes)) return
    throw this.#changed({ kind: bytes < this.#bytes ? 'cut' : 'added', bytes, left: this.#bytes })
  }

  #taken(bytes: number): Error {
    const { path } = this.#place
    const message = `something else writes to ${path}: it had ${counted(bytes, 'byte')} when the run looked, and has others as it is opened`
    const hint =
      'Nothing was written to it. Wait until nothing else writes there, give this run up with `custody abandon`, and run again.'
    return outputError('CUSTODY_OUTPUT_CHANGED', this.#place, message, hint)
  }

  #changed(change: Change): Error {
    return changedError(this.#place, change)
  }
}
