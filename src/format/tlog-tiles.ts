/**
 * Logs as files that clients of C2SP tlog-tiles read: tiles of hashes, and bundles of entries.
 */
import { utf8 } from './verifier-key.ts'

/** An entry's length stands before it in two bytes. */
export const MAX_BUNDLED_BYTES = 0xffff

/** `tile/0/x001/x234/067.p/8`. `level`: from 0, or `entries` for bundles; `width`: of a partial tile, null of a full one. */
export function tilePath(level: number | 'entries', index: number, width: number | null): string {
  const digits = `${index}`
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.match(/\d{3}/g) ?? []
  const place = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${place}${width === null ? '' : `.p/${width}`}`
}

/** An entry as it stands in a bundle; null if it is too long for one. */
export function bundled(body: string): Uint8Array | null {
  const bytes = utf8(body)
  if (bytes.length > MAX_BUNDLED_BYTES) return null
  const entry = new Uint8Array(2 + bytes.length)
  new DataView(entry.buffer).setUint16(0, bytes.length)
  entry.set(bytes, 2)
  return entry
}
