/**
 * Blobs in Azure Blob Storage. A part is a block that isn’t committed yet: nobody sees it, and Azure removes what isn’t committed within
 * a week. An upload needs no beginning there, and can’t be given up.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { ContainerClient, StoragePipelineOptions } from '@azure/storage-blob'
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
  type Store,
  StoreFailure,
  type Upload,
  unlessAbsent,
  type When,
} from './object-store.ts'
import type { StorageOptions } from './options.ts'

const MiB = 1024 * 1024
const PART_BYTES = 16 * MiB
const MOST_BLOCKS = 50_000

/** Its own attempts aren’t wanted: what is asked again is our decision (attempts.ts). */
const PIPELINE: StoragePipelineOptions = { retryOptions: { maxTries: 1, tryTimeoutInMs: 120_000 } }

export class AzureStore implements Store {
  readonly #container: ContainerClient

  private constructor(container: ContainerClient) {
    this.#container = container
  }

  static async open(container: string, options: StorageOptions): Promise<AzureStore> {
    const { BlobServiceClient, AnonymousCredential, StorageSharedKeyCredential } = await import('@azure/storage-blob')
    const { AZURE_STORAGE_CONNECTION_STRING: from_environment, AZURE_STORAGE_ACCOUNT } = process.env
    const account = options.account ?? AZURE_STORAGE_ACCOUNT
    const named = options.account !== undefined || options.endpoint !== undefined
    const connection = options.connection_string ?? (named ? undefined : from_environment)
    if (connection !== undefined)
      return new AzureStore(BlobServiceClient.fromConnectionString(connection, PIPELINE).getContainerClient(container))
    if (account === undefined && options.endpoint === undefined)
      throw new StoreFailure('credentials', 'neither an account nor a connection string is set')
    const url = options.endpoint ?? `https://${account}.blob.core.windows.net`
    const { account_key, sas_token } = options
    if (sas_token !== undefined) {
      const sas = `${url}?${sas_token.replace(/^\?/, '')}`
      const service = new BlobServiceClient(sas, new AnonymousCredential(), PIPELINE)
      return new AzureStore(service.getContainerClient(container))
    }
    const credential =
      account_key !== undefined
        ? new StorageSharedKeyCredential(account ?? '', account_key)
        : options.anonymous === true
          ? new AnonymousCredential()
          : new (await import('@azure/identity')).DefaultAzureCredential()
    return new AzureStore(new BlobServiceClient(url, credential, PIPELINE).getContainerClient(container))
  }

  partBytes(bytes: number): number {
    return Math.max(PART_BYTES, Math.ceil(bytes / MOST_BLOCKS / MiB) * MiB)
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    let next: string | undefined
    do {
      const pages = this.#container
        .listBlobsFlat({ prefix })
        .byPage(next === undefined ? {} : { continuationToken: next })
      const page = (await asked(() => pages.next())).value
      for (const { name, properties } of page?.segment.blobItems ?? [])
        yield { key: name, bytes: properties.contentLength ?? 0, version: quoted(properties.etag) }
      next = page?.continuationToken
    } while (next !== undefined && next !== '')
  }

  async look(key: string): Promise<ObjectFacts | null> {
    const found = await unlessAbsent(() => asked(() => this.#container.getBlobClient(key).getProperties()))
    if (found === null) return null
    return { bytes: found.contentLength ?? 0, version: quoted(found.etag), mark: markIn(found.metadata, '_') }
  }

  async read(key: string, from: number, version: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { readableStreamBody: body } = await asked(() =>
      this.#container.getBlobClient(key).download(from, undefined, {
        abortSignal: signal,
        conditions: { ifMatch: version },
        // Where the connection breaks is our own matter.
        maxRetryRequests: 0,
      }),
    )
    if (body === undefined) throw new StoreFailure('unavailable', 'the answer has no body')
    // cast: a readable stream of Node’s, of which the type says less.
    return body as AsyncIterable<Buffer>
  }

