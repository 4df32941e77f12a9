/**
 * Objects on their way into stores: all parts but the last are sent early, the last one makes the object. What is under way stands in a
 * file beside what is sent, so that whoever continues after a crash sends the rest, or gives it up.
 *
 * UPLOADS-1. An upload is on record before it has a part; one that a process began and had no time to note is found by its key, and given up.
 * UPLOADS-2. Completing can be repeated: an object that the run has made already, as its mark or its content shows, is done.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { parseJson } from '../../model/json.ts'
import { PATIENCE, type Patience, persistently } from './attempts.ts'
import { type FailureKind, type NewObject, type Part, type Store, StoreFailure, type When } from './object-store.ts'

/** An object that is to be made of a file of this machine. */
export interface Content extends NewObject {
  readonly store: Store
  /** Absolute path of the file. */
  readonly at: string
}

/** A line of the file: what became of the upload of a key. */
type Note =
  | { readonly key: string; readonly kind: 'begins'; readonly sha256: string; readonly since: string }
  | { readonly key: string; readonly kind: 'begun'; readonly id: string }
  | { readonly key: string; readonly kind: 'part'; readonly tag: string }
  | { readonly key: string; readonly kind: 'over' }

interface UnderWay {
  readonly sha256: string
  readonly since: string
  /** Null: it isn't known whether the store has begun it. */
  id: string | null
  readonly tags: string[]
}

/** What may be wrong because the object has been made. */
const UNLESS_MADE: readonly FailureKind[] = ['changed', 'absent', 'no_upload', 'unavailable']
/** An upload that is lost is begun once more, so often. */
const BEGINNINGS = 3

export class Uploads {
  readonly #path: string
  readonly #patience: Patience
  readonly #under_way: Map<string, UnderWay>
  /** Keys of uploads that another process began. */
  readonly #before: Set<string>
  /** By key: since when there may be an upload of which a process that died never learned the id, as long as that isn't settled. */
  readonly #unlearned: Map<string, string>

  /** `path`: the file that notes stand in; it is read now, and made when it is needed. */
  constructor(path: string, patience: Patience = PATIENCE) {
    this.#path = path
    this.#patience = patience
    const notes = notesIn(path)
    this.#under_way = underWay(notes)
    this.#before = new Set(this.#under_way.keys())
    this.#unlearned = unlearned(notes)
  }

  /** Sends all parts but the last; nothing of an object that has only one. @throws StoreFailure */
  async stage(content: Content, when: When): Promise<void> {
    if (partsOf(content).count > 1) await this.#repeatedly(async () => void (await this.#stage(content, when)))
  }

  /** Makes the object. @throws StoreFailure `changed` if its key isn't as `when` says, and the object isn't this one. */
  async complete(content: Content, when: When): Promise<void> {
    await this.#make(content, when)
    await this.#settle(content)
  }

