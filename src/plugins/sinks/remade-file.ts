/**
 * A file that is made once more from what is staged, when all of that is there. It has a hidden name of its own; what is staged is
 * removed when it has come into its place.
 */
import type { Discarded, Receipt, SinkIntent } from '../../sdk/spec.ts'
import { hiddenBeside, inLargePieces, piecesOf, suffixOf } from './file-parts.ts'
import type { FileSystem } from './file-system.ts'
import type { Extent, Outlet } from './outlet.ts'
import { asOutputError, type OutputPlace } from './sink-error.ts'
import type { StagedFile } from './staged-file.ts'

/**
 * How a file is made once more from all that is staged for it. The same bytes staged make the same file, whatever pieces they come in.
 * @param staged what is staged, in pieces; it may be read several times
 */
export type Remake = (staged: () => AsyncIterable<Buffer>) => AsyncIterable<Buffer>

/** The same intent, for the file that is made. @param staged of the other one */
function remadeIntent(intent: SinkIntent, { path }: OutputPlace, staged: string): SinkIntent {
  return { ...intent, staged: hiddenBeside(path, `${suffixOf(staged)}-remade`) }
}

export class RemadeFile implements Outlet {
  readonly #files: FileSystem
  readonly #file: StagedFile
  readonly #place: OutputPlace
  /** What it is made from. */
  #staged: string | null = null
  #own: string | null = null

  constructor(files: FileSystem, file: StagedFile, place: OutputPlace) {
    this.#files = files
    this.#file = file
    this.#place = place
  }

  /** Where it stands until it comes into its place; null before it was made or opened. */
  get stagedName(): string | null {
    return this.#own
  }

  /** Makes it, and makes it durable; what a process that died has left of it is removed first. */
  async make(intent: SinkIntent, remake: Remake): Promise<Extent> {
    const own = this.#take(intent)
    this.#files.remove(own.staged)
    let extent = await this.#file.open(own.intent, null, false)
    for await (const piece of inLargePieces(remake(() => this.#pieces(own.from))))
      extent = await this.#file.write(piece)
    return extent
  }

  open(intent: SinkIntent, receipt: Receipt | null, finished: boolean): Promise<Extent> {
    return this.#file.open(this.#take(intent).intent, receipt, finished)
  }

  write(bytes: Buffer): Promise<Extent> {
    return this.#file.write(bytes)
  }

  check(): void {
    this.#file.check()
  }

  async publish(): Promise<string> {
    const path = await this.#file.publish()
    this.#removeStaged()
    return path
  }

  async discard(): Promise<Discarded> {
    const discarded = await this.#file.discard()
    if (discarded.kind === 'dropped') this.#removeStaged()
    return discarded
  }

  /** Removes what a process that died has left of it. */
  forget(intent: SinkIntent): void {
    this.#files.remove(this.#take(intent).staged)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #take(intent: SinkIntent): { readonly intent: SinkIntent; readonly staged: string; readonly from: string } {
    if (intent.staged === null) throw new Error('only what is staged can be made once more')
    this.#staged = intent.staged
    const own = remadeIntent(intent, this.#place, intent.staged)
    this.#own = own.staged
    return { intent: own, staged: own.staged ?? '', from: intent.staged }
  }

  async *#pieces(from: string): AsyncGenerator<Buffer> {
    try {
      yield* piecesOf(this.#files, from)
    } catch (error) {
      throw asOutputError(error, this.#place)
    }
  }

  #removeStaged(): void {
    try {
      if (this.#staged !== null) this.#files.remove(this.#staged)
    } catch (error) {
      throw asOutputError(error, this.#place)
    }
  }
}
