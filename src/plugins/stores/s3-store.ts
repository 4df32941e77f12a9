/** Objects in Amazon S3, and in stores that speak its protocol. */
import { Readable } from 'node:stream'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
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

const MiB = 1024 * 1024
const PART_BYTES = 16 * MiB
/** S3 has no more parts of an object. */
const MOST_PARTS = 10_000
const CONNECT_MS = 10_000
/** Without a byte. */
const IDLE_MS = 60_000

type Library = typeof import('@aws-sdk/client-s3')

export class S3Store implements Store {
  readonly #library: Library
  readonly #client: S3Client
  readonly #bucket: string

  private constructor(library: Library, client: S3Client, bucket: string) {
    this.#library = library
    this.#client = client
    this.#bucket = bucket
  }

  static async open(bucket: string, options: StorageOptions): Promise<S3Store> {
    const library = await import('@aws-sdk/client-s3')
    return new S3Store(library, new library.S3Client(configOf(options)), bucket)
  }

  partBytes(bytes: number): number {
    return Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS / MiB) * MiB)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    let next: string | undefined
    do {
      const page = await this.#ask(
        new this.#library.ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix, ContinuationToken: next }),
        output => this.#client.send(output),
      )
      for (const { Key, Size, ETag } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, bytes: Size ?? 0, version: ETag ?? '' }
      next = page.NextContinuationToken
    } while (next !== undefined)
  }

  async look(key: string): Promise<ObjectFacts | null> {
    const head = await unlessAbsent(() =>
      this.#ask(new this.#library.HeadObjectCommand(this.#named(key)), each => this.#client.send(each)),
    )
    if (head === null) return await this.#absent()
    return { bytes: head.ContentLength ?? 0, version: head.ETag ?? '', mark: markIn(head.Metadata, '-') }
  }

  /** A HEAD has no body: whether it is the bucket that isn’t there has to be asked for. */
  async #absent(): Promise<null> {
    await this.#ask(new this.#library.ListObjectsV2Command({ Bucket: this.#bucket, MaxKeys: 1 }), each =>
      this.#client.send(each),
    ).catch((error: unknown) => {
      // Whoever may read objects needn't be allowed to list them.
      if (!(error instanceof StoreFailure && error.kind === 'denied')) throw error
    })
    return null
  }

  async read(key: string, from: number, version: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const range = from === 0 ? {} : { Range: `bytes=${from}-` }
    const { Body: body } = await this.#ask(
      new this.#library.GetObjectCommand({ ...this.#named(key), IfMatch: version, ...range }),
      each => this.#client.send(each, { abortSignal: signal }),
    )
    if (!(body instanceof Readable)) throw new StoreFailure('unavailable', 'the answer has no body')
    return body
  }

  async put(object: NewObject, content: Buffer, when: When): Promise<void> {
    await this.#ask(
      new this.#library.PutObjectCommand({ ...this.#new(object), Body: content, ...conditionOf(when) }),
      each => this.#client.send(each),
    )
  }

  async begin(object: NewObject): Promise<string> {
    const { UploadId: id } = await this.#ask(new this.#library.CreateMultipartUploadCommand(this.#new(object)), each =>
      this.#client.send(each),
    )
    if (id === undefined) throw new StoreFailure('other', 'the answer has no id of an upload')
    return id
  }

  async unknown(key: string, since: Date): Promise<readonly string[]> {
    const page = await this.#ask(
      new this.#library.ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: key }),
      each => this.#client.send(each),
    )
    const ids: string[] = []
    for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
      if (Key === key && UploadId !== undefined && (Initiated === undefined || Initiated >= since)) {
        const { Parts = [] } = await this.#ask(
          new this.#library.ListPartsCommand({ ...this.#named(key), UploadId, MaxParts: 1 }),
          each => this.#client.send(each),
        )
        if (Parts.length === 0) ids.push(UploadId)
      }
    return ids
  }

  async part({ key }: NewObject, id: string, { number, bytes }: Part): Promise<string> {
    const { ETag: tag } = await this.#ask(
      new this.#library.UploadPartCommand({ ...this.#named(key), UploadId: id, PartNumber: number, Body: bytes }),
      each => this.#client.send(each),
    )
    if (tag === undefined) throw new StoreFailure('other', 'the answer has no tag of the part')
    return tag
  }

  async complete(object: NewObject, { id, tags }: Upload, last: Part, when: When): Promise<void> {
    const all = [...tags, await this.part(object, id, last)]
    // Not every store that speaks S3 heeds the condition here.
    await this.#mustBe(object.key, when)
    await this.#ask(
      new this.#library.CompleteMultipartUploadCommand({
        ...this.#named(object.key),
        UploadId: id,
        MultipartUpload: { Parts: all.map((ETag, i) => ({ ETag, PartNumber: i + 1 })) },
        ...conditionOf(when),
      }),
      each => this.#client.send(each),
    )
  }

  async abort(key: string, id: string): Promise<void> {
    try {
      await this.#ask(new this.#library.AbortMultipartUploadCommand({ ...this.#named(key), UploadId: id }), each =>
        this.#client.send(each),
      )
    } catch (error) {
      if (!(error instanceof StoreFailure && error.kind === 'no_upload')) throw error
    }
  }

  async probe(key: string): Promise<void> {
    await this.abort(key, await this.begin(probed(key)))
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  async #mustBe(key: string, when: When): Promise<void> {
    const there = await this.look(key)
    if ((when.kind === 'free') !== (there === null) || (when.kind === 'version' && there?.version !== when.version))
      throw new StoreFailure('changed', 'something else was written there')
  }

  #named(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: key }
  }

  #new({ key, mark }: NewObject) {
    return { ...this.#named(key), Metadata: metadataOf(mark, '-') }
  }

  async #ask<C, O>(command: C, send: (command: C) => Promise<O>): Promise<O> {
    try {
      return await send(command)
    } catch (error) {
      throw failureOf(error)
    }
  }
}

