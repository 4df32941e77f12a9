/** Ids of runs: UUIDs of version 7 (RFC 9562), which sort by time. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const MAX_MS = 2 ** 48 - 1

/** A UUIDv7 from milliseconds since the Unix epoch and 10 random bytes. */
export function uuidv7(now_ms: number, random: Uint8Array): string {
  if (!Number.isInteger(now_ms) || now_ms < 0 || now_ms > MAX_MS) throw new RangeError(`not a time: ${now_ms} ms`)
  if (random.length !== 10) throw new RangeError(`a UUIDv7 takes 10 random bytes, not ${random.length}`)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(now_ms / 2 ** 32))
  view.setUint32(2, now_ms % 2 ** 32)
  bytes.set(random, 6)
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f))
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f))
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** True for a UUID in its lower-case text form, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
