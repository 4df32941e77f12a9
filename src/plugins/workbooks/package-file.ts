/** A workbook as what it is: a ZIP archive of XML parts. What is no workbook is told from it here. */
import { Readable } from 'node:stream'
import type { Entry, ZipFile } from 'yauzl'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { checkedMember, zipReason } from '../sources/archive.ts'
import {
  type Chunks,
  type InputPlace,
  inputName,
  type RandomAccess,
  sourceError,
  whereOf,
} from '../sources/byte-reader.ts'

/** Of what is read at once. */
const PIECE_BYTES = 256 * 1024
/** Of a part that is read whole: styles, lists of sheets. */
const MAX_PART_BYTES = 64 * 1024 * 1024
const MOST_PARTS = 20_000
const OLE = 'd0cf11e0a1b11ae1'
const ZIP = '504b0304'

export class PackageFile {
  readonly #place: InputPlace
  readonly #zip: ZipFile
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(place: InputPlace, zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#place = place
    this.#zip = zip
    this.#entries = entries
  }

  /** @throws CustodyError CUSTODY_INPUT_FORMAT if it is no workbook of this kind, CUSTODY_SOURCE if it is damaged. */
  static async open(access: RandomAccess, place: InputPlace): Promise<PackageFile> {
    const begins = (await access.read(0, 8)).toString('hex')
    if (begins === OLE) throw foreign(place, await oleProblem(access))
    if (!begins.startsWith(ZIP)) throw foreign(place, NO_WORKBOOK)
    try {
      const zip = await zipOver(access)
      const entries = new Map<string, Entry>()
      for await (const entry of zip.eachEntry()) {
        if (entries.size === MOST_PARTS) throw broken(place, `it has more than ${MOST_PARTS} parts`)
        entries.set(entry.fileName, entry)
      }
      if (entries.has('xl/workbook.bin')) throw foreign(place, BINARY)
      if (!entries.has('[Content_Types].xml') || !entries.has('_rels/.rels')) throw foreign(place, NO_WORKBOOK)
      return new PackageFile(place, zip, entries)
    } catch (error) {
      throw isCustodyError(error) ? error : broken(place, zipReason(error), error)
    }
  }

  has(part: string): boolean {
    return this.#entries.has(part)
  }

  /** Of what is in it, unpacked. */
  sizeOf(part: string): number {
    return this.#entries.get(part)?.uncompressedSize ?? 0
  }

  /** @throws CustodyError CUSTODY_SOURCE if it isn't there, or is damaged. */
  async chunks(part: string): Promise<Chunks> {
    const entry = this.#entries.get(part)
    if (entry === undefined) throw broken(this.#place, `it has no part ${part}`)
    if (entry.isEncrypted()) throw foreign(this.#place, ENCRYPTED)
    try {
      return checkedMember(this.#place, await this.#zip.openReadStreamPromise(entry), entry)
    } catch (error) {
      throw isCustodyError(error) ? error : broken(this.#place, zipReason(error), error)
    }
  }

  /** All of a part that is small. @throws CustodyError CUSTODY_SOURCE. */
  async content(part: string): Promise<Buffer> {
    if (this.sizeOf(part) > MAX_PART_BYTES) throw broken(this.#place, `its part ${part} is larger than any is`)
    const chunks = await this.chunks(part)
    const pieces: Uint8Array[] = []
    try {
      for (let piece = await chunks.next(); piece !== null; piece = await chunks.next()) pieces.push(piece)
    } finally {
      await chunks.close()
    }
    return Buffer.concat(pieces)
  }
}

async function zipOver(access: RandomAccess): Promise<ZipFile> {
  const { fromRandomAccessReaderPromise, RandomAccessReader } = await import('yauzl')
  class Reader extends RandomAccessReader {
    override _readStreamForRange(start: number, end: number): Readable {
      return Readable.from(piecesOf(access, start, end), { objectMode: false })
    }
  }
  return await fromRandomAccessReaderPromise(new Reader(), access.bytes, { autoClose: false })
}

async function* piecesOf(access: RandomAccess, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += PIECE_BYTES) yield await access.read(at, Math.min(PIECE_BYTES, end - at))
}

interface Foreign {
  readonly what: string
  readonly hint: string
}

const SAVE = 'Save it as an Excel workbook (.xlsx) in the program that made it.'
const NO_WORKBOOK: Foreign = { what: 'is no Excel workbook (xlsx)', hint: 'Read it with the plugin for what it is.' }
const BINARY: Foreign = { what: 'is a binary Excel workbook (.xlsb)', hint: SAVE }
const ENCRYPTED: Foreign = { what: 'is encrypted with a password', hint: 'Save it without a password.' }
const OLD: Foreign = { what: 'is an old Excel workbook (.xls) or another old Office document', hint: SAVE }

/** An old document, or one that wraps an encrypted new one. */
async function oleProblem(access: RandomAccess): Promise<Foreign> {
  const name = Buffer.from('EncryptedPackage', 'utf16le')
  for (let at = 0; at < access.bytes; at += PIECE_BYTES)
    if ((await access.read(at, PIECE_BYTES + name.length)).includes(name)) return ENCRYPTED
  return OLD
}

function foreign(place: InputPlace, { what, hint }: Foreign): CustodyError {
  return new CustodyError('CUSTODY_INPUT_FORMAT', `${inputName(place)} ${what}`, { where: whereOf(place), hint })
}

/** @returns a CustodyError of code CUSTODY_SOURCE. */
export function broken(place: InputPlace, reason: string, cause?: unknown): CustodyError {
  return sourceError(place, `${inputName(place)} can’t be read as a workbook: ${reason}`, 'Is the file whole?', cause)
}
