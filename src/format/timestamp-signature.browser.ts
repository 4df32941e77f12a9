/** timestamp-signature.ts where there is no Node: in a browser. They are computed here, since WebCrypto answers later, and checks have to answer at once. */
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { isEcdsa, numberOf } from './ecdsa.browser.ts'
import { bytesToHex, hexToBytes } from './hash.ts'
import type { Digest, PublicKey } from './public-key.ts'

const DIGESTS = { sha256, sha384, sha512 }

export function digestOf(digest: Digest, bytes: Uint8Array): Uint8Array {
  return DIGESTS[digest](bytes)
}

export function isSigned(key: PublicKey, digest: Digest, message: Uint8Array, signature: Uint8Array): boolean {
  const hashed = digestOf(digest, message)
  return key.kind === 'rsa' ? isRsa(key, digest, hashed, signature) : isEcdsa(key, hashed, signature)
}

/** What stands before a digest in PKCS #1 v1.5 (RFC 8017, section 9.2): DigestInfo without it. */
const PREFIXES = {
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
}

function isRsa(
  { modulus, exponent }: Extract<PublicKey, { kind: 'rsa' }>,
  digest: Digest,
  hashed: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== modulus.length) return false
  const [n, s] = [numberOf(modulus), numberOf(signature)]
  if (s >= n) return false
  const info = `00${PREFIXES[digest]}${bytesToHex(hashed)}`
  const padded = `0001${'ff'.repeat(modulus.length - 2 - info.length / 2)}${info}`
  return power(s, numberOf(exponent), n) === numberOf(hexToBytes(padded))
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [found, square] = [1n, base % modulus]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) found = (found * square) % modulus
    square = (square * square) % modulus
  }
  return found
}
