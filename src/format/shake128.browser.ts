/** shake128.ts where there is no Node: in a browser. */
import { shake128 as noble } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

export function shake128(text: string, length: number): Uint8Array {
  return noble(utf8ToBytes(text), { dkLen: length })
}
