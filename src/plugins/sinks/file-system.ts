/**
 * What file sinks need from a file system, so that tests can give them another one: one without hard links, or one that others
 * write to at any moment. What concerns names and lengths happens at once, so that nothing comes between a look and what
 * follows from it; content is read, and made durable, without blocking.
 */
import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  read,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { makeFolders } from '../../model/folder.ts'
import { systemCode } from './sink-error.ts'

export interface FileFacts {
  /** Device and inode: the same for all names of a file, and for no other file that is there. */
  readonly id: string
  readonly kind: 'file' | 'folder' | 'other'
  readonly bytes: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** When its content was changed last, in the file system's own fineness. */
  readonly changed: string
}

export interface OpenFile {
  facts(): FileFacts
  /** How many bytes were there to read. */
  read(into: Buffer, length: number, at: number): Promise<number>
  /** `at` is null behind all that is there, whoever wrote it. */
  write(bytes: Buffer, at: number | null): void
  truncate(bytes: number): void
  /** Makes content and length durable. */
  sync(): Promise<void>
  /** Gives it the mode of another file, and its owner and group where this user may. */
  takeRights(of: FileFacts): void
  close(): void
}

export interface FileSystem {
  /** Facts about what a path leads to, links followed; null if nothing is there. */
  facts(path: string): FileFacts | null
  /** All of a small file; null if it isn't there. */
  content(path: string): Buffer | null
  /** Up to `size` bytes of a file from `from` on. */
  part(path: string, from: number, size: number): Buffer
  isLink(path: string): boolean
  realPath(path: string): string
  /** @throws Error of the system (EACCES, EROFS, …). */
  mayWrite(path: string): void
  /** `make`: one that isn't there yet. `append`: one that is there, whose end is what `write` goes to. */
  open(path: string, how: 'make' | 'append' | 'read'): OpenFile
  link(from: string, to: string): void
  rename(from: string, to: string): void
  /** Nothing, if it isn't there. */
  remove(path: string): void
  /** Returns the topmost folder that was made, or undefined. */
  makeFolders(folder: string): string | undefined
  /** Makes the names in a folder durable. */
  syncFolder(folder: string): Promise<void>
}

const readAt = promisify(read)
const syncData = promisify(fdatasync)
const syncAll = promisify(fsync)

const FLAGS = {
  make: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  append: constants.O_RDWR | constants.O_APPEND,
  read: constants.O_RDONLY,
}

export const DISK: FileSystem = {
  facts: path => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? null : factsOf(found)
  },
  content: path => {
    try {
      return readFileSync(path)
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
  },
  part: (path, from, size) => {
    const handle = openSync(path, 'r')
    try {
      const part = Buffer.alloc(size)
      let at = 0
      for (let count = -1; at < size && count !== 0; at += count)
        count = readSync(handle, part, at, size - at, from + at)
      return part.subarray(0, at)
    } finally {
      closeSync(handle)
    }
  },
  isLink: path => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false,
  realPath: path => realpathSync.native(path),
  mayWrite: path => accessSync(path, constants.W_OK),
  open: (path, how) => new DiskFile(openSync(path, FLAGS[how])),
  link: linkSync,
  rename: renameSync,
  remove: path => rmSync(path, { force: true }),
  makeFolders: folder => makeFolders(folder),
  syncFolder: async folder => {
    // Windows can't open folders, and keeps names by itself.
    if (process.platform === 'win32') return
    const handle = openSync(folder, 'r')
    try {
      await syncAll(handle)
    } finally {
      closeSync(handle)
    }
  },
}

class DiskFile implements OpenFile {
  readonly #handle: number

  constructor(handle: number) {
    this.#handle = handle
  }

  facts(): FileFacts {
    return factsOf(fstatSync(this.#handle, { bigint: true }))
  }

  async read(into: Buffer, length: number, at: number): Promise<number> {
    return (await readAt(this.#handle, into, 0, length, at)).bytesRead
  }

  write(bytes: Buffer, at: number | null): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#handle, bytes, done, bytes.length - done, at === null ? null : at + done)
  }

  truncate(bytes: number): void {
    ftruncateSync(this.#handle, bytes)
  }

  sync(): Promise<void> {
    return syncData(this.#handle)
  }

  takeRights({ mode, uid, gid }: FileFacts): void {
    const own = this.facts()
    if (own.uid !== uid) allowed(() => fchownSync(this.#handle, uid, own.gid))
    if (own.gid !== gid) allowed(() => fchownSync(this.#handle, this.facts().uid, gid))
    // Behind the owner: with another one some bits of the mode would be taken away.
    fchmodSync(this.#handle, mode & 0o7777)
  }

  close(): void {
    closeSync(this.#handle)
  }
}

/** Only the superuser may give files away, and some file systems have no owners: what can be kept is kept. */
function allowed(give: () => void): void {
  try {
    give()
  } catch (error) {
    if (!NOT_GIVEN.has(systemCode(error) ?? '')) throw error
  }
}
const NOT_GIVEN = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'])

function factsOf(stats: BigIntStats): FileFacts {
  return {
    id: `${stats.dev}:${stats.ino}`,
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other',
    bytes: Number(stats.size),
    mode: Number(stats.mode),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    changed: String(stats.mtimeNs),
  }
}
