/**
 * A ZIP archive as a list of files. Each member is unpacked as it is read, in memory that doesn't grow with it.
 *
 * ARCHIVE-1. A member that isn't whole, or isn't what the archive says of it (length, CRC-32), is an error behind its last byte at the latest.
 * ARCHIVE-2. Members don't overlap, so that what comes out is bounded by the archive's size: a thousand times that at most.
 */
import type { Readable } from 'node:stream'
import type { Entry, ZipFile } from 'yauzl'
import { CustodyError, isCustodyError } from '../../model/error.ts'
import { grouped } from '../../model/number-text.ts'
import { zlib } from '../node-on-demand.ts'
import {
  type Chunks,
  type InputPlace,
  inputName,
  sourceError,
  streamChunks,
  systemError,
  whereOf,
} from './byte-reader.ts'
import { WORKBOOK } from './foreign-input.ts'

/** How an archive's name ends. */
const ENDING = /\.zip$/i
const MOST_MEMBERS = 100_000
const STORED = 0
const DEFLATED = 8
/** What Macs put beside each file. */
const COMPANION = /(^|\/)__MACOSX\//

export const isArchiveName = (path: string): boolean => ENDING.test(path)

export interface Member {
  /** With slashes. */
  readonly name: string
  /** Unpacked. */
  readonly bytes: number
}

export class Archive {
  readonly #place: InputPlace
  readonly #file: ZipFile
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(place: InputPlace, file: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#place = place
    this.#file = file
    this.#entries = entries
  }

  /** Reads its list of members. `path`: of a copy, where it stands on no disk of its own. @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT. */
  static async open(place: InputPlace, path = inputName(place)): Promise<Archive> {
    const { openPromise } = await import('yauzl')
    let file: ZipFile
    try {
      file = await openPromise(path, { autoClose: false })
    } catch (error) {
      throw brokenArchive(place, error)
    }
    try {
      return new Archive(place, file, await entriesIn(place, file))
    } catch (error) {
      file.close()
      throw isCustodyError(error) ? error : brokenArchive(place, error)
    }
  }

  /** All but hidden ones and what programs put beside them; no folders. */
  get members(): readonly Member[] {
    return [...this.#entries.values()]
      .filter(({ fileName }) => !(fileName.endsWith('/') || COMPANION.test(fileName)))
      .map(({ fileName, uncompressedSize }) => ({ name: fileName, bytes: uncompressedSize }))
  }

  /** Its bytes. `place`: of the member, for errors. @throws CustodyError CUSTODY_SOURCE if it can't be unpacked here. */
  async chunks(name: string, place: InputPlace): Promise<Chunks> {
    const entry = this.#entries.get(name)
    if (entry === undefined)
      throw new CustodyError('CUSTODY_FILE_NOT_FOUND', `${inputName(this.#place)} has no member ${name} any more`, {
        where: whereOf(place),
      })
    this.#refuse(entry, place)
    try {
      return checkedMember(place, await this.#file.openReadStreamPromise(entry), entry)
    } catch (error) {
      throw brokenMember(place, error)
    }
  }

  /** @throws CustodyError CUSTODY_SOURCE if the member can't be unpacked. */
  check(name: string, place: InputPlace): void {
    const entry = this.#entries.get(name)
    if (entry !== undefined) this.#refuse(entry, place)
  }

  close(): void {
    this.#file.close()
  }

  #refuse(entry: Entry, place: InputPlace): void {
    if (entry.isEncrypted())
      throw sourceError(place, `${inputName(place)} is encrypted`, 'Unpack the archive with its password first.')
    if (entry.compressionMethod === STORED || entry.compressionMethod === DEFLATED) return
    const message = `${inputName(place)} is packed by method ${entry.compressionMethod}, which can’t be unpacked here`
    throw sourceError(place, message, 'Pack the archive anew, in the usual way (deflate), or unpack it first.')
  }
}

async function entriesIn(place: InputPlace, file: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>()
  let packed = 0
  for await (const entry of file.eachEntry()) {
    if (entries.size === MOST_MEMBERS)
      throw sourceError(place, `${inputName(place)} has more than ${grouped(MOST_MEMBERS)} members`, UNPACK)
    if (entries.has(entry.fileName))
      throw sourceError(place, `${inputName(place)} has two members of the name ${entry.fileName}`, UNPACK)
    entries.set(entry.fileName, entry)
    packed += entry.compressedSize
  }
  if (packed > file.fileSize)
    throw sourceError(
      place,
      `members of ${inputName(place)} overlap, so that little would unpack to very much`,
      'No usual program makes such an archive. Where does it come from?',
    )
  if (entries.has('[Content_Types].xml') && entries.has('xl/workbook.xml'))
    throw new CustodyError('CUSTODY_INPUT_FORMAT', `${inputName(place)} ${WORKBOOK.what}`, {
      where: whereOf(place),
      hint: WORKBOOK.hint,
    })
  return entries
}

const UNPACK = 'Unpack it first, and name the files.'

/** The bytes of a member as they come out, checked by the sum that the archive has of them. */
export function checkedMember(place: InputPlace, stream: Readable, { crc32 }: Entry): Chunks {
  const chunks = streamChunks(stream)
  let sum = 0
  return {
    async next() {
      let bytes: Uint8Array | null
      try {
        bytes = await chunks.next()
      } catch (error) {
        throw isCustodyError(error) ? error : brokenMember(place, error)
      }
      if (bytes !== null) sum = zlib().crc32(bytes, sum)
      else if (sum !== crc32) throw brokenMember(place, new Error('its CRC-32 isn’t the one in the archive'))
      return bytes
    },
    close: () => chunks.close(),
  }
}

function brokenMember(place: InputPlace, error: unknown): CustodyError {
  const message = `${inputName(place)} can’t be unpacked: ${zipReason(error)}`
  return sourceError(place, message, 'Is the archive whole?', error)
}

function brokenArchive(place: InputPlace, error: unknown): CustodyError {
  if (error instanceof Error && 'code' in error) return systemError(place, error)
  const hint = 'Is the file whole? If it is no ZIP archive, set compression to what it is, or to none.'
  return sourceError(place, `${inputName(place)} can’t be read as a ZIP archive: ${zipReason(error)}`, hint, error)
}

/** What yauzl says, in words for people who don’t know how such an archive is made up. */
const REASONS: readonly (readonly [said: RegExp, reason: string])[] = [
  [/^End of central directory record signature not found.*/s, 'it doesn’t end with a list of members'],
  [/^Invalid comment length.*/s, 'something stands behind its list of members'],
  [/^multi-disk zip files are not supported.*/s, 'it is one of several parts of an archive'],
  [/^invalid central directory file header signature.*/s, 'its list of members is damaged'],
  [/^(?:invalid relative|absolute) path: (.*)/s, 'its member $1 would lead out of it'],
  [/^strong encryption is not supported.*/s, 'it is encrypted'],
  [/^invalid local file header signature.*/s, 'its beginning isn’t where the list of members says'],
  [/^file data overflows file bounds.*/s, 'it would end behind the end of the archive'],
  [/^unexpected EOF$/, 'it ends too early'],
  [/^too many bytes in the stream\. expected (\d+).*/s, 'it has more than the $1 bytes that the archive says'],
  [/^not enough bytes in the stream\. expected (\d+).*/s, 'it has fewer than the $1 bytes that the archive says'],
]

/** Why an archive can’t be read. */
export function zipReason(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  const [pattern, reason = ''] = REASONS.find(([each]) => each.test(said)) ?? []
  return pattern === undefined ? said : said.replace(pattern, reason)
}
