/** Opens a file of any kind, looks at all of its bytes once, and keeps its beginning. What is no text is refused with what it is. */
import { stat } from 'node:fs/promises'
import { CustodyError } from '../model/error.ts'
import { Archive, isArchiveName } from '../plugins/sources/archive.ts'
import { ByteReader, type Chunks, type InputPlace } from '../plugins/sources/byte-reader.ts'
import { type Compression, compressionIn, compressionOf } from '../plugins/sources/compression.ts'
import { type Encoding, encodingOf, UTF8 } from '../plugins/sources/encoding.ts'
import { foreignBytes, foreignInput, foreignMarkup } from '../plugins/sources/foreign-input.ts'
import { TextWindow } from '../plugins/sources/text-window.ts'
import { EncodingEvidence, type EncodingGuess } from './encoding-evidence.ts'
import { type Input, inputPath } from './input.ts'

/** In bytes, unpacked. */
const SAMPLE_BYTES = 1024 * 1024

export interface Sample {
  /** Absolute; of a member behind that of its archive. */
  readonly path: string
  readonly compression: Compression | null
  /** Whether the file's name says how it is compressed. */
  readonly named: boolean
  /** Unpacked, in bytes. */
  readonly size: number
  readonly encoding: EncodingGuess
  /** Whether it has no letters but ASCII's, so that most encodings would do. */
  readonly ascii: boolean
  /** Its beginning, unpacked. */
  readonly bytes: Buffer
  /** Whether that is all of it. */
  readonly whole: boolean
}

/**
 * @throws CustodyError CUSTODY_FILE_NOT_FOUND, CUSTODY_ARGUMENT for what is no file, CUSTODY_SOURCE, CUSTODY_INPUT_FORMAT, CUSTODY_NOTHING_THERE.
 */
export async function takeSample(input: Input): Promise<Sample> {
  const { file, member } = input
  if (member === null) {
    await refuseOthers(file)
    return await sampleOf(file, await compressionAt(file))
  }
  const path = inputPath(input)
  const archive = await Archive.open({ path: file, folder: '/' })
  try {
    // By its name alone, as the source does it.
    const place = { path, folder: '/' }
    return await sampleOf(path, compressionOf('auto', member), () => archive.chunks(member, place))
  } finally {
    archive.close()
  }
}

/** @param opening where it is no file by itself */
async function sampleOf(
  path: string,
  compression: Compression | null,
  opening?: () => Promise<Chunks>,
): Promise<Sample> {
  const settings = { hashes: false, ...(opening === undefined ? {} : { opening }) }
  const bytes = await ByteReader.open({ path, folder: '/', compression }, settings)
  const evidence = new EncodingEvidence()
  const parts: Buffer[] = []
  let kept = 0
  try {
    for (let piece = await bytes.read(); piece !== null; piece = await bytes.read()) {
      const part = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      evidence.push(part)
      if (kept < SAMPLE_BYTES) parts.push(part.subarray(0, SAMPLE_BYTES - kept))
      kept += part.length
    }
  } finally {
    await bytes.close()
  }
  const sample: Sample = {
    path,
    compression,
    named: compressionOf('auto', path) === compression && !isArchiveName(path),
    size: evidence.size,
    encoding: evidence.guess(),
    ascii: evidence.ascii,
    bytes: Buffer.concat(parts),
    whole: evidence.size <= SAMPLE_BYTES,
  }
  await refuseBytes(sample)
  return sample
}

/** A window that shows all of the sample, and takes it for the whole input. */
export async function windowOf(sample: Sample, most = SAMPLE_BYTES): Promise<TextWindow> {
  const encoding = encodingIn(sample)
  const kept = sample.bytes.subarray(0, most - (most % encoding.unit))
  const window = await TextWindow.open(new ByteReader(placeOf(sample), once(kept), false), encoding)
  while (!window.ended) await window.grow()
  return window
}

export function encodingIn({ encoding }: Sample): Encoding {
  return encodingOf(encoding.label) ?? UTF8
}

export function placeOf({ path }: Sample): InputPlace {
  return { path, folder: '/' }
}

function once(bytes: Buffer): Chunks {
  let left: Buffer | null = bytes
  return {
    async next() {
      const piece = left
      left = null
      return piece
    },
    close: async () => undefined,
  }
}

async function refuseOthers(path: string): Promise<void> {
  const there = await stat(path).catch(() => null)
  // What isn't there is reported where it is opened, and folders are found among the names.
  if (there === null || there.isFile()) return
  const where = { path }
  const hint = 'Write what comes from it to a file first: it has to be read more than once.'
  throw new CustodyError('CUSTODY_ARGUMENT', `${path} is no file, but a pipe or a device`, { where, hint })
}

/** By its first bytes; a file that is named as if it were compressed, and isn't, is read as it is. */
async function compressionAt(path: string): Promise<Compression | null> {
  const bytes = await ByteReader.open({ path, folder: '/' }, { hashes: false, chunk_bytes: 64 })
  try {
    return compressionIn((await bytes.read()) ?? new Uint8Array())
  } finally {
    await bytes.close()
  }
}

async function refuseBytes(sample: Sample): Promise<void> {
  const place = placeOf(sample)
  const window = await windowOf(sample)
  const foreign = foreignBytes(window) ?? foreignMarkup(window)
  if (foreign !== null) throw foreignInput(place, foreign)
  if (/^[\s\ufeff]*$/.test(window.text) && sample.whole) {
    const what = sample.size === 0 ? 'is empty' : 'has nothing in it but blanks and line breaks'
    const hint = 'Nothing can be known of it: name a file with some records.'
    throw new CustodyError('CUSTODY_NOTHING_THERE', `${sample.path} ${what}`, { where: { path: sample.path }, hint })
  }
  if (isBinary(window.text.slice(0, 64 * 1024)))
    throw foreignInput(place, { what: 'is no text', hint: 'Convert it to CSV or JSON lines first.' })
}

/** Control characters that a text may have by accident. */
const FEW_ODD = 5

/** More than one in fifty characters is a control character that texts haven't. */
function isBinary(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this counts
  const odd = text.match(/[\u0000-\u0008\u000e-\u001a]/g)?.length ?? 0
  return odd > FEW_ODD && odd * 50 > text.length
}
