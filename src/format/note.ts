/**
 * Signed notes (C2SP signed-note) with Ed25519 signatures, and the checkpoints (C2SP tlog-checkpoint) they carry.
 *
 * NOTE-1. A note is its text, an empty line, and signature lines `— name base64(key hash ‖ signature)`. The text ends in a
 *     newline and holds no other control characters.
 * NOTE-2. Whoever opens a note names the keys they trust; signatures of other keys are passed over, and count for nothing.
 *     A bad signature of a trusted key makes the whole note bad.
 */
import {
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  randomBytes,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto'
import { type Hash, isHash } from '../model/sha256.ts'
import { bytesToHex, hexToBytes } from './hash.ts'

/** Signs the text of a checkpoint (C2SP signed-note, Ed25519). */
export interface Signer {
  /** Key name as in the note's signature line. */
  readonly name: string
  /** C2SP verifier key: `name+hash+base64`. */
  readonly verifier_key: string
  /** For a signer in another thread. */
  readonly private_key: KeyObject
  /** Returns the signed note for a checkpoint body that ends in a newline. */
  sign(text: string): string
}

/** A key that signatures are checked with. */
export interface VerifierKey {
  readonly name: string
  /** 8 lower-case hex digits: the first four bytes of SHA-256(name ‖ 0A ‖ 01 ‖ public key). */
  readonly hash: string
  /** As it was given: `name+hash+base64`. */
  readonly text: string
  readonly public_key: KeyObject
}

export type NoteProblem = 'malformed' | 'unknown_key' | 'bad_signature'

/** A note, key or checkpoint is not what it should be. */
export class NoteError extends Error {
  override readonly name = 'NoteError'
}

export type OpenedNote =
  | { readonly ok: true; readonly text: string; readonly key: VerifierKey }
  | { readonly ok: false; readonly problem: NoteProblem; readonly message: string }

const ED25519 = 1
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** What stands before the 32 bytes of a key in PKCS #8 and SPKI (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** As in Go's reader of notes. */
const MAX_NOTE_UNITS = 1_000_000
const MAX_SIGNATURES = 100
/** Any character that Unicode counts as a space, or a plus sign. */
const NOT_IN_NAMES = /[\s+\u0085]/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: notes must not hold control characters
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** 32 random bytes: the seed of a new Ed25519 key. */
export function generateSigningKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES))
}

/**
 * A signer for a key name and the 32 bytes of its seed, or its private key.
 * @throws NoteError if the name or the key can't be used.
 */
export function makeSigner(name: string, key: Uint8Array | KeyObject): Signer {
  if (!isKeyName(name)) throw new NoteError(`not a name for a key: ${JSON.stringify(name)}`)
  const private_key = key instanceof Uint8Array ? privateKey(key) : key
  if (private_key.type !== 'private' || private_key.asymmetricKeyType !== 'ed25519') {
    throw new NoteError('the signing key is not an Ed25519 private key')
  }
  const spki = createPublicKey(private_key).export({ format: 'der', type: 'spki' })
  const raw = spki.subarray(PUBLIC_PREFIX.length)
  const key_hash = keyHash(name, raw)
  return {
    name,
    verifier_key: `${name}+${key_hash}+${Buffer.from([ED25519, ...raw]).toString('base64')}`,
    private_key,
    sign(text) {
      if (!isNoteText(text)) throw new NoteError('a text to be signed ends in a newline and has no control characters')
      const signature = signBytes(null, Buffer.from(text, 'utf8'), private_key)
      return `${text}\n— ${name} ${Buffer.concat([Buffer.from(key_hash, 'hex'), signature]).toString('base64')}\n`
    },
  }
}

/** The text form of a signing key, for a file: `PRIVATE+KEY+name+hash+base64`. */
export function encodeSigningKey(name: string, seed: Uint8Array): string {
  const [, key_hash] = makeSigner(name, seed).verifier_key.split('+')
  return `PRIVATE+KEY+${name}+${key_hash}+${Buffer.from([ED25519, ...seed]).toString('base64')}`
}

/** @throws NoteError if the text is no signing key. */
export function parseSigningKey(text: string): Signer {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text)
  const bytes = match === null ? null : fromBase64(match[3]!)
  if (match === null || bytes === null || bytes.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) {
    throw new NoteError('not a signing key (PRIVATE+KEY+name+hash+base64, Ed25519)')
  }
  const signer = makeSigner(match[1]!, bytes.subarray(1))
  if (signer.verifier_key.split('+')[1] !== match[2]) throw new NoteError('the signing key does not fit its hash')
  return signer
}

/** @throws NoteError if the text is no Ed25519 verifier key. */
export function parseVerifierKey(text: string): VerifierKey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text)
  const bytes = match === null ? null : fromBase64(match[3]!)
  if (match === null || bytes === null || !isKeyName(match[1]!)) {
    throw new NoteError('not a verifier key (name+hash+base64)')
  }
  if (bytes.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) throw new NoteError('the verifier key is not Ed25519')
  const raw = bytes.subarray(1)
  if (keyHash(match[1]!, raw) !== match[2]) throw new NoteError('the verifier key does not fit its hash')
  const public_key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' })
  return { name: match[1]!, hash: match[2]!, text, public_key }
}

