/** Random words that let somebody in, and comparing them so that the time it takes says nothing. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32

/** 256 bits, as base64url. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** What is kept of a secret that is looked up: who reads the memory of a table, or measures how long looking takes, has no secret. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

export function isSame(given: string, secret: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(given), 'hex'), Buffer.from(digestOf(secret), 'hex'))
}
