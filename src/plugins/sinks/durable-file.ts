/**
 * A file that is always known up to a receipt: its length and its hash.
 *
 * F1. `write` returns only when the bytes are on the disk; what follows the last receipt is of no meaning.
 * F2. Whoever goes on in another process first copies the file up to its receipt to a new inode and renames that, so
 *     that a former holder that wakes up writes into nothing. In the process that wrote it, it is cut where it stands,
 *     and is not gone on with if another file has come into its place: that is a successor's.
 * F3. A file that was there before and isn't meant to be replaced is never replaced. Until the first receipt tells them
 *     apart by its hash, a file that this run has made is known by a second, hidden name: the mark.
 */
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { makeFolders } from '../../model/folder.ts'
import type { Receipt, SinkIntent } from '../../sdk/spec.ts'
import type { Extent, Outlet } from './outlet.ts'
import { asOutputError, type OutputPlace, outputError, systemCode } from './sink-error.ts'
import { hashFile, intend, placeOf, statOrNull, type Target, targetExists } from './target.ts'

const COPY_BYTES = 1024 * 1024

/** The part of the file that stays when it is opened. */
interface Keep {
  readonly bytes: number
  readonly sha256: string | null
}

export class DurableFile implements Outlet {
  readonly #target: Target
  #place: OutputPlace
  #intent: SinkIntent | null = null
  #handle: FileHandle | null = null
  #hash: Hash = createHash('sha256')
  #bytes = 0
  /** True from `prepare` to the first `open`: the file can't be one that this run has made. */
  #fresh = false
  /** Device and inode of the file that this process opened. */
  #identity: string | null = null
  #published = false
  /** Path of the mark, while it is there. */
  #mark: string | null = null
  /** Whether something was written since the file was opened. */
  #written = false

  constructor(target: Target) {
    this.#target = target
    this.#place = placeOf(target)
  }

