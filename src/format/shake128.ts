/** SHAKE128 (FIPS 202) of a text's UTF-8. */
import { createHash, hash } from 'node:crypto'

/** @param length in bytes. @returns bytes that begin at an even place of their buffer. */
export function shake128(text: string, length: number): Uint8Array {
  return ONE_CALL
    ? inOneCall(text, length)
    : createHash('shake128', { outputLength: length }).update(text, 'utf8').digest()
}

function inOneCall(text: string, length: number): Buffer {
  return hash('shake128', text, { outputEncoding: 'buffer', outputLength: length })
}

/** Node knows the length of such hashes in one call from 24.4 on; that takes half the time. */
const ONE_CALL = ((): boolean => {
  try {
    return inOneCall('', 64).length === 64
  } catch {
    return false
  }
})()
