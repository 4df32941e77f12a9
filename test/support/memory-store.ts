/** A store in memory, which can be told to fail. */
import { createHash } from 'node:crypto'
import {
  type ListedObject,
  type NewObject,
  type ObjectFacts,
  type Part,
  probed,
  type Store,
  StoreFailure,
  type Upload,
  type When,
} from '../../src/plugins/stores/object-store.ts'

interface Stored {
  readonly content: Buffer
  readonly version: string
  readonly mark: ObjectFacts['mark']
}

export class MemoryStore implements Store {
  readonly objects = new Map<string, Stored>()
  readonly uploads = new Map<string, { readonly key: string; readonly parts: Buffer[] }>()
  /** Called before each request; what it throws is how that fails. */
  before: (request: string) => void = () => undefined
  /** Called when a request was done, before its answer: what it throws is an answer that got lost. */
  after: (request: string) => void = () => undefined
  /** After how many bytes each answer breaks off. */
  cut_bytes = Number.POSITIVE_INFINITY
  #versions = 0
  readonly #part_bytes: number

  constructor(part_bytes: number) {
    this.#part_bytes = part_bytes
  }

  set(key: string, content: Buffer, mark: ObjectFacts['mark'] = null): void {
    this.objects.set(key, { content, version: String(++this.#versions), mark })
  }

  partBytes(): number {
    return this.#part_bytes
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    this.before('list')
    for (const [key, { content, version }] of this.objects)
      if (key.startsWith(prefix)) yield { key, bytes: content.length, version }
  }

  async look(key: string): Promise<ObjectFacts | null> {
    this.before('look')
    const there = this.objects.get(key)
    return there === undefined ? null : { bytes: there.content.length, version: there.version, mark: there.mark }
  }

  async read(key: string, from: number, version: string): Promise<AsyncIterable<Uint8Array>> {
    this.before('read')
    const there = this.objects.get(key)
    if (there === undefined) throw new StoreFailure('absent', 'gone')
    if (there.version !== version) throw new StoreFailure('changed', 'another version')
    const { cut_bytes } = this
    return (async function* () {
      yield there.content.subarray(from, from + cut_bytes)
      if (from + cut_bytes < there.content.length) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
    })()
  }

  async put({ key, mark }: NewObject, content: Buffer, when: When): Promise<void> {
    this.before('put')
    this.#make(key, content, mark, when)
    this.after('put')
  }

  async begin({ key }: NewObject): Promise<string> {
    this.before('begin')
    const id = `upload-${++this.#versions}`
    this.uploads.set(id, { key, parts: [] })
    this.after('begin')
    return id
  }

  async unknown(key: string): Promise<readonly string[]> {
    return [...this.uploads].filter(([, each]) => each.key === key && each.parts.length === 0).map(([id]) => id)
  }

  async part(_object: NewObject, id: string, { number, bytes }: Part): Promise<string> {
    this.before('part')
    const upload = this.uploads.get(id)
    if (upload === undefined) throw new StoreFailure('no_upload', 'no such upload')
    upload.parts[number - 1] = Buffer.from(bytes)
    return String(number)
  }

  async complete({ key, mark }: NewObject, { id }: Upload, last: Part, when: When): Promise<void> {
    this.before('complete')
    const upload = this.uploads.get(id)
    if (upload === undefined) throw new StoreFailure('no_upload', 'no such upload')
    this.#make(key, Buffer.concat([...upload.parts, last.bytes]), mark, when)
    this.uploads.delete(id)
    this.after('complete')
  }

  async abort(_key: string, id: string): Promise<void> {
    this.before('abort')
    this.uploads.delete(id)
  }

  async probe(key: string): Promise<void> {
    await this.abort(key, await this.begin(probed(key)))
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #make(key: string, content: Buffer, mark: ObjectFacts['mark'], when: When): void {
    const there = this.objects.get(key)
    if (when.kind === 'free' ? there !== undefined : there?.version !== when.version)
      throw new StoreFailure(there === undefined ? 'absent' : 'changed', 'the condition doesn’t hold')
    this.set(key, Buffer.from(content), mark)
  }
}

export const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
