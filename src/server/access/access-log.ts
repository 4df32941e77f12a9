/**
 * The log of who looked at which row's values: JSON lines in a file beside the ledger, only ever appended to.
 *
 * ACCESS-LOG-1. A line is on the disk before what it tells of goes out; if it can't be written, nothing goes out.
 * ACCESS-LOG-2. Each line has the hash of the one before by the same writer, the first one of a writer that of the line that was the last in
 *     the file then. Where one couldn't be written nobody knows how much of it is there, and a new writer begins. Several servers write one file: each line is written at once, at the end, and none waits for another.
 */

import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AccessLine } from '../../api/access.ts'
import { rangesOf } from '../../host/answers/row-ranges.ts'
import { CustodyError } from '../../model/error.ts'
import { makeFolders } from '../../model/folder.ts'
import { formatTime } from '../../model/time.ts'
import type { Who } from '../who.ts'
import { lastLine } from './last-line.ts'

/** What somebody sees: of which run, which rows; `null` and none as in src/api/access.ts. */
export interface Look {
  readonly what: AccessLine['what']
  readonly run: string | null
  readonly rows: readonly number[]
}

/** Lines that follow each other. */
interface Writer {
  readonly name: string
  /** Hash of its last line. */
  readonly prev: string
}

/** Only who keeps the ledger reads it. */
const FOLDER_MODE = 0o700
const MODE = 0o600
const WRITER_BYTES = 9

export class AccessLog {
  readonly path: string
  private readonly file: FileHandle
  private readonly now_us: () => number
  /** null: the next line begins one. */
  private writer: Writer | null
  private written: Promise<unknown> = Promise.resolve()

  private constructor(path: string, file: FileHandle, now_us: () => number, writer: Writer) {
    this.path = path
    this.file = file
    this.now_us = now_us
    this.writer = writer
  }

  /** Makes the file if it isn't there. @throws CustodyError CUSTODY_ACCESS_LOG */
  static async open(path: string, now_us: () => number): Promise<AccessLog> {
    try {
      makeFolders(dirname(path), FOLDER_MODE)
      const file = await open(path, 'a+', MODE)
      return new AccessLog(path, file, now_us, await newWriter(file))
    } catch (cause) {
      throw unwritable(path, cause)
    }
  }

  /** Returns when it is on the disk. @throws CustodyError CUSTODY_ACCESS_LOG */
  async record({ user, role, by }: Who, looks: readonly Look[]): Promise<void> {
    if (looks.length === 0) return
    const t = formatTime(this.now_us())
    const seen = looks.map(({ what, run, rows }) => ({ t, user, role, by: by.kind, what, run, rows: rangesOf(rows) }))
    const append = () => this.append(seen)
    // One that failed is reported to whoever asked for it; those that follow try again.
    this.written = this.written.then(append, append)
    await this.written
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.written])
    await this.file.close()
  }

  private async append(seen: readonly Omit<AccessLine, 'writer' | 'prev' | 'hash'>[]): Promise<void> {
    try {
      const { name: writer, prev: before } = this.writer ?? (await newWriter(this.file))
      this.writer = null
      let prev = before
      const lines = seen.map(each => {
        const facts = { ...each, writer, prev }
        prev = hashOf(facts)
        return `${JSON.stringify({ ...facts, hash: prev })}\n`
      })
      await this.file.appendFile(lines.join(''))
      await this.file.datasync()
      this.writer = { name: writer, prev }
    } catch (cause) {
      throw unwritable(this.path, cause)
    }
  }
}

async function newWriter(file: FileHandle): Promise<Writer> {
  const last = await lastLine(file)
  // Who died, or had no room, while it wrote leaves part of a line, which is to stay one by itself.
  if (last !== null && !last.is_whole) await file.appendFile('\n')
  return { name: randomBytes(WRITER_BYTES).toString('base64url'), prev: last === null ? '' : hashIn(last.text) }
}

/** `text` without its own hash. */
export function hashOf(facts: Omit<AccessLine, 'hash'>): string {
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}

/** As the line says; of one that says none, that of its text, so that what follows it is tied to it, too. */
function hashIn(text: string): string {
  return /"hash":"([0-9a-f]{64})"\}$/.exec(text)?.[1] ?? createHash('sha256').update(text).digest('hex')
}

function unwritable(path: string, cause: unknown): CustodyError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new CustodyError('CUSTODY_ACCESS_LOG', `${path} can’t be written, so no values are shown: ${why}`, { cause })
}
