/**
 * Many files made from what was gathered for them, each under a hidden name beside its place, with few of them open at a time.
 *
 * MADE-FILES-1. They depend on the rows and their order alone: not on commits, nor on how often the making was begun again.
 * MADE-FILES-2. What is held in memory is bounded, whatever the files and their number.
 * MADE-FILES-3. Before each step that finds a file by its name the lock is looked at, with nothing in between: so a former holder that wakes up
 *     writes into no file of its successor.
 */
import { createHash, type Hash } from 'node:crypto'
import { dirname } from 'node:path'
import {
  changedError,
  hashPart,
  hexOf,
  hiddenBeside,
  inLargePieces,
  piecesOf,
  refuseChanged,
  syncFolders,
} from './file-parts.ts'
import type { RowFormat } from './file-sink.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'
import type { OutputLock } from './output-lock.ts'
import type { Pack } from './packing.ts'
import type { Remake } from './remade-file.ts'
import type { Frame } from './row-spool.ts'
import type { SettledFile } from './settled-files.ts'
import { asOutputError } from './sink-error.ts'

/** Text that waits for its files; then each gets its part. A compressed file has a member or frame for each part. */
const PART_BYTES = 32 * 1024 * 1024
/** Of what waits for one file. */
const FIRST_BYTES = 1024
const NOTHING: Buffer = Buffer.alloc(0)
/** Files that are synced at a time. */
const AT_ONCE = 8

/** A type, not an interface, so that it is Json. */
export type MadeFile = SettledFile & {
  readonly rows: number
  /** Of the file as it will stand, what it is put behind included. */
  readonly bytes: number
  readonly sha256: string
  /** Of what is put behind what was there; absent where nothing was. */
  readonly added?: { readonly bytes: number; readonly sha256: string }
}

export interface MakingPorts {
  readonly files: FileSystem
  readonly lock: OutputLock
  /** Name of the sink. */
  readonly node: string
  /** Makes hidden names this run's own. */
  readonly suffix: string
  readonly pack: Pack | null
  /** How much text waits for its files; 32 MB, if absent. */
  readonly part_bytes?: number | undefined
}

interface Draft {
  readonly settled: SettledFile
  readonly staged: string
  readonly format: RowFormat
  readonly rows: number
  readonly hash: Hash
  /** Of what is added alone. */
  readonly own: Hash | null
  bytes: number
  /** Null until it was made. */
  facts: FileFacts | null
  /** What is for the file, and not in it yet: the beginning of a buffer. */
  waiting: Buffer
  waiting_bytes: number
}

export interface FileContent {
  readonly settled: SettledFile
  readonly format: RowFormat
  readonly rows: number
}

export const stagedName = ({ path }: SettledFile, suffix: string): string => hiddenBeside(path, suffix)
const remadeName = ({ path }: SettledFile, suffix: string): string => hiddenBeside(path, `${suffix}-remade`)

export interface Made {
  readonly file: MadeFile
  /** What stands under the hidden name. */
  readonly facts: FileFacts
}

export class FileMaker {
  readonly #ports: MakingPorts
  #waiting_bytes = 0

  constructor(ports: MakingPorts) {
    this.#ports = ports
  }

  /**
   * Makes all of them, durably. `frames` have the files' texts, by their places in `contents`.
   * @throws CustodyError CUSTODY_SINK, CUSTODY_SINK_FULL, CUSTODY_OUTPUT_CHANGED.
   */
  async make(frames: AsyncIterable<readonly Frame[]>, contents: readonly FileContent[]): Promise<Made[]> {
    const drafts: Draft[] = []
    for (const content of contents) drafts.push(await this.#begin(content))
    const tops = this.#makeFolders(drafts)
    const { part_bytes = PART_BYTES } = this.#ports
    for await (const some of frames)
      for (const frame of some) {
        const draft = frame.kind === 'text' ? drafts[frame.file] : undefined
        if (frame.kind !== 'text' || draft === undefined) continue
        this.#wait(draft, frame.text)
        // Not in the middle of a row: where that is depends on what else was gathered.
        if (frame.ends_row && this.#waiting_bytes >= part_bytes) await this.#writeAll(drafts)
      }
    for (const draft of drafts) this.#wait(draft, Buffer.from(draft.format.end()))
    await this.#writeAll(drafts)
    for (const draft of drafts) {
      const remake = draft.format.remake?.() ?? null
      if (remake !== null) await this.#remake(draft, remake)
    }
    await this.#sync(drafts, tops)
    return drafts.map(draft => madeOf(draft))
  }

  /** Removes what a making that didn't come to its end has left. */
  remove(settled: readonly SettledFile[]): void {
    const { files, lock, suffix } = this.#ports
    for (const each of settled) {
      lock.check()
      files.remove(stagedName(each, suffix))
      files.remove(remadeName(each, suffix))
    }
  }

  async #begin({ settled, format, rows }: FileContent): Promise<Draft> {
    const { files, suffix, node } = this.#ports
    const staged = stagedName(settled, suffix)
    const { path, prior } = settled
    let hash = createHash('sha256')
    if (prior !== undefined) {
      if (files.facts(path) === null) throw changedError({ node, path }, { kind: 'gone' })
      const file = files.open(path, 'read')
      try {
        hash = await hashPart(file, prior.bytes)
        if (file.facts().bytes !== prior.bytes || hexOf(hash) !== prior.sha256)
          throw changedError({ node, path }, { kind: 'edited' })
      } finally {
        file.close()
      }
    }
    const own = prior === undefined ? null : createHash('sha256')
    return { settled, staged, format, rows, hash, own, bytes: 0, facts: null, waiting: NOTHING, waiting_bytes: 0 }
  }

  /** @returns for each folder that files come to, the topmost one that was made for it. */
  #makeFolders(drafts: readonly Draft[]): ReadonlyMap<string, string | undefined> {
    const { files, node } = this.#ports
    const tops = new Map<string, string | undefined>()
    for (const { settled } of drafts) {
      const folder = dirname(settled.path)
      if (tops.has(folder)) continue
      try {
        tops.set(folder, files.makeFolders(folder))
      } catch (error) {
        throw asOutputError(error, { node, path: settled.path })
      }
    }
    return tops
  }

