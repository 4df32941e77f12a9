/**
 * Values at rest: payloads of consecutive entries, some at a time, as one message of AES-256-GCM under a data key of its own, which the
 * ledger key wraps. Pure but for chance.
 *
 * SEALED-CHUNK-1. A data key encrypts one message and never another: erasing a value encrypts what stays anew, and the old key is gone with it.
 * SEALED-CHUNK-2. Message and wrapped key are bound to the ledger, the log and the entries that they are of: moved elsewhere, neither opens.
 * SEALED-CHUNK-3. Changing the ledger key wraps data keys anew, and touches no message.
 */
import { isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { SALT_BYTES } from '../../format/hash.ts'
import type { ReadablePayload, SealedChunk } from '../read-port.ts'
import type { NewPayload } from '../write-port.ts'
import { type ExtentEntry, extentsText, readExtents } from './extents.ts'
import { KEY_BYTES, type LedgerKey } from './ledger-key.ts'

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
export const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
const LENGTH_BYTES = 4
/** As many payloads as make the two calls of the cipher cheap, and as few as reading one of them stays cheap. */
const CHUNK_PAYLOADS = 64
/** A chunk with more bytes takes no further payload. */
const CHUNK_BYTES = 256 * 1024
/** A data key is used once (SEALED-CHUNK-1), and so is this with it. */
const NO_NONCE = Buffer.alloc(NONCE_BYTES)

/** What a chunk is bound to, besides its entries. */
export interface ChunkPlace {
  /** The ledger's id. */
  readonly ledger: string
  readonly log: number
}

export type Random = (size_bytes: number) => Uint8Array

/** In order of seq; each has 16 bytes of salt for each of its values. */
export function* sealAll(
  payloads: Iterable<NewPayload>,
  place: ChunkPlace,
  key: LedgerKey,
  random: Random = randomBytes,
): Generator<SealedChunk> {
  let some: NewPayload[] = []
  let bytes = 0
  for (const payload of payloads) {
    const size = payload.body.length + payload.salts.length
    if (some.length > 0 && (some.length === CHUNK_PAYLOADS || bytes + size > CHUNK_BYTES)) {
      yield sealChunk(some, place, key, random)
      some = []
      bytes = 0
    }
    some.push(payload)
    bytes += size
  }
  if (some.length > 0) yield sealChunk(some, place, key, random)
}

/** At least one payload, in order of seq. */
export function sealChunk(
  payloads: readonly NewPayload[],
  place: ChunkPlace,
  key: LedgerKey,
  random: Random = randomBytes,
): SealedChunk {
  const entries = extentsText(payloads.map(({ seq, salts }) => ({ seq, values: salts.length / SALT_BYTES })))
  const chance = random(KEY_BYTES + NONCE_BYTES)
  const data_key = chance.subarray(0, KEY_BYTES)
  return {
    first: payloads[0]?.seq ?? 0,
    last: payloads.at(-1)?.seq ?? 0,
    entries,
    key_id: key.id,
    data_key: wrap(data_key, key, chance.subarray(KEY_BYTES), contextOf(place, entries, 'key')),
    message: encrypted(plainOf(payloads), data_key, NO_NONCE, contextOf(place, entries, 'values')),
  }
}

/** null if it isn't what was encrypted there, or with another key. */
export function openChunk(chunk: SealedChunk, place: ChunkPlace, key: LedgerKey): readonly ReadablePayload[] | null {
  const entries = entriesOf(chunk)
  const data_key = unwrap(chunk, place, key)
  if (entries === null || data_key === null) return null
  const plain = decrypted(chunk.message, data_key, NO_NONCE, contextOf(place, chunk.entries, 'values'))
  return plain === null ? null : payloadsOf(plain, entries)
}

/** Its entries, as it says in plain; null if that isn't what a chunk says. */
export function entriesOf({ entries, first, last }: Pick<SealedChunk, 'entries' | 'first' | 'last'>) {
  const read = readExtents(entries)
  return read !== null && read[0]?.seq === first && read.at(-1)?.seq === last ? read : null
}

/** The data key under another ledger key; null if `from` doesn't unwrap it. */
export function rewrap(
  chunk: Pick<SealedChunk, 'entries' | 'data_key'>,
  place: ChunkPlace,
  from: LedgerKey,
  to: LedgerKey,
  random: Random = randomBytes,
): Pick<SealedChunk, 'key_id' | 'data_key'> | null {
  const data_key = unwrap(chunk, place, from)
  if (data_key === null) return null
  return {
    key_id: to.id,
    data_key: wrap(data_key, to, random(NONCE_BYTES), contextOf(place, chunk.entries, 'key')),
  }
}

function wrap(data_key: Uint8Array, { secret }: LedgerKey, nonce: Uint8Array, context: Buffer): Buffer {
  return Buffer.concat([nonce, encrypted(data_key, secret, nonce, context)])
}

function unwrap({ entries, data_key }: Pick<SealedChunk, 'entries' | 'data_key'>, place: ChunkPlace, key: LedgerKey) {
  if (data_key.length !== WRAPPED_BYTES) return null
  const nonce = data_key.subarray(0, NONCE_BYTES)
  return decrypted(data_key.subarray(NONCE_BYTES), key.secret, nonce, contextOf(place, entries, 'key'))
}

/** What is authenticated besides: none of it has a line end. */
function contextOf({ ledger, log }: ChunkPlace, entries: string, what: 'key' | 'values'): Buffer {
  return Buffer.from(`custody-sealed/1\n${what}\n${ledger}\n${log}\n${entries}\n`)
}

function encrypted(plain: Uint8Array, key: Uint8Array | KeyObject, nonce: Uint8Array, context: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce)
  cipher.setAAD(context)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** null if it wasn't encrypted so. */
function decrypted(body: Uint8Array, key: Uint8Array | KeyObject, nonce: Uint8Array, context: Buffer): Buffer | null {
  if (body.length < TAG_BYTES) return null
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(context)
  decipher.setAuthTag(body.subarray(body.length - TAG_BYTES))
  const plain = decipher.update(body.subarray(0, body.length - TAG_BYTES))
  try {
    decipher.final()
    return plain
  } catch {
    // The one thing that `final` finds wrong: the tag.
    return null
  }
}

/** Lengths of the bodies, 4 bytes each, little-endian · all salts · all bodies. */
function plainOf(payloads: readonly NewPayload[]): Buffer {
  let size = 0
  let salts_at = LENGTH_BYTES * payloads.length
  for (const { salts, body } of payloads) size += LENGTH_BYTES + salts.length + body.length
  const plain = Buffer.allocUnsafe(size)
  let bodies_at = payloads.reduce((sum, { salts }) => sum + salts.length, salts_at)
  for (const [i, { salts, body }] of payloads.entries()) {
    plain.writeUInt32LE(body.length, LENGTH_BYTES * i)
    plain.set(salts, salts_at)
    plain.set(body, bodies_at)
    salts_at += salts.length
    bodies_at += body.length
  }
  return plain
}

/** null if it isn't of that form: whoever has the key can encrypt anything. */
function payloadsOf(plain: Buffer, entries: readonly ExtentEntry[]): readonly ReadablePayload[] | null {
  let salts_at = LENGTH_BYTES * entries.length
  let body_at = entries.reduce((sum, { values }) => sum + values * SALT_BYTES, salts_at)
  if (body_at > plain.length || !isUtf8(plain.subarray(body_at))) return null
  const payloads: ReadablePayload[] = []
  for (const [i, { seq, values }] of entries.entries()) {
    const end = body_at + plain.readUInt32LE(LENGTH_BYTES * i)
    const salts_end = salts_at + values * SALT_BYTES
    if (end > plain.length) return null
    const salts = Uint8Array.from(plain.subarray(salts_at, salts_end))
    payloads.push({ seq, salts, body: plain.toString('utf8', body_at, end) })
    salts_at = salts_end
    body_at = end
  }
  return body_at === plain.length ? payloads : null
}
