/**
 * The key of a row at a sort, as a text of bytes (characters up to U+00FF): two rows stand in the order of their keys, compared byte by
 * byte. So rows in files are compared without being read as JSON, and all sorts of values have one order:
 *
 *   null and missing first or last, as the key says · false · true · numbers by value, with texts that the plan knows to be numbers · texts by code points · lists · maps,
 *   each of the last two by its canonical text
 *
 * KEY-1. No key of a field is the beginning of another: what stands behind it decides nothing but ties.
 * KEY-2. A row always has a key: nothing that a row holds is an error of a sort.
 */
import type { SortKey } from '../../../format/topology.ts'
import { canonicalize } from '../../../model/canonical.ts'
import type { Json, Row } from '../../../model/row.ts'

// Of what begins a field's part, from low to high. Only what stands between the two ends is turned round for `desc`.
const NULL_FIRST = '\u0000'
const VALUE = '\u0001'
const NULL_LAST = '\u0002'
// Of what begins a value.
const FALSE = '\u0000'
const TRUE = '\u0001'
const NUMBER = '\u0002'
const TEXT = '\u0003'
const LIST = '\u0004'
const MAP = '\u0005'

/** Makes the keys of rows. Two rows that are equal in all fields have one key. */
export function keyMaker(keys: readonly SortKey[]): (row: Row) => string {
  return row => {
    let key = ''
    for (const each of keys) key += partOf(each, row[each.field])
    return key
  }
}

function partOf({ order, nulls, as }: SortKey, value: Json | undefined): string {
  if (value === null || value === undefined) return nulls === 'first' ? NULL_FIRST : NULL_LAST
  const text = as === 'number' ? numericBytes(value) : bytesOf(value)
  return VALUE + (order === 'asc' ? text : turned(text))
}

function bytesOf(value: NonNullable<Json>): string {
  switch (typeof value) {
    case 'boolean':
      return value ? TRUE : FALSE
    case 'number':
      return NUMBER + numberBytes(value)
    case 'string':
      return TEXT + textBytes(value)
    default:
      return (Array.isArray(value) ? LIST : MAP) + textBytes(canonicalize(value))
  }
}

const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-]?[0-9]{1,4}))?$/i
const [NEGATIVE, NONE, POSITIVE] = ['\u0000', '\u0001', '\u0002']
/** Exponents of doubles and of texts of a hundred digits are far from it. */
const MIDDLE = 0x8000

/**
 * Where texts are numbers, too: the sign, how far the first digit stands before the point, and the digits up to the last that isn't 0. So
 * 1.50 and 1.5 are one. A text that is no number stands among texts.
 */
function numericBytes(value: NonNullable<Json>): string {
  const text = typeof value === 'number' ? String(value) : value
  const [, sign, whole, fraction = '', exponent = '0'] = (typeof text === 'string' && DECIMAL.exec(text)) || []
  if (whole === undefined) return bytesOf(value)
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  if (digits === '') return NUMBER + NONE
  const size = MIDDLE + whole.length - (all.length - digits.length) + Number(exponent)
  const bytes = String.fromCharCode((size >> 8) & 0xff, size & 0xff) + digits.replace(/0+$/, '') + ZERO
  return NUMBER + (sign === '-' ? NEGATIVE + turned(bytes) : POSITIVE + bytes)
}

const double = new DataView(new ArrayBuffer(8))

/** A double's own bytes stand in the order of the numbers once the sign is turned, and, of negative ones, all else. */
function numberBytes(value: number): string {
  double.setFloat64(0, value)
  const negative = value < 0
  let bytes = ''
  for (let at = 0; at < 8; at++) {
    const byte = double.getUint8(at)
    const sign = at === 0 ? 0x80 : 0
    bytes += String.fromCharCode(negative ? ~byte & 0xff : byte ^ sign)
  }
  return bytes
}

const ZERO = '\u0000'
const END = ZERO + ZERO

/** UTF-8 stands in the order of code points. A zero is followed by U+00FF, the end by another zero: it comes before all that could follow. */
function textBytes(text: string): string {
  const is_ascii = Buffer.byteLength(text, 'utf8') === text.length
  const bytes = is_ascii ? text : Buffer.from(text, 'utf8').toString('latin1')
  return (bytes.includes(ZERO) ? bytes.replaceAll(ZERO, `${ZERO}\u00ff`) : bytes) + END
}

function turned(bytes: string): string {
  let turned = ''
  for (let at = 0; at < bytes.length; at++) turned += String.fromCharCode(~bytes.charCodeAt(at) & 0xff)
  return turned
}
