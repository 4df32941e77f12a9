/**
 * Signing: a user's keys, one of Ed25519, and beside it one of ML-DSA-44, unless the user has the first alone.
 *
 * SIGNING-KEY-1. Heads of runs are signed with Ed25519, since there is one at each commit; heads of log 0, and statements, with both.
 * SIGNING-KEY-2. The timestamp that ML-DSA-44 signs in a head is 0: whoever writes a log makes no statement of when it was the largest.
 * SIGNING-KEY-3. Ed25519 signs the same text with the same bytes. ML-DSA-44 doesn't: it is hedged (FIPS 204, 3.4).
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign as signBytes } from 'node:crypto'
import { fromBase64, toBase64 } from './base64.ts'
import { type Checkpoint, checkpointText, cosignedMessage, uint64 } from './checkpoint.ts'
import { hexToBytes } from './hash.ts'
import { noteOf } from './note.ts'
import type { KeyType } from './signatures.ts'
import { PUBLIC_KEY_PREFIX } from './signed-by.ts'
import {
  isNoteText,
  joined,
  KEY_TYPE_BYTES,
  KEY_TYPES,
  NoteError,
  utf8,
  type VerifierKey,
  verifierKey,
} from './verifier-key.ts'

export interface Signer {
  /** Key name as in signature lines; that of both keys. */
  readonly name: string
  /** C2SP verifier key of the Ed25519 key: `name+hash+base64`. */
  readonly verifier_key: string
  /** Those of all keys: Ed25519, then ML-DSA-44, if there is one. */
  readonly verifier_keys: readonly string[]
  /** The Ed25519 key, for a signer in another thread. */
  readonly private_key: KeyObject
  /** A note of a text that ends in a newline, signed with Ed25519 alone. */
  sign(text: string): string
  /** Signatures of a checkpoint by all keys, for `noteOf`. */
  signHead(head: Checkpoint): readonly string[]
  /** Signatures of a statement by all keys. */
  signStatement(text: string): readonly string[]
}

const SEED_BYTES = 32
/** What stands before a seed in PKCS #8 (RFC 8410, RFC 9881). */
const PRIVATE_KEY_PREFIX: { readonly [type in KeyType]: Uint8Array } = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  'ml-dsa-44': Buffer.from('3034020100300b060960864801650304031104228020', 'hex'),
}

/** 32 random bytes, for a key of either type. */
export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES))
}

interface SigningKey {
  readonly private_key: KeyObject
  readonly verifier: VerifierKey
}

/**
 * A signer with a name, an Ed25519 key (its seed, or the key), and the seed of an ML-DSA-44 key, if it has one.
 * @throws NoteError if the name or a key can't be used.
 */
export function makeSigner(name: string, ed25519: Uint8Array | KeyObject, ml_dsa_44: Uint8Array | null = null): Signer {
  const first = signingKey('ed25519', name, ed25519)
  const keys = ml_dsa_44 === null ? [first] : [first, signingKey('ml-dsa-44', name, ml_dsa_44)]
  const signText = (text: string) => {
    if (!isNoteText(text)) throw new NoteError('a text to be signed ends in a newline and has no control characters')
    return signature(first, utf8(text))
  }
  return {
    name,
    verifier_key: first.verifier.text,
    verifier_keys: keys.map(each => each.verifier.text),
    private_key: first.private_key,
    sign: text => noteOf(text, [signText(text)]),
    signHead: head =>
      keys.map(key =>
        key === first ? signText(checkpointText(head)) : signature(key, cosignedMessage(name, 0n, head), uint64(0n)),
      ),
    signStatement: text => keys.map(key => signature(key, utf8(text))),
  }
}

/** `before` stands before the signature. */
function signature(
  { private_key, verifier }: SigningKey,
  message: Uint8Array,
  before: Uint8Array = new Uint8Array(),
): string {
  const bytes = joined(hexToBytes(verifier.hash), before, signBytes(null, message, private_key))
  return `${verifier.name} ${toBase64(bytes)}`
}

function signingKey(type: KeyType, name: string, key: Uint8Array | KeyObject): SigningKey {
  const private_key = key instanceof Uint8Array ? privateKey(type, key) : key
  if (private_key.type !== 'private' || private_key.asymmetricKeyType !== type)
    throw new NoteError(`the signing key is not a private key of ${type}`)
  return { private_key, verifier: verifierKey(type, name, publicBytes(type, private_key)) }
}

/** The bytes of a private key's public one. */
export function publicBytes(type: KeyType, private_key: KeyObject): Uint8Array {
  const spki = createPublicKey(private_key).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(PUBLIC_KEY_PREFIX[type].length))
}

/** @throws NoteError if the seed isn't of 32 bytes. */
export function privateKey(type: KeyType, seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) throw new NoteError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`)
  return createPrivateKey({ key: Buffer.concat([PRIVATE_KEY_PREFIX[type], seed]), format: 'der', type: 'pkcs8' })
}

/** The text form of signing keys, by their seeds: a line for each, `PRIVATE+KEY+name+hash+base64(type ‖ seed)`. */
export function encodeSigningKeys(name: string, ed25519: Uint8Array, ml_dsa_44: Uint8Array | null = null): string {
  const line = (type: KeyType, seed: Uint8Array) => {
    const { hash } = signingKey(type, name, seed).verifier
    return `PRIVATE+KEY+${name}+${hash}+${toBase64(Uint8Array.of(KEY_TYPE_BYTES[type], ...seed))}\n`
  }
  return `${line('ed25519', ed25519)}${ml_dsa_44 === null ? '' : line('ml-dsa-44', ml_dsa_44)}`
}

/**
 * An Ed25519 key, and beside it one of ML-DSA-44 of the same name, if there is one, in any order, with blanks or newlines between.
 * @throws NoteError if the text is anything else.
 */
export function parseSigningKeys(text: string): Signer {
  const keys = text.trim().split(/\s+/).map(parseSigningKey)
  const [first, ...others] = keys.filter(each => each.type === 'ed25519')
  const [second, ...more] = keys.filter(each => each.type === 'ml-dsa-44')
  if (first === undefined || others.length + more.length > 0)
    throw new NoteError('not one key of Ed25519, with at most one of ML-DSA-44')
  if (second !== undefined && second.name !== first.name)
    throw new NoteError('the two signing keys have different names')
  return makeSigner(first.name, first.seed, second?.seed ?? null)
}

function parseSigningKey(text: string): { readonly type: KeyType; readonly name: string; readonly seed: Uint8Array } {
  const [, name = '', hash, base64 = ''] = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  const bytes = fromBase64(base64)
  const type = KEY_TYPES.find(each => KEY_TYPE_BYTES[each] === bytes?.[0])
  if (bytes === null || type === undefined)
    throw new NoteError('not a signing key (PRIVATE+KEY+name+hash+base64, Ed25519 or ML-DSA-44)')
  const seed = bytes.subarray(1)
  if (signingKey(type, name, seed).verifier.hash !== hash) throw new NoteError('the signing key does not fit its hash')
  return { type, name, seed }
}
