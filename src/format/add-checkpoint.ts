/** The request by which a log asks a witness for its cosignature (C2SP tlog-witness, add-checkpoint): written by one, read by the other. */
import { type Hash, isHash } from '../model/sha256.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { bytesToHex, HASH_BYTES, hexToBytes } from './hash.ts'

export interface AddCheckpoint {
  /** Of the head that the witness cosigned last; 0 if none. */
  readonly old_size: number
  /** Consistency proof from there (RFC 6962, section 2.1.2); empty from 0. */
  readonly proof: readonly Hash[]
  /** The signed checkpoint, as it stands. */
  readonly note: string
}

/** What a witness says the size is that it cosigned last. */
export const SIZE_TYPE = 'text/x.tlog.size'
const LONGEST_PROOF = 63
const OLD = /^old (0|[1-9][0-9]{0,15})$/

export function addCheckpointText({ old_size, proof, note }: AddCheckpoint): string {
  return [`old ${old_size}`, ...proof.map(hash => toBase64(hexToBytes(hash))), '', note].join('\n')
}

/** null if the text is no such request. */
export function parseAddCheckpoint(text: string): AddCheckpoint | null {
  const end = text.indexOf('\n\n')
  const [first = '', ...lines] = text.slice(0, Math.max(0, end)).split('\n')
  const old_size = Number(OLD.exec(first)?.[1])
  const proof = lines.map(line => {
    const bytes = fromBase64(line)
    return bytes?.length === HASH_BYTES ? bytesToHex(bytes) : ''
  })
  if (end < 0 || !Number.isSafeInteger(old_size) || proof.length > LONGEST_PROOF || !proof.every(isHash)) return null
  return { old_size, proof, note: text.slice(end + 2) }
}

/** The size in the answer to a conflict; null if it is none. */
export function parseSize(text: string): number | null {
  const size = Number(/^(0|[1-9][0-9]{0,15})\n$/.exec(text)?.[1])
  return Number.isSafeInteger(size) ? size : null
}
