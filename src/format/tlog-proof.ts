/**
 * Proofs that an entry is in a log, as texts (C2SP tlog-proof): its index, the inclusion proof, and the signed checkpoint that it leads to,
 * verbatim. Custody has no extra data in them, and refuses what has some.
 */
import { type Hash, isHash } from '../model/sha256.ts'
import { fromBase64, toBase64 } from './base64.ts'
import { bytesToHex, HASH_BYTES, hexToBytes } from './hash.ts'

export interface TlogProof {
  /** Of the entry, from 0. */
  readonly index: number
  /** As `inclusionProof` gives it: the leaf's sibling first. */
  readonly path: readonly Hash[]
  /** A signed note (C2SP signed-note). Who signed it, and what it says, is for `openNote` and `parseCheckpoint`. */
  readonly checkpoint: string
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
const INDEX = /^index (0|[1-9][0-9]{0,15})$/
/** Of a tree with 2^53 leaves. */
const LONGEST_PATH = 53

/** @throws TypeError if it has no such text. */
export function tlogProofText({ index, path, checkpoint }: TlogProof): string {
  const lines = path.map(hash => toBase64(hexToBytes(hash)))
  const text = `${[FIRST_LINE, `index ${index}`, ...lines].join('\n')}\n\n${checkpoint}`
  if (parseTlogProof(text) === null) throw new TypeError('not a proof that an entry is in a log')
  return text
}

/** null if the text is no such proof. */
export function parseTlogProof(text: string): TlogProof | null {
  const end = text.indexOf('\n\n')
  const [first, second = '', ...lines] = text.slice(0, Math.max(0, end)).split('\n')
  const index = Number(INDEX.exec(second)?.[1])
  const checkpoint = text.slice(end + 2)
  if (end < 0 || first !== FIRST_LINE || !Number.isSafeInteger(index)) return null
  if (lines.length > LONGEST_PATH || !/^[^\n].*\n$/s.test(checkpoint)) return null
  const path = lines.map(hashIn)
  return path.every(isHash) ? { index, path, checkpoint } : null
}

/** Empty if the line isn't the one spelling of 32 bytes in base64. */
function hashIn(line: string): Hash {
  const bytes = fromBase64(line)
  return bytes?.length === HASH_BYTES ? bytesToHex(bytes) : ''
}
