/**
 * One run at a time writes an output: a small hidden file beside it says which, and what that is about to append.
 *
 * OUTPUT-LOCK-1. A lock names its holder (run, machine, process); one whose holder is gone keeps nobody out, and another run's process that
 *     lives keeps everybody out. Whoever continues the same run takes its lock over: the run's lease is what admits it.
 * OUTPUT-LOCK-2. Taking over renames a new file over the old one. Whoever held it finds that out before its next write (`check`).
 * OUTPUT-LOCK-3. What is announced is in the file before any of it is in the output: so the run's own bytes behind the last receipt can be told from those
 *     that others wrote.
 *
 * Where no file can be made beside the output, the lock is in the user's state folder.
 */
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Holder, isAlive, parseHolder, thisProcess } from '../../model/holder.ts'
import { parseJson } from '../../model/json.ts'
import { changedError, hiddenBeside } from './file-parts.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'
import { type OutputPlace, outputError, systemCode } from './sink-error.ts'

/** The holder's line, and behind it the line of what is announced, padded with blanks. */
const HOLDER_BYTES = 4096
const ANNOUNCED_BYTES = 64
/** Rights of others to see who holds an output: those that they have to the output itself. */
const READ_WRITE = 0o666
const OWNER = 0o600

/** What is going to stand behind `at`. */
export interface Announced {
  readonly at: number
  readonly text: Buffer
}

interface Found {
  readonly run: string
  /** null if it was given up. */
  readonly holder: Holder | null
  readonly announced: Announced | null
}

export class OutputLock {
  readonly #files: FileSystem
  readonly #run: string
  readonly #path: string
  #place: OutputPlace
  #name: string | null = null
  #file: OpenFile | null = null
  #announced: Announced | null = null
  #unfinished: string | null = null

  constructor(files: FileSystem, run: string, path: string, place: OutputPlace) {
    this.#files = files
    this.#run = run
    this.#path = path
    this.#place = place
  }

  /** What the run announced last, in this process or in one before it. */
  get announced(): Announced | null {
    return this.#announced
  }

  /** Another run that has written to the output, and neither ended nor was given up, when this one took the lock; null if there was none. */
  get unfinished(): string | null {
    return this.#unfinished
  }

  /** Whether another run holds it. Touches nothing. */
  isHeld(): boolean {
    return this.#holder() !== null
  }

  /** @throws CustodyError CUSTODY_OUTPUT_HELD if another run does. */
  refuseIfHeld(): void {
    const found = this.#holder()
    if (found !== null) throw this.#held(found)
  }