  async put({ key, mark }: NewObject, content: Buffer, when: When): Promise<void> {
    await asked(() =>
      this.#container.getBlockBlobClient(key).upload(content, content.length, {
        conditions: conditionsOf(when),
        metadata: metadataOf(mark, '_'),
      }),
    )
  }

  async begin({ mark }: NewObject): Promise<string> {
    // Blocks of another run have other names, so that neither takes the other’s.
    return createHash('sha256').update(`${mark.run} ${mark.sha256}`).digest('hex').slice(0, 16)
  }

  async part({ key }: NewObject, id: string, { number, bytes }: Part): Promise<string> {
    const block = Buffer.from(`${id}-${String(number).padStart(6, '0')}`).toString('base64')
    await asked(() => this.#container.getBlockBlobClient(key).stageBlock(block, bytes, bytes.length))
    return block
  }

  async complete(object: NewObject, { id, tags }: Upload, last: Part, when: When): Promise<void> {
    const blocks = [...tags, await this.part(object, id, last)]
    await asked(() =>
      this.#container
        .getBlockBlobClient(object.key)
        .commitBlockList(blocks, { conditions: conditionsOf(when), metadata: metadataOf(object.mark, '_') }),
    )
  }

  async abort(): Promise<void> {
    // Blocks that nobody commits go by themselves.
  }

  /** A list of blocks that aren't there makes no blob; that is found out only for those who may make one. */
  async probe(key: string): Promise<void> {
    const none = Buffer.from(randomUUID()).toString('base64')
    try {
      await asked(() => this.#container.getBlockBlobClient(key).commitBlockList([none]))
    } catch (error) {
      if (!(error instanceof StoreFailure && error.kind === 'no_upload')) throw error
    }
  }

  async close(): Promise<void> {
    // Its connections are those of the process.
  }
}

/** Listings have it without quotes, answers with. */
function quoted(etag: string | undefined): string {
  const text = etag ?? ''
  return text === '' || text.startsWith('"') ? text : `"${text}"`
}

function conditionsOf(when: When): { readonly ifNoneMatch: string } | { readonly ifMatch: string } {
  return when.kind === 'free' ? { ifNoneMatch: '*' } : { ifMatch: when.version }
}

const KINDS: { readonly [code: string]: FailureKind } = {
  ContainerNotFound: 'no_root',
  ContainerBeingDeleted: 'no_root',
  BlobNotFound: 'absent',
  ConditionNotMet: 'changed',
  BlobAlreadyExists: 'changed',
  InvalidBlockList: 'no_upload',
  AuthenticationFailed: 'credentials',
  InvalidAuthenticationInfo: 'credentials',
  NoAuthenticationInformation: 'credentials',
  AuthorizationFailure: 'denied',
  AuthorizationPermissionMismatch: 'denied',
}

async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failureOf(error)
  }
}

function failureOf(error: unknown): StoreFailure {
  if (!(error instanceof Error)) return new StoreFailure('other', String(error))
  // cast: a RestError has these; of others they are undefined.
  const { code, statusCode, details } = error as {
    readonly code?: string
    readonly statusCode?: number
    readonly details?: { readonly errorCode?: string }
  }
  const name = details?.errorCode ?? code ?? ''
  if (/CredentialUnavailableError|AggregateAuthenticationError|AuthenticationRequiredError/.test(error.name))
    return new StoreFailure('credentials', firstLine(error), error)
  const cut = isConnectionError(error) || code === 'REQUEST_SEND_ERROR' || code === 'PARSE_ERROR'
  const kind = KINDS[name] ?? kindOfStatus(statusCode) ?? (cut ? 'unavailable' : 'other')
  const status = statusCode === undefined ? '' : ` (status ${statusCode})`
  return new StoreFailure(kind, `${firstLine(error) || name}${status}`, error)
}

/** What follows has ids and times of the request, which belong to nobody but the service. */
const firstLine = ({ message }: Error) => message.split('\n', 1)[0] ?? ''
