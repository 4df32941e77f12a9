/** Ids of runs: UUIDs of version 7 (RFC 9562), which sort by time. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const MAX_MS = 2 ** 48 - 1

/** A UUIDv7 from milliseconds since the Unix epoch and 10 random bytes. */
export function uuidv7(now_ms: number, random: Uint8Array): string {
  if (!Number.isInteger(now_ms) || now_ms < 0 || now_ms > MAX_MS) throw new RangeError(`not a time: ${now_ms} ms`)
  if (random.length !== 10) throw new RangeError(`a UUIDv7 takes 10 random bytes, not ${random.length}`)
  const bytes = Buffer.alloc(16)
  bytes.writeUIntBE(now_ms, 0, 6)
  bytes.set(random, 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** True for a UUID in its lower-case text form, of any version. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}
