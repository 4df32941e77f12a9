/** A store whose failures have no secret in them, whatever its library, the service or something in between repeats of what it was sent. */
import { Masks, type Secret } from '../masks.ts'
import {
  type ListedObject,
  type NewObject,
  type ObjectFacts,
  type Part,
  type Store,
  StoreFailure,
  type Upload,
  type When,
} from './object-store.ts'
import { SECRETS, type StorageOptions } from './options.ts'

/** Where libraries find what the options don't say. */
const ENVIRONMENT = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AZURE_STORAGE_CONNECTION_STRING']
/** Of a connection string, a SAS token or a key file: what is secret in it stands by itself in requests. */
const WITHIN = /(?:AccountKey=|SharedAccessSignature=|\bsig=)([^;&\s]+)|"private_key"\s*:\s*"((?:[^"\\]|\\.)+)"/g

/** `environment`: of the process. */
export function storeMasks(options: StorageOptions, environment: NodeJS.ProcessEnv = process.env): Masks {
  const given = SECRETS.map(key => ({ name: key, value: options[key] }))
  const found = ENVIRONMENT.map(name => ({ name, value: environment[name] }))
  const secrets = [...given, ...found].flatMap(({ name, value }): readonly Secret[] =>
    typeof value === 'string' ? [value, ...partsOf(value)].map(each => ({ name, value: each })) : [],
  )
  return new Masks(secrets).beside
}

const partsOf = (secret: string): readonly string[] =>
  [...secret.matchAll(WITHIN)].flatMap(([, key, pem]) =>
    pem === undefined ? [key ?? ''] : [pem, pem.replaceAll('\\n', '\n')],
  )

/** The same failure, without the secrets and without what has them. */
export function maskedFailure(error: unknown, masks: Masks): unknown {
  if (!(error instanceof StoreFailure)) return error
  const message = masks.text(error.message)
  const cause = error.cause instanceof Error ? masks.text(error.cause.message) === error.cause.message : true
  return message === error.message && cause ? error : new StoreFailure(error.kind, message)
}

export class MaskedStore implements Store {
  readonly #store: Store
  readonly #masks: Masks
  readonly unknown?: NonNullable<Store['unknown']>

  constructor(store: Store, masks: Masks) {
    this.#store = store
    this.#masks = masks
    if (store.unknown !== undefined)
      this.unknown = (key, since, mark) => this.#asked(async () => (await store.unknown?.(key, since, mark)) ?? [])
  }

  partBytes(bytes: number): number {
    return this.#store.partBytes(bytes)
  }

  async *list(prefix: string, deep: boolean): AsyncGenerator<ListedObject> {
    yield* this.#passed(() => this.#store.list(prefix, deep))
  }

  look(key: string): Promise<ObjectFacts | null> {
    return this.#asked(() => this.#store.look(key))
  }

  async read(key: string, from: number, version: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const pieces = await this.#asked(() => this.#store.read(key, from, version, signal))
    return this.#passed(() => pieces)
  }

  put(object: NewObject, content: Buffer, when: When): Promise<void> {
    return this.#asked(() => this.#store.put(object, content, when))
  }

  begin(object: NewObject, when: When): Promise<string> {
    return this.#asked(() => this.#store.begin(object, when))
  }

  part(object: NewObject, id: string, part: Part): Promise<string> {
    return this.#asked(() => this.#store.part(object, id, part))
  }

  complete(object: NewObject, upload: Upload, last: Part, when: When): Promise<void> {
    return this.#asked(() => this.#store.complete(object, upload, last, when))
  }

  abort(key: string, id: string): Promise<void> {
    return this.#asked(() => this.#store.abort(key, id))
  }

  probe(key: string): Promise<void> {
    return this.#asked(() => this.#store.probe(key))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      throw maskedFailure(error, this.#masks)
    }
  }

  async *#passed<T>(piecesOf: () => AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* piecesOf()
    } catch (error) {
      // What breaks while it comes is an error of the library's stream, or of Node's.
      throw maskedFailure(
        error instanceof StoreFailure || !(error instanceof Error)
          ? error
          : new StoreFailure('unavailable', error.message, error),
        this.#masks,
      )
    }
  }
}
