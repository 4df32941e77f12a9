/**
 * A sink whose files go to a store. What is written is staged whole in files of this machine, by the sink that would write them there; from its
 * end on it is sent, and the last part of each makes the object at the seal.
 *
 * STORED-SINK-1. Receipts speak of what is staged: the store has nothing to wind back.
 * STORED-SINK-2. An object comes only where nothing stood, or in the place of what stood there when the run looked.
 * STORED-SINK-3. What is staged goes when all objects are there; until then whoever continues finds all that is needed.
 */
import { existsSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import type { Json, Row } from '../../model/row.ts'
import type { Probed } from '../../sdk/probe.ts'
import type { Artifact, Discarded, Receipt, RowError, Sink, SinkIntent } from '../../sdk/spec.ts'
import { persistently } from '../stores/attempts.ts'
import { type Mark, StoreFailure, type When } from '../stores/object-store.ts'
import type { Stores } from '../stores/open-store.ts'
import { parseStoreUrl, type StoreUrl, urlOf } from '../stores/store-url.ts'
import { type Content, contentHash, isThere, Uploads } from '../stores/uploads.ts'
import type { StagingSink } from './staging-sink.ts'
import { storeError } from './store-error.ts'
import { type Target, targetExists } from './target.ts'

export interface StoredSinkOptions {
  /** `path` is a URL, with places for values where rows name their objects. */
  readonly target: Target
  /** What of the path is written out before the first value; null where it has none. */
  readonly folder: string | null
  /** The path with `*` for each value. */
  readonly pattern: string
  readonly stores: Stores
  /** Absolute folder for what is staged; null outside of runs. */
  readonly staging: string | null
  /** The sink for what is staged in a folder. */
  readonly stagingIn: (folder: string) => StagingSink
}

/** Where an object comes. A type, not an interface, so that it is Json. */
type Goal = { readonly url: string; readonly when: When }

/** A receipt's state: that of what is staged, and where it goes, as far as that is known. */
type State = { readonly local: Json; readonly goals: readonly Goal[] | null }

interface Opened {
  readonly intent: SinkIntent
  readonly folder: string
  readonly local: StagingSink
  readonly uploads: Uploads
}

const NOTES = 'uploads.jsonl'

export class StoredSink implements Sink {
  readonly #options: StoredSinkOptions
  /** Of what stands at the path, as `prepare` found it. */
  #version: string | null = null
  #opened: Opened | null = null
  #goals: readonly Goal[] | null = null
  #receipt: Receipt | null = null
  #published = false

  constructor(options: StoredSinkOptions) {
    this.#options = options
  }

  async prepare(): Promise<SinkIntent> {
    const { target, staging, folder: values, pattern, stagingIn } = this.#options
    if (staging === null) throw new TypeError('a sink of a store needs a folder to stage in')
    const folder = join(staging, `${target.run}-${target.node}`)
    const nothing = { prior_bytes: 0, prior_sha256: null, replaced: null }
    const { staged } = await stagingIn(folder).prepare()
    if (values !== null) {
      await this.#asked(target.path, () => this.#lookAround(values))
      return { path: pattern, mode: target.if_exists, ...nothing, staged, by_value: true }
    }
    const { path, replaced } = await this.#asked(target.path, () => this.#place(target.path, new Set()))
    this.#version = replaced?.version ?? null
    const stood = replaced === null ? null : { bytes: replaced.bytes, sha256: replaced.sha256 }
    return { path, mode: target.if_exists, ...nothing, staged, replaced: stood }
  }

  /** Of objects that rows name, one beside those that they will make. */
  async probe(): Promise<Probed> {
    const { target, folder } = this.#options
    const path = folder === null ? target.path : `${folder}custody-probe`
    const url = parsed(path)
    await this.#asked(path, async () => {
      const store = await this.#options.stores.of(url)
      await persistently(() => store.probe(url.key))
    })
    return { state: 'ok', message: `${folder === null ? path : this.#options.pattern} may be written` }
  }

  async open(intent: SinkIntent, receipt: Receipt | null): Promise<void> {
    const opened = this.#openedAs(intent)
    // cast: receipts of this sink are made below.
    const state = receipt === null ? null : (receipt.state as unknown as State)
    const goals = state?.goals ?? this.#goals
    this.#goals = goals ?? (intent.by_value === true ? null : [await this.#goalOf(intent)])
    this.#receipt = receipt
    try {
      const local = receipt === null || state === null ? null : { ...receipt, state: state.local }
      await opened.local.open(this.#localIntent(intent, opened.folder), local)
    } catch (error) {
      if (!(await this.#isDone(error, intent))) throw error
      this.#published = true
    }
  }

  write(row: Row): RowError | null {
    return this.#open_one.local.write(row)
  }

  async flush(): Promise<Receipt> {
    return this.#received(await this.#open_one.local.flush())
  }

  async settle(): Promise<boolean> {
    const { local, folder, intent } = this.#open_one
    const settled = (await local.settle?.()) ?? false
    if (intent.by_value === true && this.#goals === null) {
      const goals: Goal[] = []
      const taken = new Set<string>()
      for (const { path } of local.staged()) {
        const url = this.#urlOf(path, folder)
        const place = await this.#asked(url, () => this.#place(url, taken))
        taken.add(place.path)
        goals.push({ url: place.path, when: whenOf(place.replaced?.version ?? null) })
      }
      this.#goals = goals
    }
    return settled
  }

  async finish(): Promise<Receipt> {
    await this.settle()
    const receipt = this.#received(await this.#open_one.local.finish())
    for (const { content, goal } of await this.#contents())
      await this.#asked(goal.url, () => this.#open_one.uploads.stage(content, goal.when))
    return receipt
  }

  async publish(): Promise<Artifact | readonly Artifact[] | null> {
    const { uploads, intent } = this.#open_one
    if (!this.#published) {
      for (const { content, goal } of await this.#contents()) {
        const here = existsSync(content.at)
        if (!here && (await this.#asked(goal.url, () => isThere(content)))) continue
        if (!here) throw this.#gone(goal.url, content.at)
        await this.#asked(goal.url, () => uploads.complete(content, goal.when))
      }
      await this.#open_one.local.discard?.()
      this.#published = true
    }
    await this.#removeFolder()
    const made = this.#artifacts()
    return intent.by_value === true ? made : (made[0] ?? null)
  }

  async discard(): Promise<Discarded> {
    const { local } = this.#open_one
    try {
      await this.#giveUp()
      const discarded = (await local.discard?.()) ?? { kind: 'dropped' }
      if (discarded.kind !== 'left') await this.#removeFolder()
      return discarded
    } catch (error) {
      return { kind: 'left', why: error instanceof Error ? error.message : String(error) }
    }
  }

  warnings(): readonly string[] {
    return this.#opened?.local.warnings?.() ?? []
  }

  async close(): Promise<void> {
    const opened = this.#opened
    // A run that stops leaves nothing under way: who continues sends it again. If the store can't be asked, its notes stay.
    if (opened !== null && !this.#published) await Promise.allSettled([this.#giveUp()])
    await opened?.local.close()
    await this.#options.stores.close()
  }

  get #open_one(): Opened {
    if (this.#opened === null) throw new Error('the sink isn’t open')
    return this.#opened
  }

  #openedAs(intent: SinkIntent): Opened {
    if (this.#opened !== null) return this.#opened
    if (intent.staged === null) throw new Error('nothing is staged here')
    const folder = dirname(intent.staged)
    const uploads = new Uploads(join(folder, NOTES))
    this.#opened = { intent, folder, local: this.#options.stagingIn(folder), uploads }
    return this.#opened
  }

  /** The intent of the sink that stages: its folder is the run's own, so that nothing stands there. */
  #localIntent(intent: SinkIntent, folder: string): SinkIntent {
    const { folder: values } = this.#options
    const name = values === null ? LOCAL_NAME : (intent.path ?? '').slice(values.length)
    return { ...intent, path: join(folder, name), mode: 'fail', replaced: null }
  }

  #urlOf(path: string, folder: string): string {
    return `${this.#options.folder}${relative(folder, path).split(sep).join('/')}`
  }

  #received(receipt: Receipt): Receipt {
    const state: State = { local: receipt.state, goals: this.#goals }
    const files = receipt.files?.map((file, i) => ({ ...file, path: this.#goals?.[i]?.url ?? file.path }))
    // cast: a goal's parts are all Json.
    const own = { ...receipt, state: state as unknown as Json, ...(files === undefined ? {} : { files }) }
    this.#receipt = own
    return own
  }

  #artifacts(): readonly Artifact[] {
    const { rows = 0, bytes = 0, sha256 = null, files } = this.#receipt ?? {}
    if (files !== undefined) return files
    const path = this.#goals?.[0]?.url
    return path === undefined || sha256 === null ? [] : [{ path, rows, bytes, sha256 }]
  }

  async #contents(): Promise<readonly { readonly content: Content; readonly goal: Goal }[]> {
    const staged = this.#open_one.local.staged()
    const contents: { content: Content; goal: Goal }[] = []
    for (const [i, { bytes, sha256 }] of this.#artifacts().entries()) {
      const goal = this.#goals?.[i]
      if (goal === undefined) throw new Error('it isn’t known where a file goes')
      const url = parsed(goal.url)
      const mark: Mark = { run: this.#options.target.run, sha256 }
      contents.push({
        goal,
        content: { key: url.key, bytes, mark, store: await this.#options.stores.of(url), at: staged[i]?.at ?? '' },
      })
    }
    return contents
  }

  /** All that may be under way, whatever is known of it by now. */
  async #giveUp(): Promise<void> {
    const { uploads } = this.#open_one
    if (!uploads.any) return
    const mark = { run: this.#options.target.run, sha256: '' }
    for (const { url } of this.#goals ?? [])
      await this.#asked(url, async () => {
        const at = parsed(url)
        await uploads.giveUp([{ key: at.key, mark, store: await this.#options.stores.of(at) }])
      })
  }

  /** What is staged is gone, because the process before this one had come to its end. */
  async #isDone(error: unknown, { staged }: SinkIntent): Promise<boolean> {
    const gone = isCustodyError(error) && error.code === 'CUSTODY_OUTPUT_CHANGED' && !existsSync(staged ?? '')
    const [artifact] = this.#artifacts()
    const goal = this.#goals?.[0]
    if (!gone || artifact === undefined || goal === undefined) return false
    const url = parsed(goal.url)
    const mark = { run: this.#options.target.run, sha256: artifact.sha256 }
    return await this.#asked(goal.url, async () =>
      isThere({ key: url.key, bytes: artifact.bytes, mark, store: await this.#options.stores.of(url) }),
    )
  }

  /** Where the run is resumed and nothing was committed yet, what is replaced must still be what it was. */
  async #goalOf({ path, replaced }: SinkIntent): Promise<Goal> {
    const url = path ?? ''
    if (replaced == null) return { url, when: { kind: 'free' } }
    if (this.#version !== null) return { url, when: whenOf(this.#version) }
    const found = await this.#asked(url, () => this.#look(url))
    if (found !== null && found.sha256 !== replaced.sha256)
      throw storeError(this.#placeOf(url), new StoreFailure('changed', 'something else was written there'))
    return { url, when: whenOf(found?.version ?? null) }
  }

  /** Where an object comes that a path names, and what it takes the place of. */
  async #place(path: string, taken: ReadonlySet<string>) {
    const { target } = this.#options
    if (target.if_exists === 'number') return { path: await this.#freeName(path, taken), replaced: null }
    const url = parsed(path)
    const store = await this.#options.stores.of(url)
    const there = await persistently(() => store.look(url.key))
    if (there === null) return { path, replaced: null }
    if (target.if_exists !== 'replace') throw targetExists(target, this.#placeOf(path))
    return { path, replaced: await this.#look(path) }
  }

  /** With its hash: what a run replaces is on record. */
  async #look(path: string) {
    const url = parsed(path)
    const store = await this.#options.stores.of(url)
    const there = await persistently(() => store.look(url.key))
    if (there === null) return null
    return { ...there, sha256: await contentHash(store, url.key, there.version) }
  }

  async #freeName(path: string, taken: ReadonlySet<string>): Promise<string> {
    const url = parsed(path)
    const store = await this.#options.stores.of(url)
    const extension = extname(basename(url.key))
    const stem = url.key.slice(0, url.key.length - extension.length)
    for (let number = 0, key = url.key; ; key = `${stem}-${++number}${extension}`) {
      const name = urlOf({ ...url, key })
      if (!taken.has(name) && (await persistently(() => store.look(key))) === null) return name
    }
  }

  /** Whether the store can be asked at all: where objects go is known only later. */
  async #lookAround(folder: string): Promise<void> {
    const url = parsed(`${folder}x`)
    await persistently(async () => (await this.#options.stores.of(url)).look(`${url.key.slice(0, -1)}.custody`))
  }

  #placeOf(path: string) {
    return { node: this.#options.target.node, path }
  }

  async #asked<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw error instanceof StoreFailure ? storeError(this.#placeOf(path), error) : error
    }
  }

  #gone(path: string, at: string): CustodyError {
    const message = `${at}, from which ${path} is made, is gone`
    return new CustodyError('CUSTODY_OUTPUT_CHANGED', message, {
      where: this.#placeOf(path),
      hint: 'Put it back as it was, then resume; or give the run up with `custody abandon`.',
    })
  }

  /** It is this sink's in this run alone. */
  async #removeFolder(): Promise<void> {
    const { folder, local } = this.#open_one
    await local.close()
    rmSync(folder, { recursive: true, force: true })
    try {
      rmdirSync(dirname(folder))
    } catch (error) {
      // Other sinks, or other runs, have something there.
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }
}

/** What a file of one path is staged as: its own name may be none that a disk takes. */
export const LOCAL_NAME = 'output'

const whenOf = (version: string | null): When => (version === null ? { kind: 'free' } : { kind: 'version', version })

function parsed(path: string): StoreUrl {
  const url = parseStoreUrl(path)
  if (url === null) throw new TypeError(`${path} isn’t the URL of an object`)
  return url
}