  /**
   * Takes it; its folder is there. `like`: the file whose rights it gets.
   * @throws CustodyError CUSTODY_OUTPUT_HELD.
   */
  take(like: FileFacts | null): void {
    if (this.#file !== null) return this.check()
    this.refuseIfHeld()
    const before = this.#names().flatMap(name => this.#read(name) ?? [])
    this.#announced = before.find(({ run }) => run === this.#run)?.announced ?? null
    this.#unfinished = before.find(({ run, announced }) => run !== this.#run && announced !== null)?.run ?? null
    let refused: unknown = null
    for (const [i, name] of this.#names().entries()) {
      try {
        if (i > 0) this.#files.makeFolders(stateFolder())
        // Named by the run, so that what is left of it by one of its processes is found by the next.
        this.#make(name, this.#names(`lock-${this.#run}`)[i] ?? name, like)
        return
      } catch (error) {
        if (!UNWRITABLE.has(systemCode(error) ?? '')) throw error
        refused ??= error
      }
    }
    throw refused
  }

  /** @throws CustodyError CUSTODY_OUTPUT_HELD, CUSTODY_RUN_LOST, CUSTODY_OUTPUT_CHANGED if it is no longer held. */
  check(): void {
    const [name, file] = [this.#name, this.#file]
    if (name === null || file === null) throw new Error('a lock is used that wasn’t taken')
    const there = this.#files.facts(name)
    if (there?.id === file.facts().id) return
    const found = this.#read(name)
    if (found === null) throw changedError(this.#place, { kind: 'gone' }, `the lock ${name}`)
    if (found.run !== this.#run) throw this.#held(found)
    throw outputError('CUSTODY_RUN_LOST', this.#place, `another process has resumed this run, and writes ${this.#path}`)
  }

  /** Says what is about to be written; durable with `sync`. */
  announce(at: number, text: Buffer): void {
    const line = filled(JSON.stringify({ at, bytes: text.length }), ANNOUNCED_BYTES)
    this.#file?.write(Buffer.concat([line, text]), HOLDER_BYTES)
    this.#announced = { at, text }
  }

  async sync(): Promise<void> {
    await this.#file?.sync()
  }

  /**
   * Lets others write the output. What was announced is kept for whoever continues the run, unless `done`. A lock that was
   * taken over stays as it is.
   */
  giveUp(done: boolean): void {
    const [name, file] = [this.#name, this.#file]
    this.#name = null
    this.#file = null
    if (name === null || file === null) return
    try {
      if (this.#files.facts(name)?.id !== file.facts().id) return
      if (done || this.#announced === null) this.#files.remove(name)
      else file.write(filled(JSON.stringify({ run: this.#run }), HOLDER_BYTES), 0)
    } finally {
      file.close()
    }
  }

  #names(suffix = 'lock'): readonly [string, string] {
    const hash = createHash('sha256').update(this.#path).digest('hex')
    return [hiddenBeside(this.#path, suffix), join(stateFolder(), `${hash}.${suffix}`)]
  }

  /** The other run's lock that keeps this one out. */
  #holder(): Found | null {
    for (const name of this.#names()) {
      const found = this.#read(name)
      if (found !== null && found.run !== this.#run && found.holder !== null && isAlive(found.holder)) return found
    }
    return null
  }

  /** null if there is none, or one whose maker died while it made it. */
  #read(name: string): Found | null {
    const content = this.#files.content(name)
    return content === null ? null : parse(content)
  }

  /** The new file comes into the place of an old one only as a whole. */
  #make(name: string, fresh: string, like: FileFacts | null): void {
    this.#files.remove(fresh)
    const file = this.#files.open(fresh, 'make')
    try {
      if (like !== null) file.takeRights({ ...like, mode: (like.mode & READ_WRITE) | OWNER })
      file.write(filled(JSON.stringify({ run: this.#run, ...thisProcess() }), HOLDER_BYTES), 0)
      this.#file = file
      if (this.#announced !== null) this.announce(this.#announced.at, this.#announced.text)
      // Whoever was quicker holds it: look again, with nothing in between.
      this.refuseIfHeld()
      this.#files.rename(fresh, name)
      this.#name = name
    } catch (error) {
      this.#file = null
      file.close()
      this.#files.remove(fresh)
      throw error
    }
  }

  #held({ run, holder }: Found): Error {
    const process =
      holder === null
        ? ''
        : ` (pid ${holder.pid}${holder.host === thisProcess().host ? '' : ` on ${holder.host.split(' ')[0]}`})`
    const message = `${this.#path} is being written by run ${run}${process}`
    const hint = `Wait until that run has ended, or stop it. If its process is gone for good, remove ${this.#names()[0]}.`
    return outputError('CUSTODY_OUTPUT_HELD', this.#place, message, hint)
  }
}

/** Error codes of a folder in which nothing can be made. */
const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS'])

function stateFolder(): string {
  const { XDG_STATE_HOME: folder } = process.env
  return join(folder === undefined || folder === '' ? join(homedir(), '.local', 'state') : folder, 'custody', 'outputs')
}

function filled(text: string, bytes: number): Buffer {
  const line = Buffer.alloc(bytes, ' ')
  line.write(text)
  line[bytes - 1] = 0x0a
  return line
}

function parse(bytes: Buffer): Found | null {
  const text = bytes.subarray(0, HOLDER_BYTES).toString('utf8').trim()
  const line = bytes
    .subarray(HOLDER_BYTES, HOLDER_BYTES + ANNOUNCED_BYTES)
    .toString('utf8')
    .trim()
  try {
    const { run } = parseJson(text) as { readonly run?: unknown }
    if (typeof run !== 'string') return null
    return { run, holder: parseHolder(text), announced: line === '' ? null : announcedOf(parseJson(line), bytes) }
  } catch {
    return null
  }
}

function announcedOf({ at, bytes: length }: { readonly at: number; readonly bytes: number }, bytes: Buffer): Announced {
  const from = HOLDER_BYTES + ANNOUNCED_BYTES
  return { at, text: bytes.subarray(from, from + length) }
}
