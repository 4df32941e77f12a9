/**
 * Files on an SFTP server. A file is written under a hidden name beside its own, and gets that when it is whole: by a hard link, which fails if
 * the name is taken, or by a renaming that replaces. What is replaced is looked at right before: SFTP has no condition for that.
 */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { FileEntryWithStats, Stats } from 'ssh2'
import {
  type ListedObject,
  type NewObject,
  type ObjectFacts,
  type Part,
  probed,
  type Store,
  StoreFailure,
  type Upload,
  unlessAbsent,
  type When,
} from './object-store.ts'
import type { StorageOptions } from './options.ts'
import { ended, SftpConnection, type SftpFile } from './sftp-connection.ts'

const PART_BYTES = 16 * 1024 * 1024
/** What every server takes in one request; several of them are under way. */
const REQUEST_BYTES = 32 * 1024
const UNDER_WAY = 16

export class SftpStore implements Store {
  readonly #connection: SftpConnection

  private constructor(connection: SftpConnection) {
    this.#connection = connection
  }

  static async open(host: string, options: StorageOptions): Promise<SftpStore> {
    return new SftpStore(await SftpConnection.of(host, options))
  }

  partBytes(): number {
    return PART_BYTES
  }

  async *list(prefix: string, deep: boolean): AsyncGenerator<ListedObject> {
    yield* this.#listFolder(prefix.slice(0, prefix.lastIndexOf('/') + 1), deep)
  }