  #wait(draft: Draft, text: Buffer): void {
    const length = draft.waiting_bytes + text.length
    if (length > draft.waiting.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * length))
      draft.waiting.copy(larger, 0, 0, draft.waiting_bytes)
      draft.waiting = larger
    }
    text.copy(draft.waiting, draft.waiting_bytes)
    draft.waiting_bytes = length
    this.#waiting_bytes += text.length
  }

  async #writeAll(drafts: readonly Draft[]): Promise<void> {
    this.#waiting_bytes = 0
    const { pack, node } = this.#ports
    for (const draft of drafts) {
      if (draft.waiting_bytes === 0) continue
      const text = draft.waiting.subarray(0, draft.waiting_bytes)
      Object.assign(draft, { waiting: NOTHING, waiting_bytes: 0 })
      try {
        this.#write(draft, pack === null ? text : await pack(text))
      } catch (error) {
        throw asOutputError(error, { node, path: draft.settled.path })
      }
    }
  }

  #write(draft: Draft, bytes: Buffer): void {
    const { files, lock } = this.#ports
    lock.check()
    const file = files.open(draft.staged, draft.facts === null ? 'make' : 'append')
    try {
      if (draft.facts !== null) this.#refuseOther(draft, file.facts())
      else this.#takeRights(draft.settled, file)
      file.write(bytes, draft.bytes)
      draft.facts = file.facts()
    } finally {
      file.close()
    }
    draft.hash.update(bytes)
    draft.own?.update(bytes)
    draft.bytes += bytes.length
  }

  /** Who may not read what it replaces, or is put behind, may not read this either. */
  #takeRights({ path, prior, replaced }: SettledFile, file: OpenFile): void {
    const there = prior === undefined && replaced === undefined ? null : this.#ports.files.facts(path)
    if (there !== null) file.takeRights(there)
  }

  #refuseOther({ settled, staged, bytes, facts }: Draft, there: FileFacts | null): void {
    const place = { node: this.#ports.node, path: settled.path }
    const what = `${staged}, in which ${settled.path} grows,`
    refuseChanged(there, { id: facts?.id ?? null, bytes }, place, what)
  }

  /** The file once more, made from what was staged; only one that has no `prior` is made so. */
  async #remake(draft: Draft, remake: Remake): Promise<void> {
    const { files, lock, suffix, node } = this.#ports
    const { settled, staged } = draft
    const remade = remadeName(settled, suffix)
    const hash = createHash('sha256')
    let bytes = 0
    try {
      lock.check()
      const file = files.open(remade, 'make')
      try {
        for await (const piece of inLargePieces(remake(() => piecesOf(files, staged)))) {
          file.write(piece, bytes)
          hash.update(piece)
          bytes += piece.length
        }
        lock.check()
        this.#refuseOther(draft, files.facts(staged))
        files.rename(remade, staged)
        Object.assign(draft, { hash, bytes, facts: file.facts() })
      } finally {
        file.close()
      }
    } catch (error) {
      throw asOutputError(error, { node, path: settled.path })
    }
  }

  async #sync(drafts: readonly Draft[], tops: ReadonlyMap<string, string | undefined>): Promise<void> {
    const { files, node } = this.#ports
    const rest = [...drafts]
    const one = async () => {
      for (let draft = rest.pop(); draft !== undefined; draft = rest.pop()) {
        try {
          const file = files.open(draft.staged, 'append')
          try {
            this.#refuseOther(draft, file.facts())
            await file.sync()
          } finally {
            file.close()
          }
        } catch (error) {
          throw asOutputError(error, { node, path: draft.settled.path })
        }
      }
    }
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, one))
    for (const each of settled) if (each.status === 'rejected') throw each.reason
    for (const [folder, top] of tops) {
      await files.syncFolder(folder)
      if (top !== undefined) await syncFolders(files, folder, dirname(top))
    }
  }
}

function madeOf({ settled, rows, hash, own, bytes, facts }: Draft): Made {
  if (facts === null) throw new TypeError(`${settled.path} has no content`)
  const sha256 = hexOf(hash)
  const { prior } = settled
  const whole = { ...settled, rows, bytes: (prior?.bytes ?? 0) + bytes, sha256 }
  return { file: own === null ? whole : { ...whole, added: { bytes, sha256: hexOf(own) } }, facts }
}
