/**
 * Objects in Google Cloud Storage, by its JSON API. Not by @google-cloud/storage: its uploads end with their last byte, and here that byte is
 * kept back until the run is sealed.
 *
 * An upload is a resumable session, which takes parts in order; its id is the session’s URI.
 */

import { parseJson } from '../../model/json.ts'
import {
  type FailureKind,
  isConnectionError,
  kindOfStatus,
  type ListedObject,
  markIn,
  metadataOf,
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

/** A multiple of 256 KiB, as sessions want it. */
const PART_BYTES = 16 * 1024 * 1024
const ANSWER_MS = 120_000
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write'

/** What an object’s metadata says; sizes and generations are texts there. */
interface Resource {
  readonly name: string
  readonly size?: string
  readonly generation?: string
  readonly metadata?: { readonly [key: string]: string }
}

type Authorise = (url: string) => Promise<{ readonly [name: string]: string }>

export class GcsStore implements Store {
  readonly #bucket: string
  readonly #endpoint: string
  readonly #authorise: Authorise

  private constructor(bucket: string, endpoint: string, authorise: Authorise) {
    this.#bucket = bucket
    this.#endpoint = endpoint
    this.#authorise = authorise
  }

  static async open(bucket: string, options: StorageOptions): Promise<GcsStore> {
    const emulator = process.env.STORAGE_EMULATOR_HOST
    const endpoint = options.endpoint ?? (emulator === undefined ? undefined : asUrl(emulator))
    const anonymous = options.anonymous === true || (options.endpoint === undefined && emulator !== undefined)
    return new GcsStore(
      bucket,
      (endpoint ?? 'https://storage.googleapis.com').replace(/\/+$/, ''),
      anonymous ? async () => ({}) : await authoriserOf(options),
    )
  }

  partBytes(): number {
    return PART_BYTES
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    let next = ''
    do {
      const query = new URLSearchParams({ prefix, ...(next === '' ? {} : { pageToken: next }) })
      const answer = await this.#ask(`/storage/v1/b/${encodeURIComponent(this.#bucket)}/o?${query}`)
      const page = await jsonOf<{ readonly items?: readonly Resource[]; readonly nextPageToken?: string }>(answer)
      for (const { name, size, generation } of page.items ?? [])
        yield { key: name, bytes: Number(size ?? 0), version: generation ?? '' }
      next = page.nextPageToken ?? ''
    } while (next !== '')
  }

  async look(key: string): Promise<ObjectFacts | null> {
    const found = await unlessAbsent(async () => jsonOf<Resource>(await this.#ask(this.#object(key))))
    if (found === null) return null
    return { bytes: Number(found.size ?? 0), version: found.generation ?? '', mark: markIn(found.metadata, '-') }
  }

  async read(key: string, from: number, version: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    // By precondition, not by `generation`: without versioning what was replaced is gone, and would count as absent.
    const query = new URLSearchParams({ alt: 'media', ifGenerationMatch: version })
    const headers: Fields = from === 0 ? {} : { range: `bytes=${from}-` }
    const answer = await this.#ask(`${this.#object(key)}?${query}`, { headers, signal })
    if (answer.headers.get('content-encoding') === 'gzip')
      throw new StoreFailure('other', 'it is stored with Content-Encoding: gzip, and would be unpacked on its way')
    if (answer.body === null) throw new StoreFailure('unavailable', 'the answer has no body')
    if (from > 0 && answer.status !== 206) throw new StoreFailure('other', 'the store ignores ranges')
    return answer.body
  }

  async put(object: NewObject, content: Buffer, when: When): Promise<void> {
    const id = await this.#session(object, when)
    await this.#send(id, content, `bytes ${rangeOf(0, content.length)}/${content.length}`)
  }

  begin(object: NewObject, when: When): Promise<string> {
    return this.#session(object, when)
  }

  async part({ bytes: total }: NewObject, id: string, { at, bytes }: Part): Promise<string> {
    await this.#send(id, bytes, `bytes ${rangeOf(at, bytes.length)}/${total}`)
    return ''
  }

  /** The session keeps the condition that it was begun with, and heeds it now. */
  async complete(object: NewObject, { id }: Upload, last: Part): Promise<void> {
    await this.#send(id, last.bytes, `bytes ${rangeOf(last.at, last.bytes.length)}/${object.bytes}`)
  }

  async abort(_key: string, id: string): Promise<void> {
    const answer = await this.#fetch(id, { method: 'DELETE', headers: { 'content-length': '0' } })
    // 499: it is given up. 404, 410: it wasn’t there any more.
    if (answer.ok || [404, 410, 499].includes(answer.status)) return
    throw await failureIn(answer)
  }

  async probe(key: string): Promise<void> {
    await this.abort(key, await this.begin(probed(key), { kind: 'free' }))
  }

  async close(): Promise<void> {
    // Its connections are those of the process.
  }

  #object(key: string): string {
    return `/storage/v1/b/${encodeURIComponent(this.#bucket)}/o/${encodeURIComponent(key)}`
  }

  async #session({ key, bytes, mark }: NewObject, when: When): Promise<string> {
    const query = new URLSearchParams({
      uploadType: 'resumable',
      name: key,
      ifGenerationMatch: when.kind === 'free' ? '0' : when.version,
    })
    const answer = await this.#ask(`/upload/storage/v1/b/${encodeURIComponent(this.#bucket)}/o?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-upload-content-length': String(bytes) },
      body: JSON.stringify({ name: key, metadata: metadataOf(mark, '-') }),
    })
    await answer.arrayBuffer()
    const id = answer.headers.get('location')
    if (id === null) throw new StoreFailure('other', 'the answer has no URI of a session')
    return id
  }

  async #send(id: string, bytes: Buffer, range: string): Promise<void> {
    const answer = await this.#fetch(id, {
      method: 'PUT',
      headers: { 'content-range': range },
      // cast: no buffer here is shared with another thread.
      body: bytes as Buffer<ArrayBuffer>,
    })
    await answer.arrayBuffer()
    // 308: the session has the part, and waits for the next one.
    if (answer.ok || answer.status === 308) return
    if (answer.status === 404 || answer.status === 410)
      throw new StoreFailure('no_upload', `the session is over (status ${answer.status})`)
    throw await failureIn(answer)
  }

  async #ask(path: string, init: Asking = {}): Promise<Response> {
    const answer = await this.#fetch(`${this.#endpoint}${path}`, init)
    if (answer.ok) return answer
    throw await failureIn(answer)
  }

  async #fetch(url: string, { headers, signal, ...init }: Asking): Promise<Response> {
    const timeout = AbortSignal.timeout(ANSWER_MS)
    try {
      const authorised = { ...headers, ...(await this.#authorise(url)) }
      // While a body is read nothing but its reader knows whether it still comes.
      return await fetch(url, { ...init, headers: authorised, signal: signal ?? timeout, redirect: 'manual' })
    } catch (error) {
      throw failureOf(error)
    }
  }
}

