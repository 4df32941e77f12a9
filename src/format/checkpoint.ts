/** Checkpoints (C2SP tlog-checkpoint), and what ML-DSA-44 signs of them (C2SP tlog-cosignature). */
import { type Hash, isHash } from '../model/sha256.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { bytesToHex, hexToBytes } from './hash.ts'
import { isNoteText, joined, NoteError, utf8 } from './verifier-key.ts'

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
  return `${origin}\n${size}\n${toBase64(hexToBytes(root))}\n`
}

/**
 * Reads a checkpoint of the form that `checkpointText` gives; extension lines are refused, as Custody has none.
 * @throws NoteError
 */
export function parseCheckpoint(text: string): Checkpoint {
  return parsedAs(/^(.+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n$/, text)
}

/** What a signed note says, whoever signed it. @throws NoteError */
export function checkpointIn(note: string): Checkpoint {
  return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1))
}

/** The same; null if it is no checkpoint. */
export function headIn(note: string): Checkpoint | null {
  try {
    return checkpointIn(note)
  } catch (error) {
    if (error instanceof NoteError) return null
    throw error
  }
}

/** The same of any log's checkpoint; extension lines are passed over. @throws NoteError */
export function parseAnyCheckpoint(text: string): Checkpoint {
  return parsedAs(/^(.+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:.+\n)*$/, text)
}

function parsedAs(form: RegExp, text: string): Checkpoint {
  const [, origin = '', digits, base64 = ''] = form.exec(text) ?? []
  const bytes = fromBase64(base64)
  const size = Number(digits)
  if (bytes === null || !Number.isSafeInteger(size) || !isOrigin(origin)) {
    throw new NoteError('not a checkpoint (origin, size and root, each on a line)')
  }
  return { origin, size, root: bytesToHex(bytes) }
}

/** `label`, with its zero byte. */
const COSIGNED = utf8('subtree/v1\n\u0000')
/** Names and origins stand behind a byte that has their length. */
const MAX_BYTES = 255

/**
 * `cosigned_message` of C2SP tlog-cosignature, for a whole tree.
 * @param timestamp seconds since the Unix epoch; 0 says nothing of whether the tree is the largest one.
 * @throws NoteError if name or origin are too long.
 */
export function cosignedMessage(name: string, timestamp: bigint, { origin, size, root }: Checkpoint): Uint8Array {
  return joined(
    ...[COSIGNED, counted(name), uint64(timestamp), counted(origin)],
    ...[uint64(0n), uint64(BigInt(size)), hexToBytes(root)],
  )
}

function counted(text: string): Uint8Array {
  const bytes = utf8(text)
  if (bytes.length === 0 || bytes.length > MAX_BYTES)
    throw new NoteError(`a text of ${bytes.length} bytes, not 1 to 255`)
  return joined(Uint8Array.of(bytes.length), bytes)
}

/** Big-endian. */
export function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

function isOrigin(origin: string): boolean {
  return origin.length > 0 && !origin.includes('\n') && isNoteText(`${origin}\n`)
}