function privateKey(seed: Uint8Array): KeyObject {
  if (seed.length !== KEY_BYTES) throw new NoteError(`a seed has ${KEY_BYTES} bytes, not ${seed.length}`)
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

function keyHash(name: string, raw: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), Buffer.from([ED25519]), raw]), 'hex').slice(
    0,
    8,
  )
}

function isKeyName(name: string): boolean {
  return name.length > 0 && name.isWellFormed() && !NOT_IN_NAMES.test(name) && !CONTROL.test(name)
}

// ── notes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Opens a note with the keys that are trusted; `key` is the first of the note's signers among them. */
export function openNote(note: string, keys: readonly VerifierKey[]): OpenedNote {
  const split = note.lastIndexOf('\n\n')
  const text = note.slice(0, split + 1)
  if (note.length > MAX_NOTE_UNITS || split < 0 || !isNoteText(text) || !note.endsWith('\n')) {
    return problem('malformed', 'it is not a signed note')
  }
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > MAX_SIGNATURES) return problem('malformed', `it has more than ${MAX_SIGNATURES} signatures`)
  let found: VerifierKey | null = null
  for (const line of lines) {
    const signature = parseSignature(line)
    if (signature === null) return problem('malformed', `a signature line is malformed: ${JSON.stringify(line)}`)
    const key = keys.find(each => each.name === signature.name && each.hash === signature.hash)
    if (key === undefined) continue
    const bytes = signature.bytes
    if (bytes.length !== SIGNATURE_BYTES || !verifyBytes(null, Buffer.from(text, 'utf8'), key.public_key, bytes)) {
      return problem('bad_signature', `the signature of ${key.name}+${key.hash} is not one of this text`)
    }
    found ??= key
  }
  if (found !== null) return { ok: true, text, key: found }
  const signers = lines.map(line => parseSignature(line)).map(each => `${each?.name}+${each?.hash}`)
  return problem('unknown_key', `it is signed by ${signers.join(', ')}, and that is none of the trusted keys`)
}

function problem(kind: NoteProblem, message: string): OpenedNote {
  return { ok: false, problem: kind, message }
}

function parseSignature(line: string): { name: string; hash: string; bytes: Uint8Array } | null {
  const match = /^— (\S+) (\S+)$/u.exec(line)
  const bytes = match === null ? null : fromBase64(match[2]!)
  if (match === null || bytes === null || bytes.length < 5 || !isKeyName(match[1]!)) return null
  return { name: match[1]!, hash: bytesToHex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !CONTROL.test(text)
}

/** Standard base64 with its padding, and no other spelling of the same bytes. */
function fromBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? new Uint8Array(bytes) : null
}

// ── checkpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** The head of a log. */
export interface Checkpoint {
  /** Which log: one line without control characters. */
  readonly origin: string
  readonly size: number
  readonly root: Hash
}

/** The note text of a checkpoint: origin, size, root in base64, each on a line. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  if (!isOrigin(origin) || !Number.isSafeInteger(size) || size < 0 || !isHash(root)) {
    throw new NoteError('not a checkpoint')
  }
  return `${origin}\n${size}\n${Buffer.from(hexToBytes(root)).toString('base64')}\n`
}

/**
 * Reads a checkpoint of the form that `checkpointText` gives; extension lines are refused, as Custody has none.
 * @throws NoteError
 */
export function parseCheckpoint(text: string): Checkpoint {
  const match = /^(.+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text)
  const bytes = match === null ? null : fromBase64(match[3]!)
  const size = Number(match?.[2])
  if (match === null || bytes === null || !Number.isSafeInteger(size) || !isOrigin(match[1]!)) {
    throw new NoteError('not a checkpoint (origin, size and root, each on a line)')
  }
  return { origin: match[1]!, size, root: bytesToHex(bytes) }
}

function isOrigin(origin: string): boolean {
  return origin.length > 0 && !origin.includes('\n') && isNoteText(`${origin}\n`)
}

// ── changes of keys ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What the signatures of a `key` entry of log 0 are over: the change, and all that the log held before it. */
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
  readonly t: number
}

/** No checkpoint reads so: their second line is a number. */
export function keyChangeText({ ledger, index, root, change, keys, t }: KeyChangeStatement): string {
  const before = Buffer.from(hexToBytes(root)).toString('base64')
  return `${['custody key change', ledger, index, before, change, t, ...keys].join('\n')}\n`
}

/** The signature of a signed note, without its dash: `name base64(key hash ‖ signature)`. */
export function signatureOf(note: string): string {
  return note.slice(note.lastIndexOf('\n— ') + 3, -1)
}

/** A note of a text and its signatures, to be opened. */
export function noteOf(text: string, signatures: readonly string[]): string {
  return `${text}\n${signatures.map(each => `— ${each}\n`).join('')}`
}
