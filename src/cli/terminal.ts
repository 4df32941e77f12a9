/**
 * The two streams of a command, and how they may be used.
 *
 * TERMINAL-1. Answers go to standard output, everything reported on the way (progress, summaries, diagnostics) to standard error.
 * TERMINAL-2. Colour and the live line appear only on a terminal; NO_COLOR and FORCE_COLOR are honoured.
 * TERMINAL-3. Nothing that a terminal could act on is written but what this file makes: line breaks, and the colours of `paint`, which
 *     carry a mark that no data can know. Whatever else comes along in a text (from a ledger, a file, a plugin, an argument) is
 *     written as an escape; in JSON as one that stands for the same value. Files that are checked byte for byte go out as they are, where
 *     standard output is no terminal.
 * TERMINAL-4. A reader that goes away (`| head`) is no error: what follows is dropped. Whoever reads only one stream gets all of it.
 */
import { randomBytes } from 'node:crypto'
import { styleText } from 'node:util'
import { jsonPrintable } from '../model/unsafe-text.ts'
import { columnsOf, printableLines } from './render/text.ts'

export type Style = Parameters<typeof styleText>[0]
/** Puts a style on a text, or leaves it as it is where there is no colour. */
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text

/** What a terminal needs of a stream; `process.stdout` fits, and so does a small object in a test. */
export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  on?(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

export type Environment = { readonly [name: string]: string | undefined }

const DEFAULT_COLUMNS = 120

export class Terminal {
  readonly env: Environment
  /** Styles for standard output and standard error. */
  readonly paint: Paint
  readonly paint_stderr: Paint
  private readonly stdout: OutputStream
  private readonly stderr: OutputStream
  private closed = false
  private stderr_closed = false
  private failure: Error | null = null
  private live_columns = 0

  constructor(stdout: OutputStream, stderr: OutputStream, env: Environment) {
    this.stdout = stdout
    this.stderr = stderr
    this.env = env
    this.paint = paintFor(stdout, env)
    this.paint_stderr = paintFor(stderr, env)
    stdout.on?.('error', error => {
      this.closed = true
      if (!READER_GONE.has(error.code)) this.failure ??= error
    })
    // There is nowhere left to report it.
    stderr.on?.('error', () => {
      this.stderr_closed = true
    })
  }

  /** What `answer` writes of a text, for whoever draws it by other means. */
  printed(text: string): string {
    return safe(text)
  }

  /** Writes lines of the answer to standard output. */
  answer(text: string): void {
    this.clearLive()
    if (!this.closed) this.stdout.write(`${safe(text)}\n`)
  }

  /** Writes one JSON value to standard output. */
  answerJson(value: unknown): void {
    this.answer(jsonPrintable(JSON.stringify(value, null, this.stdout.isTTY === true ? 2 : undefined)))
  }

  /** Writes a file to standard output, byte for byte unless that is a terminal (TERMINAL-3). */
  answerFile(text: string): void {
    this.clearLive()
    if (!this.closed) this.stdout.write(this.stdout.isTTY === true ? safe(text) : text)
  }

  /** Writes lines to standard error. */
  report(text: string): void {
    this.clearLive()
    if (!this.stderr_closed) this.stderr.write(`${safe(text)}\n`)
  }

  /** Replaces the live line; does nothing where standard error is no terminal. */
  live(text: string): void {
    if (!this.isLive) return
    this.stderr.write(`\r${safe(text)}\x1b[K`)
    this.live_columns = Math.max(1, columnsOf(text))
  }

  get isLive(): boolean {
    return this.stderr.isTTY === true && !this.stderr_closed && this.env.TERM !== 'dumb'
  }

  /** True once nobody reads standard output any more: long answers may stop. */
  get isClosed(): boolean {
    return this.closed
  }

  /** Why standard output couldn't be written, if it couldn't; null if its reader just went away. */
  get lost(): Error | null {
    return this.failure
  }

  get columns(): number {
    return columnsFor(this.stdout, this.env)
  }

  get columns_stderr(): number {
    return columnsFor(this.stderr, this.env)
  }

  /** Removes the live line. */
  clearLive(): void {
    if (this.live_columns === 0) return
    this.live_columns = 0
    this.stderr.write('\r\x1b[K')
  }
}

const READER_GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED'])

function columnsFor(stream: OutputStream, env: Environment): number {
  const width = stream.isTTY === true ? stream.columns : Number(env.COLUMNS)
  return width !== undefined && Number.isInteger(width) && width > 0 ? Math.max(40, width) : DEFAULT_COLUMNS
}

function paintFor(stream: OutputStream, env: Environment): Paint {
  if (!hasColour(stream, env)) return plain
  return (style, text) => {
    const [on = '', off = ''] = styleText(style, TEXT, { validateStream: false }).split(TEXT)
    return marked(on) + text + marked(off)
  }
}

const TEXT = 'x'
const ESCAPE = '\x1b'
/** Stands for the escape character of a colour, until it is written. */
const MARK = `${ESCAPE}${randomBytes(12).toString('hex')}`
const COLOUR = /^(?:\[[0-9;]*m)/

function marked(codes: string): string {
  return codes.replaceAll(ESCAPE, MARK)
}

/** What is written of a text (TERMINAL-3). */
function safe(text: string): string {
  const [first = '', ...rest] = text.split(MARK)
  let result = printableLines(first)
  for (const each of rest) {
    const colour = COLOUR.exec(each)?.[0] ?? ''
    result += (colour === '' ? '' : ESCAPE + colour) + printableLines(each.slice(colour.length))
  }
  return result
}

function hasColour(stream: OutputStream, env: Environment): boolean {
  const forced = env.FORCE_COLOR
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  return stream.isTTY === true && env.TERM !== 'dumb'
}
