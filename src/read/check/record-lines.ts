/** The lines of a completeness record, from pieces of its text: strictly, so that what isn't a record is refused before anything is concluded. */
import type { ShownValue } from '../../format/proof.ts'
import { RECORD_FORMAT, type RecordedRun, type RecordHeader } from '../../format/record.ts'
import { isCanonical, NotJsonError } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import { JsonTextError, parseStored } from '../../model/json.ts'
import { grouped } from '../../model/number-text.ts'
import { asObject, type Decoder, int, listOf, object, oneOf, ShapeError, text } from '../shape.ts'
import { base64, SHOWN, some, uuid } from './parse.ts'

/** As no text of a ledger has. */
const MOST_UNITS = 128 * 1024 * 1024

export class RecordLines {
  readonly #pieces: AsyncIterator<string>
  /** What was read and isn't a whole line yet. */
  #rest = ''
  /** Lines that were read ahead; `#next`: the one that comes next. */
  #lines: readonly string[] = []
  #next = 0
  #done = false

  /** `pieces`: the text of the file, wherever it may be cut. */
  constructor(pieces: AsyncIterable<string>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** The next `count` lines, as many as are read together. @throws CustodyError CUSTODY_PROOF_UNREADABLE if there is none. */
  async some(count: number): Promise<readonly string[]> {
    while (this.#next === this.#lines.length) await this.#read()
    const lines = this.#lines.slice(this.#next, this.#next + count)
    this.#next += lines.length
    return lines
  }

  async one(): Promise<string> {
    const [line = ''] = await this.some(1)
    return line
  }

  /** There is no other line. @throws CustodyError CUSTODY_PROOF_UNREADABLE */
  async end(): Promise<void> {
    while (!this.#done && this.#next === this.#lines.length && this.#rest === '') await this.#piece()
    if (this.#next < this.#lines.length || this.#rest !== '') throw unreadable('there is more in it than it says')
  }

  async #read(): Promise<void> {
    if (this.#done)
      throw unreadable(
        this.#rest === '' ? 'it ends before all is there that it says is in it' : 'its last line has no end',
      )
    await this.#piece()
  }

  async #piece(): Promise<void> {
    const { value = '', done = false } = await this.#pieces.next()
    this.#done = done
    // A long line may come in many pieces.
    const lines = value.includes('\n') ? (this.#rest + value).split('\n') : []
    this.#rest = lines.pop() ?? this.#rest + value
    if (this.#rest.length > MOST_UNITS) throw unreadable(`it has a line of more than ${grouped(MOST_UNITS)} characters`)
    if (lines.length === 0) return
    this.#lines = lines
    this.#next = 0
  }
}

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function parseHeader(line: string): RecordHeader {
  return shaped(HEADER, line, 'its first line')
}

/** @throws CustodyError CUSTODY_PROOF_UNREADABLE */
export function parseValue(line: string): ShownValue {
  return shaped(SHOWN, line, 'a value in it')
}

function shaped<T>(decode: Decoder<T>, line: string, what: string): T {
  try {
    const value = parseStored(line)
    if (!isCanonical(value, line)) throw new ShapeError('its text isn’t canonical')
    return decode(value, '')
  } catch (error) {
    if (error instanceof ShapeError || error instanceof JsonTextError || error instanceof NotJsonError)
      throw unreadable(`${what} isn’t what it should be: ${error.message}`, error)
    throw error
  }
}

const RUN: Decoder<RecordedRun> = (value, where) =>
  object({
    ...{ run: uuid, log: int(1), entries: int(2) },
    ...(asObject(value, where).splits === undefined ? {} : { splits: listOf(int(1), 1) }),
  })(value, where)

const HEADER: Decoder<RecordHeader> = (value, where) => {
  const given = asObject(value, 'it')
  // Other formats may be laid out otherwise.
  const format = oneOf(RECORD_FORMAT)(given.format, 'format')
  return object({
    ...{ format: () => format, ledger: text(), ledger_entries: int(1), checkpoint: text() },
    ...(given.timestamps === undefined ? {} : { timestamps: some(base64) }),
    ...(given.run === undefined ? {} : { run: RUN }),
    ...(given.run === undefined || given.values === undefined ? {} : { values: int(1) }),
  })(value, where)
}

export function unreadable(why: string, cause?: unknown): CustodyError {
  return new CustodyError('CUSTODY_PROOF_UNREADABLE', `the file is no record that can be read: ${why}`, { cause })
}
