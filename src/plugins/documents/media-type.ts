/**
 * What kind of file some bytes are, as a media type: by how they begin and end, and by the file's name only where bytes don't tell (texts, old
 * Office documents). What is neither known nor text is `application/octet-stream`, whatever its name says.
 */
import { isUtf8 } from 'node:buffer'
import { extname } from 'node:path'
import { byteOrderMark } from '../sources/encoding.ts'

export const PDF = 'application/pdf'
export const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
export const PLAIN_TEXT = 'text/plain'
const ZIP = 'application/zip'
const OLD_OFFICE = 'application/x-ole-storage'
const ENCRYPTED_OFFICE = 'application/vnd.ms-office.encrypted'
export const UNKNOWN = 'application/octet-stream'

/** How much of a file’s beginning, and of its end, is looked at. */
export const LOOKED_AT_BYTES = 64 * 1024

/** First bytes, in hex. Where one begins like another, the longer stands first. */
const MAGIC: readonly (readonly [hex: string, type: string])[] = [
  ['504b0304', ZIP],
  ['504b0506', ZIP],
  ['d0cf11e0a1b11ae1', OLD_OFFICE],
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['474946383761', 'image/gif'],
  ['474946383961', 'image/gif'],
  ['49492a00', 'image/tiff'],
  ['4d4d002a', 'image/tiff'],
  ['1f8b08', 'application/gzip'],
  ['425a68', 'application/x-bzip2'],
  ['fd377a585a00', 'application/x-xz'],
  ['28b52ffd', 'application/zstd'],
  ['377abcaf271c', 'application/x-7z-compressed'],
  ['526172211a07', 'application/vnd.rar'],
  ['50415231', 'application/vnd.apache.parquet'],
  ['53514c69746520666f726d6174203300', 'application/vnd.sqlite3'],
  ['7b5c727466', 'application/rtf'],
  ['4f676753', 'audio/ogg'],
  ['49443303', 'audio/mpeg'],
  ['49443304', 'audio/mpeg'],
  ['7f454c46', 'application/x-elf'],
]

/** What ZIP archives are by a member that they have. */
const MEMBERS: readonly (readonly [member: string, type: string])[] = [
  ['word/document', DOCX],
  ['xl/workbook', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['ppt/presentation', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
]

/** Texts by how their names end. */
const TEXTS: { readonly [extension: string]: string } = {
  '.csv': 'text/csv',
  '.tsv': 'text/tab-separated-values',
  '.md': 'text/markdown',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.eml': 'message/rfc822',
}

/** A PDF may have something before its first line (ISO 32000-1, H.3). */
const PDF_BEGINS_WITHIN = 1024

/** `head` and `tail`: the first and last bytes, `LOOKED_AT_BYTES` of each where there are as many. They may overlap. */
export function mediaTypeOf(name: string, head: Buffer, tail: Buffer): string {
  const hex = head.toString('hex', 0, 16)
  const [, magic] = MAGIC.find(([begins]) => hex.startsWith(begins)) ?? []
  if (magic === ZIP) return zipType(head, tail)
  if (magic === OLD_OFFICE) return oleType(name, head, tail)
  if (magic !== undefined) return magic
  if (head.subarray(0, PDF_BEGINS_WITHIN).includes('%PDF-')) return PDF
  if (/^(52494646).{8}57454250/.test(hex)) return 'image/webp'
  if (hex.slice(8, 16) === '66747970') return 'video/mp4'
  return isText(head) ? (TEXTS[extname(name).toLowerCase()] ?? PLAIN_TEXT) : UNKNOWN
}

/** By the names that its list of members has; OpenDocument and EPUB say themselves what they are, in their first member. */
function zipType(head: Buffer, tail: Buffer): string {
  const [, said] = /^mimetype(application\/[\w.+-]+)/.exec(head.toString('latin1', 30, 130)) ?? []
  if (said !== undefined) return said
  const [, type] = MEMBERS.find(([member]) => tail.includes(member) || head.includes(member)) ?? []
  return type ?? ZIP
}

/** Old documents of Office all begin alike; a new one with a password is wrapped in one. */
function oleType(name: string, head: Buffer, tail: Buffer): string {
  const wrapped = Buffer.from('EncryptedPackage', 'utf16le')
  if (head.includes(wrapped) || tail.includes(wrapped)) return ENCRYPTED_OFFICE
  return OLE_TYPES[extname(name).toLowerCase()] ?? OLD_OFFICE
}

const OLE_TYPES: { readonly [extension: string]: string } = {
  '.doc': 'application/msword',
  '.xls': 'application/vnd.ms-excel',
  '.ppt': 'application/vnd.ms-powerpoint',
  '.msg': 'application/vnd.ms-outlook',
}

export const isEncryptedOffice = (type: string): boolean => type === ENCRYPTED_OFFICE

/** Whether it may be text: with a byte order mark, or valid UTF-8 without control characters that no text has. */
function isText(head: Buffer): boolean {
  if (byteOrderMark(head) !== null) return true
  return !CONTROL.test(head.toString('latin1')) && isUtf8(wholeCharacters(head))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/

/** Without a character at the end that may be cut. */
function wholeCharacters(bytes: Buffer): Buffer {
  if (bytes.length < LOOKED_AT_BYTES) return bytes
  let end = bytes.length
  while (end > bytes.length - 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end--
  return bytes.subarray(0, Math.max(0, end - 1))
}
