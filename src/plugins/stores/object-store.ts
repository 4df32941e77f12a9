/**
 * What an object store, or an SFTP server, is to sources and sinks.
 *
 * OBJECT-STORE-1. What fails is a StoreFailure: its kind says whether asking again may help. Nothing in it is a secret.
 * OBJECT-STORE-2. Nothing is visible under a key before `put` or `complete`, and then all of it is.
 * OBJECT-STORE-3. `put` and `complete` make the object only if its key is as `when` says; what a store can’t promise, it looks at right before.
 */
import { randomUUID } from 'node:crypto'

export interface ObjectFacts {
  readonly bytes: number
  /** Changes with every write: an ETag, a generation, a time with a length. */
  readonly version: string
  /** What the run that wrote it has left with it; null if it has no such mark, or the store keeps none. */
  readonly mark: Mark | null
}

export interface ListedObject extends Pick<ObjectFacts, 'bytes' | 'version'> {
  readonly key: string
}

/** Which run wrote an object, and what it holds. */
export interface Mark {
  readonly run: string
  /** Lower-case hex SHA-256 of its content. */
  readonly sha256: string
}

/** How a key must be for an object to come there: free, or with this version. */
export type When = { readonly kind: 'free' } | { readonly kind: 'version'; readonly version: string }

/** What is about to be written. */
export interface NewObject {
  readonly key: string
  readonly bytes: number
  readonly mark: Mark
}

/** What is begun only to be given up. */
export const probed = (key: string): NewObject => ({ key, bytes: 1, mark: { run: randomUUID(), sha256: 'none' } })

/** One part of an object: `number` from 1, `at` its first byte. */
export interface Part {
  readonly number: number
  readonly at: number
  readonly bytes: Buffer
}

/** An upload under way: what the store calls it, and each part that it has. */
export interface Upload {
  readonly id: string
  readonly tags: readonly string[]
}

export interface Store {
  /** Bytes of each part but the last, of an object of this length. */
  partBytes(bytes: number): number
  /** Objects whose keys begin with `prefix`, in any order; `deep`: also those with more slashes behind it. */
  list(prefix: string, deep: boolean): AsyncIterable<ListedObject>
  /** Null if nothing is there. */
  look(key: string): Promise<ObjectFacts | null>
  /** The bytes from `from` on, of this version. @throws StoreFailure `changed` if it is another one by now. */
  read(key: string, from: number, version: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** Makes an object that is no longer than a part. */
  put(object: NewObject, content: Buffer, when: When): Promise<void>
  /** Begins an upload of parts. @returns its id. */
  begin(object: NewObject, when: When): Promise<string>
  /** Uploads of this key that have no part yet and were begun after `since`: what a process that died knew no id of. */
  unknown?(key: string, since: Date, mark: Mark): Promise<readonly string[]>
  /** @returns what `complete` needs to know of the part. @throws StoreFailure `no_upload` */
  part(object: NewObject, id: string, part: Part): Promise<string>
  /** Uploads the last part, and makes the object of all of them. @throws StoreFailure `no_upload` */
  complete(object: NewObject, upload: Upload, last: Part, when: When): Promise<void>
  /** Gives an upload up; one that isn’t there any more is as good as given up. */
  abort(key: string, id: string): Promise<void>
  /**
   * Makes sure that an object may come under the key, whatever stands there, and leaves nothing there.
   * @throws StoreFailure
   */
  probe(key: string): Promise<void>
  close(): Promise<void>
}

export type FailureKind =
  /** Another attempt may succeed. */
  | 'unavailable'
  /** The object isn’t there (any more). */
  | 'absent'
  /** The key isn’t as it must be: something came there, or what was there is another version. */
  | 'changed'
  /** Whoever asks may not do that. */
  | 'denied'
  /** There is no bucket, container or host of that name. */
  | 'no_root'
  /** Nobody is signed in, or not with what the store knows. */
  | 'credentials'
  /** The upload isn’t there any more. */
  | 'no_upload'
  | 'other'

export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** What names of the metadata are joined by: not every store takes a dash there. */
type Joint = '-' | '_'

/** As an object's own metadata. */
export function metadataOf({ run, sha256 }: Mark, joint: Joint): { [name: string]: string } {
  return { [`custody${joint}run`]: run, [`custody${joint}sha256`]: sha256 }
}

/** null: somebody else has written it. */
export function markIn(metadata: { readonly [name: string]: string } | undefined, joint: Joint): Mark | null {
  const { [`custody${joint}run`]: run, [`custody${joint}sha256`]: sha256 } = metadata ?? {}
  return run === undefined || sha256 === undefined ? null : { run, sha256 }
}

/** What is found, or null if there is no such object. @throws StoreFailure of other kinds. */
export async function unlessAbsent<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof StoreFailure && error.kind === 'absent') return null
    throw error
  }
}

/** `kind`: of an answer with this status; null where it says nothing by itself. */
export function kindOfStatus(status: number | undefined): FailureKind | null {
  if (status === undefined) return null
  if (status === 401) return 'credentials'
  if (status === 403) return 'denied'
  if (status === 404) return 'absent'
  if (status === 409 || status === 412 || status === 304) return 'changed'
  if (status === 408 || status === 429 || status >= 500) return 'unavailable'
  return null
}

/** Codes of a connection that couldn’t be made or kept; asking again may help. */
const CONNECTION =
  /^(ECONN(RESET|REFUSED|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|UND_ERR_\w+|ERR_STREAM_PREMATURE_CLOSE|ABORT_ERR)$/

export function isConnectionError(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : ''
    if (CONNECTION.test(code)) return true
    if (/^(TimeoutError|AbortError|NetworkingError)$/.test(each.name)) return true
    if (/socket hang up|aborted|terminated|fetch failed|premature|Parse Error/i.test(each.message)) return true
  }
  return false
}
