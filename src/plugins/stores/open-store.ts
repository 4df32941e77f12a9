/** From a URL to its store. */
import { AzureStore } from './azure-store.ts'
import { GcsStore } from './gcs-store.ts'
import { MaskedStore, maskedFailure, storeMasks } from './masked-store.ts'
import { type Store, StoreFailure } from './object-store.ts'
import type { StorageOptions } from './options.ts'
import { S3Store } from './s3-store.ts'
import { SftpStore } from './sftp-store.ts'
import { rootUrl, type StoreUrl } from './store-url.ts'

function openStore({ scheme, root }: StoreUrl, options: StorageOptions): Promise<Store> {
  switch (scheme) {
    case 's3':
      return S3Store.open(root, options)
    case 'az':
      return AzureStore.open(root, options)
    case 'gs':
      return GcsStore.open(root, options)
    case 'sftp':
      return SftpStore.open(root, options)
  }
}

/** @throws StoreFailure `credentials` of what no client can be made of. */
async function openMasked(url: StoreUrl, options: StorageOptions): Promise<Store> {
  const masks = storeMasks(options)
  try {
    return new MaskedStore(await openStore(url, options), masks)
  } catch (error) {
    // Libraries refuse a connection string, for example, by an error of their own.
    const failure = error instanceof Error && !(error instanceof StoreFailure)
    throw maskedFailure(failure ? new StoreFailure('credentials', error.message, error) : error, masks)
  }
}

/** The stores that one source or sink uses: each is opened once, when it is first needed. */
export class Stores {
  readonly #options: StorageOptions
  readonly #opened = new Map<string, Promise<Store>>()

  constructor(options: StorageOptions = {}) {
    this.#options = options
  }

  of(url: StoreUrl): Promise<Store> {
    const name = rootUrl(url)
    const opened = this.#opened.get(name) ?? openMasked(url, this.#options)
    this.#opened.set(name, opened)
    return opened
  }

  async close(): Promise<void> {
    const opened = [...this.#opened.values()]
    this.#opened.clear()
    for (const each of await Promise.allSettled(opened)) if (each.status === 'fulfilled') await each.value.close()
  }
}
