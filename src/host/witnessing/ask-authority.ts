/** A timestamp authority asked for a token over a head (RFC 3161). */
import { randomBytes } from 'node:crypto'
import { DerError } from '../../format/der.ts'
import { bytesToHex, hexToBytes } from '../../format/hash.ts'
import { TIMESTAMP_QUERY, timestampQuery, tokenIn } from '../../format/timestamp.ts'
import { checkTimestamp } from '../../format/timestamp-check.ts'
import { utf8 } from '../../format/verifier-key.ts'
import { sha256Hex } from '../../model/sha256.ts'
import { type Post, Unreachable } from './post.ts'

export type Dated =
  | { readonly kind: 'token'; readonly token: Uint8Array }
  /** A sentence's end. */
  | { readonly kind: 'none'; readonly why: string }

const NONCE_BYTES = 8

/** @param note with the log's own signatures alone. */
export async function askAuthority(url: string, note: string, post: Post): Promise<Dated> {
  const nonce = randomBytes(NONCE_BYTES)
  try {
    const bytes = utf8(note)
    const { status, body } = await post(url, TIMESTAMP_QUERY, timestampQuery(hexToBytes(sha256Hex(bytes)), nonce))
    if (status !== 200) return { kind: 'none', why: `answers with status ${status}` }
    const token = tokenIn(body)
    const checked = checkTimestamp(token, bytes)
    if (!checked.ok) return { kind: 'none', why: `answers with a timestamp that doesn’t hold: ${checked.message}` }
    if (checked.nonce === null || bytesToHex(checked.nonce) !== bytesToHex(nonce))
      return { kind: 'none', why: 'answers with a timestamp that was asked for before' }
    return { kind: 'token', token }
  } catch (error) {
    if (error instanceof Unreachable) return { kind: 'none', why: error.message }
    if (error instanceof DerError) return { kind: 'none', why: `answers with no timestamp: ${error.message}` }
    throw error
  }
}
