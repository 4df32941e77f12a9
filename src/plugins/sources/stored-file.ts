/**
 * An object in a store as one of the files that a source reads: of the version that it had when it was listed, and no other.
 *
 * STORED-FILE-1. Where a connection breaks, or ends too early, reading continues behind the last byte that came; what comes is as long as what
 *     was listed.
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { PATIENCE, type Patience, persistently } from '../stores/attempts.ts'
import { type ListedObject, type Store, StoreFailure } from '../stores/object-store.ts'
import type { Stores } from '../stores/open-store.ts'
import { parseStoreUrl, rootUrl, type StoreUrl, urlOf } from '../stores/store-url.ts'
import { type Chunks, type InputPlace, inputName, sourceChanged, sourceError, whereOf } from './byte-reader.ts'
import { byBytes, FilePattern } from './file-pattern.ts'

/** Without a byte; then the connection counts as broken. */
const IDLE_MS = 60_000

/** How a test makes outages short. */
export interface Waiting extends Patience {
  readonly idle_ms: number
}
const WAITING: Waiting = { ...PATIENCE, idle_ms: IDLE_MS }

export class StoredFile {
  readonly url: string
  readonly bytes: number
  readonly version: string
  readonly #store: Store
  readonly #key: string
  #spooled: Promise<{ readonly folder: string; readonly path: string }> | null = null

  constructor(store: Store, url: StoreUrl, { bytes, version }: Pick<ListedObject, 'bytes' | 'version'>) {
    this.url = urlOf(url)
    this.bytes = bytes
    this.version = version
    this.#store = store
    this.#key = url.key
  }

  /** For files that can't be read in one go from their beginning: a private copy, which `dispose` removes. */
  async spooled(place: InputPlace): Promise<string> {
    this.#spooled ??= this.#spool(place)
    return (await this.#spooled).path
  }

  async dispose(): Promise<void> {
    const spooled = await this.#spooled?.catch(() => null)
    this.#spooled = null
    if (spooled != null) await rm(spooled.folder, { recursive: true, force: true })
  }

  async #spool(place: InputPlace): Promise<{ readonly folder: string; readonly path: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'custody-object-'))
    const path = join(folder, 'content')
    const chunks = this.chunks(place)
    try {
      await pipeline(Readable.from(piecesOf(chunks), { objectMode: false }), createWriteStream(path, { mode: 0o600 }))
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw isCustodyError(error) ? error : sourceError(place, `${this.url} can’t be copied to ${folder}: ${error}`)
    } finally {
      await chunks.close()
    }
    return { folder, path }
  }

  /** Its bytes (STORED-FILE-1), from the one `from` on. */
  chunks(place: InputPlace, waiting: Waiting = WAITING, from = 0): Chunks {
    let at = from
    let reading: Reading | null = null
    const drop = () => {
      reading?.stop()
      reading = null
    }
    const piece = async (): Promise<Uint8Array | null> => {
      if (at >= this.bytes) return null
      reading ??= await Reading.begin(this.#store, this.#key, at, this.version)
      const bytes = await reading.next(waiting.idle_ms)
      if (bytes === null) throw new StoreFailure('unavailable', `it ended after ${at} of ${this.bytes} bytes`)
      if (at + bytes.length > this.bytes) throw new StoreFailure('changed', 'it is longer than it was')
      at += bytes.length
      return bytes
    }
    return {
      next: async () => {
        for (const wait_ms of [...waiting.waits_ms, null]) {
          try {
            return await piece()
          } catch (error) {
            drop()
            const again = error instanceof StoreFailure && error.kind === 'unavailable' && wait_ms !== null
            if (!again) throw sourceFailure(place, error)
            await wait(wait_ms)
          }
        }
        return null
      },
      close: async () => drop(),
    }
  }
}

/** One answer under way. */
class Reading {
  readonly #abort: AbortController
  readonly #pieces: AsyncIterator<Uint8Array>

  private constructor(abort: AbortController, pieces: AsyncIterator<Uint8Array>) {
    this.#abort = abort
    this.#pieces = pieces
  }

  static async begin(store: Store, key: string, from: number, version: string): Promise<Reading> {
    const abort = new AbortController()
    const body = await store.read(key, from, version, abort.signal)
    return new Reading(abort, body[Symbol.asyncIterator]())
  }

