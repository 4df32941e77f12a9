/**
 * Character encodings, seen so that structure can be found before text is decoded.
 *
 * In every encoding admitted here line breaks, and delimiters that pass `delimiterProblem`, are found in a structural
 * view of the bytes: one character per byte (Latin-1), or per 16-bit unit for UTF-16. So an index in the view is a byte
 * offset, and only what a record needs is decoded.
 */
import { isUtf8 } from 'node:buffer'
import { nearestNames } from '../../model/nearest.ts'

export interface Encoding {
  /** As the Encoding Standard names it. */
  readonly name: string
  /** Bytes per character of the structural view. */
  readonly unit: 1 | 2
  /** The structural view. */
  view(bytes: Buffer): string
  /** The text of the bytes from `start` up to `end`, or null if they aren't valid. */
  decode(bytes: Buffer, start: number, end: number): string | null
  /** The text with U+FFFD for what isn't valid: for people. */
  decodeLossy(bytes: Buffer, start: number, end: number): string
  /** How a delimiter or quote looks in the structural view; null if it can't be found there without decoding. */
  inView(text: string): string | null
}

export const UTF8: Encoding = {
  name: 'utf-8',
  unit: 1,
  view: bytes => bytes.toString('latin1'),
  decode(bytes, start, end) {
    const text = bytes.toString('utf8', start, end)
    // The decoder puts U+FFFD for invalid bytes; looked at closely only if one is there.
    return text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, end)) ? null : text
  },
  decodeLossy: (bytes, start, end) => bytes.toString('utf8', start, end),
  inView: text => Buffer.from(text).toString('latin1'),
}

function utf16(name: string, toLittleEndian: (bytes: Buffer) => Buffer): Encoding {
  const units = (bytes: Buffer) => {
    const even = bytes.length - (bytes.length % 2)
    return toLittleEndian(bytes.subarray(0, even)).toString('utf16le')
  }
  return {
    name,
    unit: 2,
    view: units,
    decode(bytes, start, end) {
      const part = bytes.subarray(start, end)
      if (part.length % 2 !== 0) return null
      const text = units(part)
      return text.isWellFormed() ? text : null
    },
    decodeLossy(bytes, start, end) {
      const part = bytes.subarray(start, end)
      return units(part).toWellFormed() + (part.length % 2 === 0 ? '' : '\uFFFD')
    },
    inView: text => text,
  }
}

const UTF16LE = utf16('utf-16le', bytes => bytes)
const UTF16BE = utf16('utf-16be', bytes => Buffer.from(bytes).swap16())

/** In these a trailing byte of a character may look like an ASCII character from @ on (in gb18030 also like a digit). */
const MULTIBYTE = new Set(['shift_jis', 'gbk', 'gb18030', 'big5', 'euc-kr', 'euc-jp'])
/** In these any byte may be part of anything. */
const STATEFUL = new Set(['iso-2022-jp', 'replacement', 'utf-7'])

function legacy(name: string): Encoding {
  const strict = new TextDecoder(name, { fatal: true, ignoreBOM: true })
  const lossy = new TextDecoder(name, { ignoreBOM: true })
  const findable = MULTIBYTE.has(name) ? /^[\t\x20-\x2f:;<=>?]+$/ : /^[\t\x20-\x7e]+$/
  return {
    name,
    unit: 1,
    view: bytes => bytes.toString('latin1'),
    decode(bytes, start, end) {
      try {
        return strict.decode(bytes.subarray(start, end))
      } catch (error) {
        if (error instanceof TypeError) return null
        throw error
      }
    },
    decodeLossy: (bytes, start, end) => lossy.decode(bytes.subarray(start, end)),
    inView: text => (findable.test(text) ? text : null),
  }
}

/** The encoding of a label of the Encoding Standard (`utf-8`, `latin1`, `windows-1252`, `shift_jis` …); null: unknown or unfit. */
export function encodingOf(label: string): Encoding | null {
  let name: string
  try {
    name = new TextDecoder(label).encoding
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
  if (name === 'utf-8') return UTF8
  if (name === 'utf-16le') return UTF16LE
  if (name === 'utf-16be') return UTF16BE
  return STATEFUL.has(name) ? null : legacy(name)
}

/** Labels that people use, and what they may have meant by others. */
const LABELS = [
  ...['utf-8', 'utf-16le', 'utf-16be', 'latin1', 'ascii', 'macintosh', 'koi8-r', 'koi8-u', 'ibm866'],
  ...['shift_jis', 'euc-jp', 'euc-kr', 'gbk', 'gb18030', 'big5'],
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].flatMap(page => [`windows-${page}`, `cp${page}`]),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16].map(part => `iso-8859-${part}`),
]

/** The label nearest to one that is none; null if none is near. */
export function nearestEncoding(label: string): string | null {
  if (/^ansi$/i.test(label)) return 'windows-1252'
  // It exists, and can't be read.
  return /utf-?7/i.test(label) ? null : (nearestNames(label, LABELS, 1)[0] ?? null)
}

/** What a byte order mark at the beginning says; it beats the label, as in the Encoding Standard. */
export function byteOrderMark(bytes: Uint8Array): { readonly encoding: Encoding; readonly size: number } | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { encoding: UTF8, size: 3 }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: UTF16LE, size: 2 }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: UTF16BE, size: 2 }
  return null
}
