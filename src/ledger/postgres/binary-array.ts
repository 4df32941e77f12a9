/**
 * Arrays as PostgreSQL takes them in binary form, so that nothing is escaped or parsed: number of dimensions, whether there are nulls, type of
 * the elements, length and first index; then each element with its length before it, −1 for null (array_recv in the server's source).
 */

const INT8 = 20
const TEXT = 25
const BYTEA = 17

const HEAD_BYTES = 20
const EMPTY = (type: number) => {
  const head = Buffer.alloc(12)
  head.writeInt32BE(type, 8)
  return head
}

function begin(length: number, size_bytes: number, type: number): Buffer {
  const array = Buffer.allocUnsafe(HEAD_BYTES + size_bytes)
  array.writeInt32BE(1, 0)
  array.writeInt32BE(1, 4)
  array.writeInt32BE(type, 8)
  array.writeInt32BE(length, 12)
  array.writeInt32BE(1, 16)
  return array
}

const TWO_32 = 0x1_0000_0000

/** `bigint[]`. The numbers are whole and exact. */
export function int8Array(values: ReadonlyArray<number | null>): Buffer {
  if (values.length === 0) return EMPTY(INT8)
  const array = begin(values.length, values.length * 12, INT8)
  let at = HEAD_BYTES
  for (const value of values) {
    if (value === null) {
      at = array.writeInt32BE(-1, at)
      continue
    }
    at = array.writeInt32BE(8, at)
    at = array.writeInt32BE(Math.floor(value / TWO_32), at)
    at = array.writeUInt32BE(value >>> 0, at)
  }
  return array.subarray(0, at)
}

/** `text[]`, as UTF-8. */
export function textArray(values: ReadonlyArray<Uint8Array | string | null>): Buffer {
  return bytesArray(
    values.map(value => (typeof value === 'string' ? Buffer.from(value, 'utf8') : value)),
    TEXT,
  )
}

/** `bytea[]`. */
export function byteaArray(values: ReadonlyArray<Uint8Array | null>): Buffer {
  return bytesArray(values, BYTEA)
}

function bytesArray(values: ReadonlyArray<Uint8Array | null>, type: number): Buffer {
  if (values.length === 0) return EMPTY(type)
  let size_bytes = 0
  for (const value of values) size_bytes += 4 + (value?.length ?? 0)
  const array = begin(values.length, size_bytes, type)
  let at = HEAD_BYTES
  for (const value of values) {
    at = array.writeInt32BE(value === null ? -1 : value.length, at)
    if (value === null) continue
    array.set(value, at)
    at += value.length
  }
  return array
}