function configOf(options: StorageOptions): S3ClientConfig {
  const { endpoint, region, path_style, access_key_id, secret_access_key, session_token } = options
  const keys =
    access_key_id === undefined || secret_access_key === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: access_key_id,
            secretAccessKey: secret_access_key,
            ...(session_token === undefined ? {} : { sessionToken: session_token }),
          },
        }
  return {
    // What is asked again is our own decision (attempts.ts).
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: IDLE_MS },
    ...(region === undefined ? {} : { region }),
    // Other stores than Amazon's may not know its newer checksums.
    ...(endpoint === undefined
      ? {}
      : { endpoint, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' }),
    forcePathStyle: path_style ?? endpoint !== undefined,
    ...keys,
  }
}

function conditionOf(when: When): { readonly IfNoneMatch: string } | { readonly IfMatch: string } {
  return when.kind === 'free' ? { IfNoneMatch: '*' } : { IfMatch: when.version }
}

const KINDS: { readonly [name: string]: FailureKind } = {
  NoSuchBucket: 'no_root',
  NoSuchKey: 'absent',
  NotFound: 'absent',
  NoSuchUpload: 'no_upload',
  PreconditionFailed: 'changed',
  ConditionalRequestConflict: 'changed',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  ExpiredToken: 'credentials',
  InvalidToken: 'credentials',
  CredentialsProviderError: 'credentials',
  SlowDown: 'unavailable',
  RequestTimeout: 'unavailable',
  InternalError: 'unavailable',
  ServiceUnavailable: 'unavailable',
  IncompleteBody: 'unavailable',
  BadDigest: 'unavailable',
}

function failureOf(error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error
  if (!(error instanceof Error)) return new StoreFailure('other', String(error))
  // cast: only the SDK has errors with such a property.
  const metadata = '$metadata' in error ? (error.$metadata as { readonly httpStatusCode?: number }) : {}
  const known = KINDS[error.name] ?? kindOfStatus(metadata.httpStatusCode)
  // An answer that was cut off can't be read as XML.
  const cut = isConnectionError(error) || /deserializ/i.test(error.message) || metadata.httpStatusCode === 200
  const status = metadata.httpStatusCode === undefined ? '' : ` (status ${metadata.httpStatusCode})`
  const message = `${error.message === '' || error.message === 'UnknownError' ? error.name : error.message}${status}`
  return new StoreFailure(known ?? (cut ? 'unavailable' : 'other'), message, error)
}