  /** At least one byte; null at the end. @throws StoreFailure */
  async next(idle_ms: number): Promise<Uint8Array | null> {
    const timer = setTimeout(() => this.#abort.abort(new Error('nothing came any more')), idle_ms)
    try {
      for (;;) {
        const { done, value } = await this.#pieces.next()
        if (done === true) return null
        if (value.length > 0) return value
      }
    } catch (error) {
      if (error instanceof StoreFailure) throw error
      throw new StoreFailure('unavailable', error instanceof Error ? error.message : String(error), error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** What is under way isn't waited for: it may never come. */
  stop(): void {
    this.#abort.abort()
    void Promise.allSettled([this.#pieces.return?.()])
  }
}

async function* piecesOf(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for (let bytes = await chunks.next(); bytes !== null; bytes = await chunks.next()) yield bytes
}

/** What is there now; null if nothing is. @throws CustodyError CUSTODY_SOURCE, CUSTODY_FILE_NOT_FOUND without its bucket. */
export async function lookInStore(place: InputPlace): Promise<StoredFile | null> {
  const url = urlIn(place)
  try {
    const store = await storesOf(place).of(url)
    const found = await persistently(() => store.look(url.key))
    return found === null ? null : new StoredFile(store, url, found)
  } catch (error) {
    throw sourceFailure(place, error)
  }
}

/** A pattern such as `s3://bucket/in/*.csv`. */
export class StoredPattern {
  readonly #url: StoreUrl
  readonly #pattern: FilePattern

  private constructor(url: StoreUrl, pattern: FilePattern) {
    this.#url = url
    this.#pattern = pattern
  }

  static async of(place: InputPlace): Promise<StoredPattern> {
    const url = urlIn(place)
    return new StoredPattern(url, await FilePattern.of(url.key))
  }

  matchesFrom(_folder: string, path: string): boolean {
    const url = parseStoreUrl(path)
    return url !== null && rootUrl(url) === rootUrl(this.#url) && this.#pattern.matches(url.key)
  }

  /** In the order of the bytes of their names. @throws CustodyError as `lookInStore`. */
  async files(place: InputPlace): Promise<readonly StoredFile[]> {
    const { key } = this.#url
    const from = key.search(/[*?[{\\]|[!@+]\(/)
    const deep = key.slice(from).includes('/') || key.includes('**')
    try {
      const store = await storesOf(place).of(this.#url)
      const found = await persistently(async () => {
        const listed: ListedObject[] = []
        // Names that end so stand for folders in the eyes of some programs.
        for await (const each of store.list(key.slice(0, from), deep))
          if (!each.key.endsWith('/') && this.#pattern.matches(each.key)) listed.push(each)
        return listed
      })
      const sorted = found.toSorted((a, b) => byBytes(a.key, b.key))
      return sorted.map(each => new StoredFile(store, { ...this.#url, key: each.key }, each))
    } catch (error) {
      throw sourceFailure(place, error)
    }
  }
}

function storesOf({ stores }: InputPlace): Stores {
  if (stores === undefined) throw new TypeError('a path in a store needs what the store is reached by')
  return stores
}

function urlIn(place: InputPlace): StoreUrl {
  const url = parseStoreUrl(place.path)
  if (url === null) throw sourceError(place, `${place.path} isn’t the URL of an object`)
  return url
}

/** @returns a CustodyError of code CUSTODY_SOURCE, CUSTODY_SOURCE_CHANGED or CUSTODY_FILE_NOT_FOUND. */
function sourceFailure(place: InputPlace, error: unknown): unknown {
  if (!(error instanceof StoreFailure)) return error
  const name = inputName(place)
  const url = parseStoreUrl(place.path)
  const root = url === null ? name : rootUrl(url)
  const absent = (message: string, hint?: string) =>
    new CustodyError('CUSTODY_FILE_NOT_FOUND', message, { where: whereOf(place), hint, cause: error })
  switch (error.kind) {
    case 'absent':
      return absent(`${name} does not exist`)
    case 'no_root':
      return absent(`${root} does not exist: ${error.message}`, 'Correct its name, or the endpoint under `storage`.')
    case 'changed':
      return sourceChanged(place, `${name} was changed or replaced while the run was reading its files`)
    case 'denied':
      return sourceError(
        place,
        `${name} may not be read: ${error.message}`,
        'Give who asks the right to read it.',
        error,
      )
    case 'credentials': {
      const hint = 'Set keys under `storage`, or where the store’s own programs look for them: docs/object-stores.md.'
      return sourceError(place, `${root} doesn’t know who asks: ${error.message}`, hint, error)
    }
    case 'unavailable': {
      const hint = 'Nothing is lost: resume the run when the store can be reached.'
      return sourceError(place, `${name} can’t be read for now: ${error.message}`, hint, error)
    }
    default:
      return sourceError(place, `${name} can’t be read: ${error.message}`, undefined, error)
  }
}