type Fields = { [name: string]: string }
type Asking = {
  readonly method?: string
  readonly headers?: Fields
  readonly body?: string | Buffer<ArrayBuffer>
  readonly signal?: AbortSignal
}

const asUrl = (host: string) => (/^https?:/.test(host) ? host : `http://${host}`)

const rangeOf = (from: number, length: number) => (length === 0 ? '*' : `${from}-${from + length - 1}`)

async function authoriserOf({ credentials }: StorageOptions): Promise<Authorise> {
  const { GoogleAuth } = await import('google-auth-library')
  const given = credentials === undefined ? {} : { credentials: credentialsIn(credentials) }
  const auth = new GoogleAuth({ scopes: [SCOPE], ...given })
  return async url => {
    try {
      return Object.fromEntries((await auth.getRequestHeaders(url)).entries())
    } catch (error) {
      const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)
      throw new StoreFailure(isConnectionError(error) ? 'unavailable' : 'credentials', message, error)
    }
  }
}

/** The text of a service account’s key file. */
function credentialsIn(text: string): { readonly [key: string]: string } {
  try {
    return parseJson(text)
  } catch {
    // Without the parser’s message: it has pieces of the text.
    throw new StoreFailure('credentials', '`credentials` isn’t the JSON text of a service account’s key')
  }
}

async function jsonOf<T>(answer: Response): Promise<T> {
  try {
    // cast: as the API's reference says.
    return (await answer.json()) as T
  } catch (error) {
    throw new StoreFailure('unavailable', 'the answer was cut off', error)
  }
}

async function failureIn(answer: Response): Promise<StoreFailure> {
  const said = messageIn(await textOf(answer))
  const message = `${said} (status ${answer.status})`
  const no_bucket = answer.status === 404 && /bucket/i.test(said) && !/object/i.test(said)
  const kind: FailureKind = no_bucket ? 'no_root' : (kindOfStatus(answer.status) ?? 'other')
  return new StoreFailure(kind, message)
}

/** As far as it comes. */
async function textOf(answer: Response): Promise<string> {
  try {
    return await answer.text()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Of an answer in the API's form; of others their first line. */
function messageIn(text: string): string {
  const found = /"message":\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1]
  const said = found === undefined ? text.split('\n', 1)[0]?.slice(0, 200) : String(parseJson(found))
  return said === undefined || said === '' ? 'the store refused' : said
}

function failureOf(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error
  const message = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return new StoreFailure(isConnectionError(error) ? 'unavailable' : 'other', message + cause, error)
}
