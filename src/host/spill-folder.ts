/**
 * Files for what doesn't fit into memory while a run is under way: in a folder beside its ledger, since there is a disk for much data.
 *
 * SPILL-FOLDER-1. They have names no longer than it takes to open them, where the system allows that: then they are gone with the process, whatever ends
 *     it. Where it doesn't, they go when they are closed; what a process of the same run left behind goes when the next one begins.
 */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { Spill, SpillFile } from '../engine/ports/spill.ts'
import { besideLedger } from '../ledger/beside.ts'
import { CustodyError } from '../model/error.ts'
import { succeeds } from './succeeds.ts'

/** For each sort, and each side of a join: some thirty thousand rows of two hundred bytes. */
const MEMORY_BYTES = 16 * 1024 * 1024
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL

/** Where it is, for a ledger with this URL. */
export function spillFolder(url: string): string {
  return `${besideLedger(url)}-spill`
}

/** Where sinks keep what goes to a store at the end of a run, for a ledger with this URL. */
export function stagingFolder(url: string): string {
  return resolve(`${besideLedger(url)}-staged`)
}

/** Makes the folder when it is needed, and removes it when nothing is in it any more. */
export function spillBeside(url: string, run: string, memory_bytes = MEMORY_BYTES): Spill {
  return new SpillFolder(spillFolder(url), run, memory_bytes)
}

/** Removes what processes of a run left behind that is finished, where files keep their names. */
export function removeSpill(url: string, run: string): void {
  const folder = spillFolder(url)
  if (!existsSync(folder)) return
  try {
    removeOf(folder, run)
  } catch (cause) {
    throw failure(`what run ${run} left in ${folder} can’t be removed`, cause)
  }
  succeeds(() => rmdirSync(folder))
}

function removeOf(folder: string, run: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith(`${run}-`)) unlinkSync(join(folder, name))
}

class SpillFolder implements Spill {
  readonly memory_bytes: number
  readonly #folder: string
  readonly #run: string
  #files = 0

  constructor(folder: string, run: string, memory_bytes: number) {
    this.memory_bytes = memory_bytes
    this.#folder = folder
    this.#run = run
  }

  create(): SpillFile {
    const path = join(this.#folder, `${this.#run}-${++this.#files}`)
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      // Nobody but this process holds the run: whatever has its name was left by one that is gone.
      if (this.#files === 1) removeOf(this.#folder, this.#run)
      return new NamelessFile(openSync(path, FLAGS, 0o600), path, () => this.#removeFolder())
    } catch (cause) {
      throw failure(`no file can be made in ${this.#folder}`, cause)
    }
  }

  #removeFolder(): void {
    // Another file, or another run, may still need it.
    succeeds(() => rmdirSync(this.#folder))
  }
}

class NamelessFile implements SpillFile {
  readonly #descriptor: number
  /** null once it has no name. */
  #path: string | null
  readonly #onClosed: () => void
  #size = 0
  #closed = false

  constructor(descriptor: number, path: string, onClosed: () => void) {
    this.#descriptor = descriptor
    this.#path = path
    this.#onClosed = onClosed
    this.#loseName()
  }

  append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; )
        at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#size + at)
    } catch (cause) {
      throw failure('what a sort or a join holds can’t be written to a file beside the ledger', cause)
    }
    this.#size += bytes.length
  }

  read(position: number, bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(this.#descriptor, bytes, at, bytes.length - at, position + at)
        if (read === 0) throw new Error('it ends too early')
        at += read
      }
    } catch (cause) {
      throw failure('what a sort or a join holds can’t be read from its file beside the ledger', cause)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    // Nothing of it is needed any more.
    succeeds(() => closeSync(this.#descriptor))
    this.#loseName()
    this.#onClosed()
  }

  #loseName(): void {
    const path = this.#path
    // Some systems keep the name of a file that is open.
    if (path !== null && succeeds(() => unlinkSync(path))) this.#path = null
  }
}

function failure(what: string, cause: unknown): CustodyError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new CustodyError('CUSTODY_SPILL', `${what}${why}`, { cause })
}