  /** Finds out where it will write; touches nothing. The intent may be one for a stream. */
  async prepare(): Promise<SinkIntent> {
    const intent = await intend(this.#target)
    this.#fresh = true
    return intent
  }

  async open(intent: SinkIntent, receipt: Receipt | null): Promise<Extent> {
    await this.close()
    const fresh = this.#fresh && receipt === null
    this.#fresh = false
    this.#intent = intent
    this.#published = false
    this.#mark = null
    this.#written = false
    this.#place = { node: this.#target.node, path: intent.path ?? this.#place.path }
    const keep: Keep = receipt ?? { bytes: intent.prior_bytes, sha256: intent.prior_sha256 }
    try {
      if (fresh && keep.sha256 === null) await this.#create(intent)
      else if (fresh) await this.#appendTo(intent, keep)
      else await this.#goOn(intent, keep, receipt === null)
    } catch (error) {
      await this.close()
      throw asOutputError(error, this.#place)
    }
    return this.#extent()
  }

  async write(text: string): Promise<Extent> {
    const handle = this.#handle
    if (handle === null) throw outputError('CUSTODY_SINK', this.#place, `${this.#place.path} isn’t open`)
    const bytes = Buffer.from(text)
    try {
      // Whoever writes again has committed what was written before: its receipt tells whose file this is.
      if (this.#written) await this.#removeMark()
      this.#written = true
      for (let at = 0; at < bytes.length; ) {
        at += (await handle.write(bytes, at, bytes.length - at, this.#bytes + at)).bytesWritten
      }
      await handle.datasync()
    } catch (error) {
      await this.close()
      throw asOutputError(error, this.#place)
    }
    this.#hash.update(bytes)
    this.#bytes += bytes.length
    return this.#extent()
  }

  async publish(): Promise<string> {
    const intent = this.#intent
    if (intent === null || intent.path === null) throw new Error('publish before open')
    if (this.#published) return intent.path
    try {
      await this.#removeMark()
      if (intent.staged === null) return intent.path
      await this.close()
      if (intent.mode === 'replace') await rename(intent.staged, intent.path)
      else await this.#renameToFree(intent.staged, intent.path)
      await syncFolder(dirname(intent.path))
    } catch (error) {
      throw asOutputError(error, this.#place)
    }
    this.#published = true
    return intent.path
  }

  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }

  #extent(): Extent {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
  }

  /** A new file; folders on the way to it are made. */
  async #create(intent: SinkIntent): Promise<void> {
    const path = workingPath(intent)
    const made = makeFolders(dirname(path))
    const handle = intent.staged === null ? await this.#createMarked(path) : await open(path, 'wx+')
    await this.#adopt(handle, createHash('sha256'), 0)
    if (intent.mode === 'replace') await this.#keepRights(handle, intent.path!)
    await syncFolder(dirname(path))
    if (made !== undefined) await syncFolders(dirname(path), dirname(made))
  }

  /** A new file with its mark; on file systems without hard links without one. */
  async #createMarked(path: string): Promise<FileHandle> {
    const mark = markOf(path)
    await rm(mark, { force: true })
    const handle = await open(mark, 'wx+')
    this.#handle = handle
    try {
      await link(mark, path)
      this.#mark = mark
      return handle
    } catch (error) {
      await rm(mark)
      if (systemCode(error) === 'EEXIST') throw targetExists(this.#target, this.#place)
      if (!NO_LINKS.has(systemCode(error) ?? '')) throw error
      await handle.close()
      return await open(path, 'wx+')
    }
  }

  async #removeMark(): Promise<void> {
    const mark = this.#mark
    this.#mark = null
    if (mark !== null) await rm(mark, { force: true })
  }

  /** The file that `prepare` saw, if it is still the same. */
  async #appendTo(intent: SinkIntent, keep: Keep): Promise<void> {
    const handle = await open(workingPath(intent), 'r+')
    this.#handle = handle
    const hash = await hashPart(handle, keep.bytes)
    if ((await handle.stat()).size !== keep.bytes || hexOf(hash) !== keep.sha256) throw this.#changed()
    await this.#adopt(handle, hash, keep.bytes)
  }

  /** What this run has made, up to a receipt; what comes behind is dropped. `bare`: there is no receipt yet. */
  async #goOn(intent: SinkIntent, keep: Keep, bare: boolean): Promise<void> {
    const path = workingPath(intent)
    const there = await statOrNull(path)
    const lost = this.#identity !== null && (there === null || identityOf(there) !== this.#identity)
    if (there === null) {
      if (keep.bytes === 0 && !lost) await this.#create(intent)
      else if (intent.staged !== null && (await this.#isPublished(intent, keep))) this.#published = true
      else throw this.#changed()
    } else if (lost) throw this.#changed()
    else if (bare && keep.sha256 === null && intent.staged === null) {
      const mark = await statOrNull(markOf(path))
      if (mark === null || identityOf(mark) !== identityOf(there)) throw targetExists(this.#target, this.#place)
      await rm(path)
      await this.#create(intent)
    } else {
      if (identityOf(there) === this.#identity) await this.#cut(path, keep)
      else await this.#copy(path, keep, there.mode)
      await rm(markOf(path), { force: true })
    }
  }

  /** Whether the staged file stands in its final place already; takes it over then. */
  async #isPublished(intent: SinkIntent, keep: Keep): Promise<boolean> {
    const path = intent.path!
    if ((await statOrNull(path))?.size !== keep.bytes) return false
    const handle = await open(path, 'r')
    try {
      this.#hash = await hashPart(handle, keep.bytes)
    } finally {
      await handle.close()
    }
    this.#bytes = keep.bytes
    return hexOf(this.#hash) === keep.sha256
  }

  /** Whether a file has exactly the content that was written. */
  async #isSame(path: string): Promise<boolean> {
    return (await statOrNull(path))?.size === this.#bytes && (await hashFile(path, this.#bytes)) === hexOf(this.#hash)
  }

  async #cut(path: string, keep: Keep): Promise<void> {
    const handle = await open(path, 'r+')
    this.#handle = handle
    const hash = await hashPart(handle, keep.bytes)
    if (keep.sha256 !== null && hexOf(hash) !== keep.sha256) throw this.#changed()
    await handle.truncate(keep.bytes)
    await handle.datasync()
    await this.#adopt(handle, hash, keep.bytes)
  }

  async #copy(path: string, keep: Keep, mode: number): Promise<void> {
    const beside = join(dirname(path), `.${basename(path)}.custody-rewind`)
    await rm(beside, { force: true })
    const copy = await open(beside, 'wx+')
    this.#handle = copy
    try {
      const original = await open(path, 'r')
      let hash: Hash
      try {
        hash = await hashPart(original, keep.bytes, copy)
      } finally {
        await original.close()
      }
      if (keep.sha256 !== null && hexOf(hash) !== keep.sha256) throw this.#changed()
      await copy.chmod(mode)
      await copy.sync()
      await rename(beside, path)
      await syncFolder(dirname(path))
      await this.#adopt(copy, hash, keep.bytes)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  }

  async #adopt(handle: FileHandle, hash: Hash, bytes: number): Promise<void> {
    this.#handle = handle
    this.#hash = hash
    this.#bytes = bytes
    this.#identity = identityOf(await handle.stat())
  }

  async #keepRights(handle: FileHandle, path: string): Promise<void> {
    const there = await statOrNull(path)
    if (there !== null) await handle.chmod(there.mode)
  }

  /** Renames, unless something stands there. */
  async #renameToFree(from: string, to: string): Promise<void> {
    try {
      await link(from, to)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') {
        // Ours already: only the removal of the staged name was missing.
        if (!(await this.#isSame(to))) throw targetExists(this.#target, this.#place)
      } else if (NO_LINKS.has(systemCode(error) ?? '')) {
        if ((await statOrNull(to)) !== null) throw targetExists(this.#target, this.#place)
        await rename(from, to)
        return
      } else throw error
    }
    await rm(from)
  }

  #changed(): Error {
    const { path } = this.#place
    const message = `${path} isn’t what this run has left: it was changed, cut or removed since`
    return outputError('CUSTODY_SINK', this.#place, message, 'Put it back as it was, then resume.')
  }
}

/** What file systems without hard links say. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

function workingPath(intent: SinkIntent): string {
  const path = intent.staged ?? intent.path
  if (path === null) throw new Error('a stream has no file')
  return path
}

function markOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.custody-mark`)
}

function identityOf(file: { readonly dev: number; readonly ino: number }): string {
  return `${file.dev}:${file.ino}`
}

function hexOf(hash: Hash): string {
  return hash.copy().digest('hex')
}

/** Hashes the first `size` bytes of a file, or all if it has fewer, and copies them meanwhile. */
async function hashPart(from: FileHandle, size: number, to?: FileHandle): Promise<Hash> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, size))
  for (let at = 0; at < size; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, size - at), at)
    if (bytesRead === 0) break
    const part = buffer.subarray(0, bytesRead)
    hash.update(part)
    for (let done = 0; to !== undefined && done < bytesRead; ) {
      done += (await to.write(part, done, bytesRead - done, at + done)).bytesWritten
    }
    at += bytesRead
  }
  return hash
}

/** Makes the names in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  // Windows can't open folders, and keeps names by itself.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The folders from `folder` up to `top`. */
async function syncFolders(folder: string, top: string): Promise<void> {
  for (let each = folder; each !== top && each !== dirname(each); each = dirname(each)) await syncFolder(dirname(each))
}
