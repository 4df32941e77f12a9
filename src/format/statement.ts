/**
 * What keys sign of log 0 besides its heads: its birth, and each change of the keys that are in force.
 *
 * STATEMENT-1. The text is a first line that says what it is about, and a line of canonical JSON. So it is no checkpoint, whose second
 *     line is a number, and no message that ML-DSA-44 signs of one, which begins with `subtree/v1`.
 * STATEMENT-2. Keys of all types sign these bytes as they are. A signature is written as in a note, without the dash, and without a timestamp.
 * STATEMENT-3. No signature is passed over: one of a key that wasn't asked for makes the statement bad, as does one that doesn't hold.
 */
import { canonicalize } from '../model/canonical.ts'
import type { Json } from '../model/row.ts'
import type { Hash } from '../model/sha256.ts'
import type { LedgerEntry } from './ledger-entry.ts'
import { parseSignature } from './note.ts'
import { verifyEd25519, verifyMlDsa44 } from './signatures.ts'
import { utf8, type VerifierKey } from './verifier-key.ts'

type Birth = Extract<LedgerEntry, { readonly k: 'birth' }>

/** All of the birth but its kind, its signatures and its nonce. */
export function birthText({ format, ledger, keys, recovery, succeeds, t }: Omit<Birth, 'signatures'>): string {
  const facts = { format, ledger, keys, ...(recovery && { recovery }), ...(succeeds && { succeeds }), t }
  return `custody birth\n${canonicalize(facts as unknown as Json)}\n`
}

/** The change, and all that the log held before it. */
export interface KeyChangeStatement {
  /** The ledger's id. */
  readonly ledger: string
  /** seq of the entry, which is the number of entries before it. */
  readonly index: number
  /** Root of the tree of these. */
  readonly root: Hash
  readonly change: string
  /** Verifier keys. */
  readonly keys: readonly string[]
}

export function keyChangeText({ ledger, index, root, change, keys }: KeyChangeStatement): string {
  return `custody key change\n${canonicalize({ ledger, index, root, change, keys } as unknown as Json)}\n`
}

export type CheckedStatement =
  | { readonly ok: true; readonly signed_by: readonly VerifierKey[] }
  | { readonly ok: false; readonly message: string }

/** Which of `keys`, the only ones that may, have signed a statement. */
export function checkStatement(
  text: string,
  signatures: readonly string[],
  keys: readonly VerifierKey[],
): CheckedStatement {
  const signed_by: VerifierKey[] = []
  for (const line of signatures) {
    const signature = parseSignature(line)
    if (signature === null) return { ok: false, message: 'a signature of it is malformed' }
    const { name, hash, bytes } = signature
    const key = keys.find(each => each.name === name && each.hash === hash)
    if (key === undefined) return { ok: false, message: `${name}+${hash} has signed it, and has no say in it` }
    if (signed_by.includes(key)) return { ok: false, message: `${name}+${hash} has signed it twice` }
    const verify = key.type === 'ed25519' ? verifyEd25519 : verifyMlDsa44
    if (!verify(key.public_key, utf8(text), bytes))
      return { ok: false, message: `the signature of ${name}+${hash} is not one of it` }
    signed_by.push(key)
  }
  return { ok: true, signed_by }
}