  async #make(content: Content, when: When): Promise<void> {
    // Whoever died may have made it, and had no time to note that: some stores answer as if they were busy when more comes for its upload.
    const was_before = this.#before.delete(content.key)
    if (was_before && (await isThere(content, this.#patience))) return await this.#giveUp(content)
    try {
      await this.#repeatedly(() => this.#complete(content, when))
    } catch (error) {
      if (!(error instanceof StoreFailure) || !UNLESS_MADE.includes(error.kind)) throw error
      if (await isThere(content, this.#patience)) return await this.#giveUp(content)
      const gone = error.kind === 'absent' && when.kind === 'version'
      if (!gone) throw error
      // What was to be replaced may go.
      await this.#giveUp(content)
      await this.#make(content, { kind: 'free' })
    }
  }

  /** A store may begin an upload after whoever continued has looked for it: now it has had time for that. What can't be asked for is left. */
  async #settle({ store, key, mark }: Pick<Content, 'key' | 'store' | 'mark'>): Promise<void> {
    const since = this.#unlearned.get(key)
    if (since === undefined) return
    this.#unlearned.delete(key)
    try {
      for (const id of (await store.unknown?.(key, new Date(since), mark)) ?? []) await store.abort(key, id)
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error
    }
  }

  /** Whether anything may be under way. */
  get any(): boolean {
    return this.#under_way.size > 0
  }

  /** Gives up what is under way of these. @throws StoreFailure */
  async giveUp(contents: readonly Pick<Content, 'key' | 'store' | 'mark'>[]): Promise<void> {
    for (const each of contents) {
      await this.#giveUp(each)
      await this.#settle(each)
    }
  }

  async #repeatedly(work: () => Promise<void>): Promise<void> {
    for (let beginning = 1; ; beginning++) {
      try {
        return await work()
      } catch (error) {
        const lost = error instanceof StoreFailure && error.kind === 'no_upload'
        if (!lost || beginning === BEGINNINGS) throw error
      }
    }
  }

  async #stage(content: Content, when: When): Promise<UnderWay & { readonly id: string }> {
    const { store, key, mark } = content
    const before = this.#under_way.get(key)
    if (before !== undefined && (before.sha256 !== mark.sha256 || before.id === null)) await this.#giveUp(content)
    const upload = this.#under_way.get(key) ?? (await this.#begin(content, when))
    const id = upload.id ?? (await this.#begin(content, when)).id ?? ''
    const { bytes: part_bytes, count } = partsOf(content)
    const file = await open(content.at, 'r')
    try {
      while (upload.tags.length < count - 1) {
        const part = await partIn(file, content, upload.tags.length + 1, part_bytes)
        const tag = await this.#ask(content, () => store.part(content, id, part))
        this.#note({ key, kind: 'part', tag })
        upload.tags.push(tag)
      }
    } finally {
      await file.close()
    }
    return { ...upload, id }
  }

  async #begin(content: Content, when: When): Promise<UnderWay> {
    const { store, key, mark } = content
    // Clocks may differ by some seconds.
    const since = new Date(Date.now() - 60_000).toISOString()
    this.#note({ key, kind: 'begins', sha256: mark.sha256, since })
    const upload: UnderWay = { sha256: mark.sha256, since, id: null, tags: [] }
    this.#under_way.set(key, upload)
    upload.id = await persistently(() => store.begin(content, when), this.#patience)
    this.#note({ key, kind: 'begun', id: upload.id })
    return upload
  }

  async #complete(content: Content, when: When): Promise<void> {
    const { store, key } = content
    const { bytes: part_bytes, count } = partsOf(content)
    const upload = count === 1 ? null : await this.#stage(content, when)
    const file = await open(content.at, 'r')
    try {
      const last = await partIn(file, content, count, part_bytes)
      if (upload === null) await persistently(() => store.put(content, last.bytes, when), this.#patience)
      else await this.#ask(content, () => store.complete(content, upload, last, when))
    } finally {
      await file.close()
    }
    await this.#over(key)
  }

  /** An upload that isn't there any more is over; then it is begun anew. */
  async #ask<T>({ key }: Content, work: () => Promise<T>): Promise<T> {
    try {
      return await persistently(work, this.#patience)
    } catch (error) {
      if (error instanceof StoreFailure && error.kind === 'no_upload') await this.#over(key)
      throw error
    }
  }

  async #giveUp({ store, key, mark }: Pick<Content, 'key' | 'store' | 'mark'>): Promise<void> {
    const upload = this.#under_way.get(key)
    if (upload === undefined) return
    const { id, since, sha256 } = upload
    const ids = id === null ? await store.unknown?.(key, new Date(since), { ...mark, sha256 }) : [id]
    for (const each of ids ?? []) await store.abort(key, each)
    await this.#over(key)
  }

  async #over(key: string): Promise<void> {
    if (this.#under_way.delete(key)) this.#note({ key, kind: 'over' })
  }

  #note(note: Note): void {
    appendFileSync(this.#path, `${JSON.stringify(note)}\n`, { mode: 0o600 })
    const descriptor = openSync(this.#path, 'r+')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }
}

function partsOf({ store, bytes }: Content): { readonly bytes: number; readonly count: number } {
  const part = store.partBytes(bytes)
  return { bytes: part, count: Math.max(1, Math.ceil(bytes / part)) }
}

async function partIn(file: FileHandle, { bytes }: Content, number: number, part_bytes: number): Promise<Part> {
  const at = (number - 1) * part_bytes
  const size = Math.min(part_bytes, bytes - at)
  const part = Buffer.allocUnsafeSlow(size)
  for (let done = 0; done < size; ) {
    const { bytesRead } = await file.read(part, done, size - done, at + done)
    if (bytesRead === 0) throw new Error('the file that is sent was cut')
    done += bytesRead
  }
  return { number, at, bytes: part }
}

/** Whether what stands there is this object: by its mark, or where there is none by its content. @throws StoreFailure */
export async function isThere(
  { store, key, bytes, mark }: Omit<Content, 'at'>,
  patience: Patience = PATIENCE,
): Promise<boolean> {
  const there = await persistently(() => store.look(key), patience)
  if (there === null || there.bytes !== bytes) return false
  if (there.mark !== null) return there.mark.run === mark.run && there.mark.sha256 === mark.sha256
  return (await contentHash(store, key, there.version, patience)) === mark.sha256
}

/** Lower-case hex SHA-256 of an object of a version. @throws StoreFailure */
export function contentHash(
  store: Store,
  key: string,
  version: string,
  patience: Patience = PATIENCE,
): Promise<string> {
  return persistently(async () => {
    const abort = new AbortController()
    const hash = createHash('sha256')
    try {
      for await (const piece of await store.read(key, 0, version, abort.signal)) hash.update(piece)
    } catch (error) {
      if (error instanceof StoreFailure) throw error
      throw new StoreFailure('unavailable', error instanceof Error ? error.message : String(error), error)
    }
    return hash.digest('hex')
  }, patience)
}

/** What the file says; a last line that isn't whole was never acted on. */
function notesIn(path: string): readonly Note[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  // cast: this module has written it.
  return lines.map(line => parseJson(line) as Note)
}

function underWay(notes: readonly Note[]): Map<string, UnderWay> {
  const under_way = new Map<string, UnderWay>()
  for (const note of notes) {
    const upload = under_way.get(note.key)
    if (note.kind === 'begins') under_way.set(note.key, { sha256: note.sha256, since: note.since, id: null, tags: [] })
    else if (note.kind === 'over') under_way.delete(note.key)
    else if (upload !== undefined && note.kind === 'begun') upload.id = note.id
    else if (upload !== undefined && note.kind === 'part') upload.tags.push(note.tag)
  }
  return under_way
}

/** The first of each key, whatever came after it. */
function unlearned(notes: readonly Note[]): Map<string, string> {
  const found = new Map<string, string>()
  const begins = new Map<string, string>()
  const lost = (key: string) => {
    const since = begins.get(key)
    begins.delete(key)
    if (since !== undefined && !found.has(key)) found.set(key, since)
  }
  for (const note of notes) {
    if (note.kind === 'begun') begins.delete(note.key)
    else lost(note.key)
    if (note.kind === 'begins') begins.set(note.key, note.since)
  }
  for (const key of [...begins.keys()]) lost(key)
  return found
}
