/** Values of MySQL and MariaDB, as `mysql2` reads them of the binary protocol, as JSON. */
import type { FieldPacket } from 'mysql2'
import type { DeclaredNumbers } from '../../../model/json.ts'
import type { Json } from '../../../model/row.ts'
import { type Cell, type NumbersOf, type Record, Unfit } from '../database.ts'
import { bytesCell, doubleCell, integerCell, jsonCell, singleCell, textCell } from '../values.ts'

/** Numbers of the protocol (https://mariadb.com/docs/server/reference/clientserver-protocol). */
const TYPES: { readonly [number: number]: string } = {
  0: 'decimal',
  1: 'tinyint',
  2: 'smallint',
  3: 'int',
  4: 'float',
  5: 'double',
  6: 'null',
  7: 'timestamp',
  8: 'bigint',
  9: 'mediumint',
  10: 'date',
  11: 'time',
  12: 'datetime',
  13: 'year',
  14: 'date',
  15: 'varchar',
  16: 'bit',
  245: 'json',
  246: 'decimal',
  247: 'enum',
  248: 'set',
  249: 'blob',
  250: 'blob',
  251: 'blob',
  252: 'blob',
  253: 'varchar',
  254: 'char',
  255: 'geometry',
}

export const typeName = (field: FieldPacket): string =>
  isJson(field) ? 'json' : (TYPES[field.type ?? field.columnType ?? -1] ?? 'other')

/** MariaDB has its JSON as texts, and says so beside the type. */
function isJson(field: FieldPacket): boolean {
  // cast: the library's types leave it out.
  return (field as { extendedFormat?: string }).extendedFormat === 'json'
}

type ReadCell = (value: unknown) => Cell

/** Zero dates, which no calendar has, and dates with a month or a day that is 0. */
const ZEROS = /^0000-|-00/
/** Of a fraction of a second, behind its last digit. */
const withoutZeros = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

function dateCell(value: unknown): Cell {
  const text = String(value)
  return ZEROS.test(text) ? new Unfit(text, 'it is no date of a calendar') : text
}

function momentCell(zone: string): ReadCell {
  return value => {
    const cell = dateCell(value)
    return typeof cell === 'string' ? withoutZeros(cell.replace(' ', 'T')) + zone : cell
  }
}

/** Up to 64 bits, as a whole number. */
function bitCell(value: unknown): Cell {
  if (!Buffer.isBuffer(value)) return otherCell(value)
  return integerCell(value.length === 0 ? 0n : BigInt(`0x${value.toString('hex')}`))
}

/** What the library makes of values of other types: texts, bytes, points of geometry. */
function otherCell(value: unknown): Cell {
  if (typeof value === 'string') return textCell(value)
  if (value instanceof Uint8Array) return bytesCell(value)
  if (typeof value === 'number') return doubleCell(value)
  if (typeof value === 'bigint') return integerCell(value)
  if (typeof value === 'boolean') return value
  // cast: points and lists of them.
  return value as Json
}

function readerOf(field: FieldPacket, numbers: DeclaredNumbers | null): ReadCell {
  switch (typeName(field)) {
    case 'json':
      return value => (typeof value === 'string' ? jsonCell(value, numbers) : otherCell(value))
    case 'bigint':
      return value => integerCell(String(value))
    case 'float':
      return value => singleCell(Number(value))
    case 'double':
      return value => doubleCell(Number(value))
    case 'date':
      return dateCell
    case 'datetime':
      return momentCell('')
    case 'timestamp':
      return momentCell('Z')
    case 'bit':
      return bitCell
    default:
      return otherCell
  }
}

/** One function for all values of a record. */
export function readersOf(fields: readonly FieldPacket[], numbers: NumbersOf): (values: readonly unknown[]) => Record {
  const readers = fields.map(field => readerOf(field, numbers(field.name)))
  return values => readers.map((read, i) => (values[i] === null ? null : read(values[i])))
}
