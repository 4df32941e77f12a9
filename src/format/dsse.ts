/**
 * DSSE (Dead Simple Signing Envelope) v1: statements for others, signed with the keys that sign a ledger.
 *
 * DSSE-1. What is signed is the pre-authentication encoding, which begins with `DSSEv1 `. So it is no checkpoint, no statement about keys, and
 *     no message that ML-DSA-44 signs of a checkpoint (statement.ts).
 * DSSE-2. The id of a key is `name+hash`, as in signature lines of checkpoints: a hint for finding the key, nothing that is trusted.
 */
import { toBase64 } from './base64.ts'
import { parseSignature } from './note.ts'
import type { Signer } from './signing-key.ts'
import { utf8 } from './verifier-key.ts'

export interface DsseEnvelope {
  readonly payload: string
  readonly payloadType: string
  readonly signatures: ReadonlyArray<{ readonly keyid: string; readonly sig: string }>
}

/** The text that is signed: PAE(type, body). Lengths are those of the bytes. */
export function preAuthenticationEncoding(type: string, body: string): string {
  return `DSSEv1 ${utf8(type).length} ${type} ${utf8(body).length} ${body}`
}

/** Signed with all keys of a signer. */
export function envelopeOf(payloadType: string, body: string, signer: Pick<Signer, 'signStatement'>): DsseEnvelope {
  const signatures = signer.signStatement(preAuthenticationEncoding(payloadType, body)).map(line => {
    const signature = parseSignature(line)
    if (signature === null) throw new TypeError('a signer gave something else than a signature')
    return { keyid: `${signature.name}+${signature.hash}`, sig: toBase64(signature.bytes) }
  })
  return { payload: toBase64(utf8(body)), payloadType, signatures }
}
