/** The keys of a witness, which cosign heads of other people's logs: one of Ed25519, one of ML-DSA-44, or both, of one name. */
import { type KeyObject, sign } from 'node:crypto'
import { fromBase64, toBase64 } from './base64.ts'
import { type Checkpoint, cosignedMessage, uint64 } from './checkpoint.ts'
import { COSIGNER_TYPE_BYTES, type CosignerKey, cosignatureMessage, cosignerKey } from './cosignature.ts'
import { hexToBytes } from './hash.ts'
import type { KeyType } from './signatures.ts'
import { privateKey, publicBytes } from './signing-key.ts'
import { joined, NoteError } from './verifier-key.ts'

export interface Cosigner {
  readonly name: string
  readonly keys: readonly CosignerKey[]
  /**
   * A signature by each key, for `noteOf`.
   * @param text of the note, with its last newline; `head` is what it says.
   * @param timestamp seconds since the Unix epoch, at least 1.
   */
  cosign(text: string, head: Checkpoint, timestamp: number): readonly string[]
}

interface CosigningKey {
  readonly private_key: KeyObject
  readonly key: CosignerKey
}

/** @throws NoteError if the name or a seed can't be used. */
export function makeCosigner(name: string, seeds: { readonly [type in KeyType]?: Uint8Array | undefined }): Cosigner {
  const keys = (['ed25519', 'ml-dsa-44'] as const).flatMap(type => {
    const seed = seeds[type]
    return seed === undefined ? [] : [cosigningKey(type, name, seed)]
  })
  if (keys.length === 0) throw new NoteError('a witness has at least one key')
  return {
    name,
    keys: keys.map(each => each.key),
    cosign: (text, head, timestamp) =>
      keys.map(({ private_key, key }) => {
        const at = BigInt(timestamp)
        const message = key.cosigns === 'ed25519' ? cosignatureMessage(at, text) : cosignedMessage(name, at, head)
        const bytes = joined(hexToBytes(key.hash), uint64(at), sign(null, message, private_key))
        return `${name} ${toBase64(bytes)}`
      }),
  }
}

function cosigningKey(type: KeyType, name: string, seed: Uint8Array): CosigningKey {
  const private_key = privateKey(type, seed)
  return { private_key, key: cosignerKey(type, name, publicBytes(type, private_key)) }
}

/** The text form: a line for each key, `PRIVATE+KEY+name+hash+base64(type ‖ seed)`, of the types that cosign. */
export function encodeCosigningKeys(name: string, seeds: { readonly [type in KeyType]: Uint8Array }): string {
  return (['ed25519', 'ml-dsa-44'] as const)
    .map(type => {
      const { hash } = cosigningKey(type, name, seeds[type]).key
      return `PRIVATE+KEY+${name}+${hash}+${toBase64(Uint8Array.of(COSIGNER_TYPE_BYTES[type], ...seeds[type]))}\n`
    })
    .join('')
}

/** One key of each type at most, all of one name, with blanks or newlines between. @throws NoteError if it is anything else. */
export function parseCosigningKeys(text: string): Cosigner {
  const seeds: { [type in KeyType]?: Uint8Array } = {}
  const names = new Set<string>()
  for (const line of text.trim().split(/\s+/)) {
    const [, name = '', hash, base64 = ''] =
      /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line) ?? []
    const bytes = fromBase64(base64)
    const type = (['ed25519', 'ml-dsa-44'] as const).find(each => COSIGNER_TYPE_BYTES[each] === bytes?.[0])
    if (bytes === null || type === undefined)
      throw new NoteError('not a cosigning key (PRIVATE+KEY+name+hash+base64, of type 04 or 06)')
    if (seeds[type] !== undefined) throw new NoteError('two cosigning keys of one type')
    seeds[type] = bytes.subarray(1)
    names.add(name)
    if (cosigningKey(type, name, bytes.subarray(1)).key.hash !== hash)
      throw new NoteError('the cosigning key does not fit its hash')
  }
  if (names.size !== 1) throw new NoteError('the cosigning keys have different names')
  return makeCosigner([...names].join(), seeds)
}
