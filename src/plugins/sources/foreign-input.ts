/** Recognises an input in another format than its source reads by its beginning, before any of it is taken as a record. */
import { CustodyError } from '../../model/error.ts'
import { parseJson } from '../../model/json.ts'
import { type InputPlace, inputName, whereOf } from './byte-reader.ts'
import { compressionIn } from './compression.ts'
import type { TextWindow } from './text-window.ts'

export interface Foreign {
  /** `is compressed with gzip` */
  readonly what: string
  readonly hint: string
}

/** @returns a CustodyError of code CUSTODY_INPUT_FORMAT. */
export function foreignInput(place: InputPlace, { what, hint }: Foreign): CustodyError {
  const input = isNamed(place) ? place.path : inputName(place)
  return new CustodyError('CUSTODY_INPUT_FORMAT', `${input} ${what}`, { where: whereOf(place), hint })
}

const isNamed = ({ path }: InputPlace) => path !== '-'

const UNPACK = 'Unpack the file first.'
const OLD_EXCEL = 'Save it as an Excel workbook (.xlsx), or its sheet as CSV (UTF-8), in the program that made it.'

const ZIP_MAGIC = '504b0304'
/** First bytes, in hex, of formats that are no text. */
const MAGIC: ReadonlyArray<readonly [string, Foreign]> = [
  ['425a68', { what: 'is compressed with bzip2', hint: 'Unpack the file first, with bunzip2.' }],
  ['fd377a585a00', { what: 'is compressed with xz', hint: 'Unpack the file first, with unxz.' }],
  ['377abcaf271c', { what: 'is a 7z archive', hint: UNPACK }],
  ['526172211a07', { what: 'is a RAR archive', hint: UNPACK }],
  [ZIP_MAGIC, { what: 'is a ZIP archive', hint: 'Set compression: zip, or unpack the file first.' }],
  ['504b0506', { what: 'is a ZIP archive with nothing in it', hint: 'Was it made as it should be?' }],
  ['d0cf11e0a1b11ae1', { what: 'is an old Excel workbook or another Office document', hint: OLD_EXCEL }],
  ['50415231', { what: 'is a Parquet file', hint: 'Read it with the plugin parquet.' }],
  ['4f626a01', { what: 'is an Avro file', hint: 'Convert it to CSV or JSON lines first.' }],
  ['53514c69746520666f726d6174203300', { what: 'is an SQLite database', hint: 'Export the table to CSV first.' }],
  ['255044462d', { what: 'is a PDF document', hint: 'Take the text out of it first.' }],
  ['89504e47', { what: 'is a PNG image', hint: 'Name another file.' }],
  ['ffd8ff', { what: 'is a JPEG image', hint: 'Name another file.' }],
]
export const WORKBOOK: Foreign = { what: 'is an Excel workbook (xlsx)', hint: 'Read it with the plugin excel.' }
const WORKBOOK_PARTS = ['[Content_Types].xml', 'xl/', '_rels/', 'docProps/']
const LOOKED_AT = 512
const LINES_LOOKED_AT = 64 * 1024

/** Why the bytes are no text in the encoding. */
export function foreignBytes(window: TextWindow): Foreign | null {
  const bytes = window.bytes(LOOKED_AT)
  const hex = bytes.toString('hex')
  if (window.encoding !== window.declared && hex.startsWith('0000')) return utf('UTF-32', '')
  if (window.encoding.unit === 2) return null
  const compression = compressionIn(bytes)
  if (compression !== null) {
    const hint = `Set compression: ${compression}, or unpack the file first.`
    return { what: `is compressed with ${compression}`, hint }
  }
  for (const [magic, foreign] of MAGIC) {
    if (!hex.startsWith(magic)) continue
    return isWorkbook(bytes) ? WORKBOOK : foreign
  }
  return wide(bytes)
}

/** By the first bytes of a file: an archive that begins with a part of a workbook. */
export function isWorkbook(bytes: Buffer): boolean {
  if (bytes.toString('hex', 0, 4) !== ZIP_MAGIC) return false
  const name = bytes.toString('latin1', 30)
  return WORKBOOK_PARTS.some(part => name.startsWith(part))
}

/** Text in wide units without a byte order mark: letters of ASCII have NULs beside them. */
function wide(bytes: Buffer): Foreign | null {
  const nuls = [...bytes.subarray(0, 4)].map(byte => (byte === 0 ? '0' : 'x')).join('')
  if (nuls === 'x0x0') return utf('UTF-16', 'utf-16le')
  if (nuls === '0x0x') return utf('UTF-16', 'utf-16be')
  if (nuls === 'x000' || nuls === '000x') return utf('UTF-32', '')
  return null
}

function utf(name: string, encoding: string): Foreign {
  const hint =
    encoding === '' ? 'Convert the file to UTF-8.' : `Set encoding: ${encoding}, or convert the file to UTF-8.`
  return { what: `is ${name} text, and has no byte order mark that says so`, hint }
}

/** How a text begins, white space left away. */
function beginningOf(window: TextWindow, units = LOOKED_AT): string {
  return window.text.slice(window.at, window.at + units).trimStart()
}

/** For sources of data: a page in its place is most often the answer of a server that refused. */
export function foreignMarkup(window: TextWindow): Foreign | null {
  const text = beginningOf(window).toLowerCase()
  if (/^<(!doctype html|html|head|body|table)\b/.test(text))
    return {
      what: 'is an HTML page',
      hint: 'Did a server answer with a page for people, such as a login? Look at the file.',
    }
  return text.startsWith('<?xml') ? { what: 'is an XML document', hint: 'Convert it first.' } : null
}

/** In place of CSV. */
export function foreignToCsv(window: TextWindow): Foreign | null {
  const text = beginningOf(window)
  if (/^\[\s*\{/.test(text)) return { what: 'is a JSON array', hint: 'Read it with the plugin json.' }
  if (/^\{\s*"/.test(text)) return { what: 'is JSON', hint: 'Read it with the plugin jsonl, or json.' }
  return foreignMarkup(window)
}

/** In place of JSON lines: a document over several lines, or an array. */
export function foreignToJsonl(window: TextWindow): Foreign | null {
  const text = beginningOf(window)
  const [first = '', ...others] = text.split('\n')
  // A line that the window shows only in part may still be anything.
  const line = others.length > 0 ? first.trim() : ''
  if (line === '[' || line === '{' || /^\[\s*\{/.test(text))
    return { what: 'is one JSON document, not a value on each line', hint: 'Read it with the plugin json.' }
  return foreignMarkup(window)
}

/** In place of one JSON document: a value on each line. */
export function foreignToJson(window: TextWindow): Foreign | null {
  const [first = '', second = ''] = beginningOf(window, LINES_LOOKED_AT).split('\n', 2)
  if (second.trimStart().startsWith('{') && isObjectText(first))
    return { what: 'has a JSON value on each line', hint: 'Read it with the plugin jsonl.' }
  return foreignMarkup(window)
}

function isObjectText(text: string): boolean {
  if (!text.startsWith('{')) return false
  try {
    parseJson(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