  async *#listFolder(folder: string, deep: boolean): AsyncGenerator<ListedObject> {
    const entries = await unlessAbsent(() =>
      this.#connection.ask(sftp => ended<FileEntryWithStats[]>(done => sftp.readdir(folder, done))),
    )
    // Where there is none, another way of the pattern may lead somewhere.
    for (const { filename, attrs } of entries ?? []) {
      const key = folder + filename
      const found = attrs.isSymbolicLink() ? await this.#stat(key) : attrs
      if (found?.isFile() === true) yield { key, ...factsOf(found) }
      else if (deep && attrs.isDirectory() && !filename.startsWith('.')) yield* this.#listFolder(`${key}/`, deep)
    }
  }

  async look(key: string): Promise<ObjectFacts | null> {
    const found = await this.#stat(key)
    if (found === null) return null
    if (!found.isFile()) throw new StoreFailure('other', 'it is a folder, or no ordinary file')
    return { ...factsOf(found), mark: null }
  }

  async read(key: string, from: number, version: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return piecesOf(await this.#connection.open(key, 'r'), from, version, signal)
  }

  async put(object: NewObject, content: Buffer, when: When): Promise<void> {
    const id = await this.begin(object)
    await this.complete(object, { id, tags: [] }, { number: 1, at: 0, bytes: content }, when)
  }

  async begin({ key, mark }: NewObject): Promise<string> {
    const id = hiddenName(key, mark.run + mark.sha256)
    await this.#makeFolders(posix.dirname(key))
    await (await this.#connection.open(id, 'w')).close()
    return id
  }

  async part(_object: NewObject, id: string, { at, bytes }: Part): Promise<string> {
    await this.#writeAt(id, at, bytes, false)
    return ''
  }

  async complete({ key }: NewObject, { id }: Upload, last: Part, when: When): Promise<void> {
    await this.#writeAt(id, last.at, last.bytes, true)
    if (when.kind === 'version') {
      const there = await this.look(key)
      if (there?.version !== when.version) throw new StoreFailure('changed', 'something else was written there')
      return await this.#connection.ask(sftp => ended<void>(done => sftp.ext_openssh_rename(id, key, done)))
    }
    if ((await this.#stat(key)) !== null) throw new StoreFailure('changed', 'something stands there')
    try {
      await this.#connection.ask(sftp => ended<void>(done => sftp.ext_openssh_hardlink(id, key, done)))
    } catch (error) {
      if ((await this.#stat(key)) !== null) throw new StoreFailure('changed', 'something came there meanwhile', error)
      // A server without links: its renaming refuses a name that is taken.
      return await this.#connection.ask(sftp => ended<void>(done => sftp.rename(id, key, done)))
    }
    await this.#remove(id)
  }

  async unknown(key: string, _since: Date, mark: NewObject['mark']): Promise<readonly string[]> {
    const id = hiddenName(key, mark.run + mark.sha256)
    return (await this.#stat(id)) === null ? [] : [id]
  }

  abort(_key: string, id: string): Promise<void> {
    return this.#remove(id)
  }

  /** An empty file under a hidden name, which is gone at once, in the folder, or in the nearest that is there. */
  async probe(key: string): Promise<void> {
    let folder = posix.dirname(key)
    while (folder !== '/' && (await this.#stat(folder)) === null) folder = posix.dirname(folder)
    const at = posix.join(folder, posix.basename(key))
    await this.abort(at, await this.begin(probed(at)))
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #stat(path: string): Promise<Stats | null> {
    return unlessAbsent(() => this.#connection.ask(sftp => ended<Stats>(done => sftp.stat(path, done))))
  }

  async #remove(path: string): Promise<void> {
    await unlessAbsent(() => this.#connection.ask(sftp => ended<void>(done => sftp.unlink(path, done))))
  }

  async #makeFolders(folder: string): Promise<void> {
    if (folder === '/' || (await this.#stat(folder)) !== null) return
    await this.#makeFolders(posix.dirname(folder))
    try {
      await this.#connection.ask(sftp => ended<void>(done => sftp.mkdir(folder, done)))
    } catch (error) {
      // Somebody else may have made it.
      if ((await this.#stat(folder)) === null) throw error
    }
  }

  async #writeAt(id: string, at: number, bytes: Buffer, sync: boolean): Promise<void> {
    const file = await unlessAbsent(() => this.#connection.open(id, 'r+'))
    if (file === null) throw new StoreFailure('no_upload', 'the file under its hidden name is gone')
    try {
      for (let from = 0; from < bytes.length; from += UNDER_WAY * REQUEST_BYTES) {
        const piece = bytes.subarray(from, from + UNDER_WAY * REQUEST_BYTES)
        const starts = Array.from({ length: Math.ceil(piece.length / REQUEST_BYTES) }, (_, i) => i * REQUEST_BYTES)
        await Promise.all(
          starts.map(start => file.write(piece.subarray(start, start + REQUEST_BYTES), at + from + start)),
        )
      }
      if (sync) await file.sync()
    } catch (error) {
      await Promise.allSettled([file.close()])
      throw error
    }
    await file.close()
  }
}

async function* piecesOf(
  file: SftpFile,
  from: number,
  version: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const check = async () => {
    const stats = await file.stat()
    if (factsOf(stats).version !== version) throw new StoreFailure('changed', 'it was written to')
    return stats.size
  }
  try {
    const end = await check()
    for (let at = from; at < end && !signal.aborted; ) {
      const size = Math.min(end - at, UNDER_WAY * REQUEST_BYTES)
      const starts = Array.from({ length: Math.ceil(size / REQUEST_BYTES) }, (_, i) => at + i * REQUEST_BYTES)
      const pieces = await Promise.all(starts.map(start => pieceOf(file, start, Math.min(REQUEST_BYTES, end - start))))
      yield Buffer.concat(pieces)
      at += size
    }
    await check()
  } finally {
    // What was read is there, however that ends.
    await Promise.allSettled([file.close()])
  }
}

/** All of it: a server may give less than it is asked for. */
async function pieceOf(file: SftpFile, start: number, size: number): Promise<Buffer> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < size; ) {
    const read = await file.read(buffer, at, size - at, start + at)
    if (read === 0) throw new StoreFailure('changed', 'it ends earlier than it did')
    at += read
  }
  return buffer
}

/** Made of the run and of what the object holds: whoever begins once more finds what was left. */
function hiddenName(key: string, of: string): string {
  const suffix = createHash('sha256').update(of).digest('hex').slice(0, 16)
  return posix.join(posix.dirname(key), `.${posix.basename(key)}.custody-${suffix}`)
}

function factsOf({ size, mtime }: Pick<Stats, 'size' | 'mtime'>): Pick<ObjectFacts, 'bytes' | 'version'> {
  return { bytes: size, version: `${mtime}-${size}` }
}
