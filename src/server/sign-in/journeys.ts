/**
 * What is kept between setting out for a provider and coming back: in a cookie of the browser that set out, sealed with a key that only this
 * process has. So nobody can fill this server's memory by setting out, and nobody comes back with what another browser set out with.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { parseJson } from '../../model/json.ts'

export interface Journey {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Who takes longer to sign in sets out again. */
export const JOURNEY_MS = 10 * 60_000
const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16

export class Journeys {
  private readonly key = randomBytes(32)
  private readonly now_ms: () => number

  constructor(now_ms: () => number) {
    this.now_ms = now_ms
  }

  seal(journey: Journey): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv(CIPHER, this.key, iv)
    const text = JSON.stringify({ ...journey, until_ms: this.now_ms() + JOURNEY_MS })
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
  }

  /** null: it isn't one of ours, or too old. */
  open(sealed: string): Journey | null {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < IV_BYTES + TAG_BYTES) return null
    const decipher = createDecipheriv(CIPHER, this.key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    const text = textOf(decipher, bytes.subarray(IV_BYTES, -TAG_BYTES))
    if (text === null) return null
    // cast: its tag says that this process sealed it.
    const { until_ms, ...journey } = parseJson(text) as Journey & { readonly until_ms: number }
    return this.now_ms() < until_ms ? journey : null
  }
}

function textOf(decipher: ReturnType<typeof createDecipheriv>, bytes: Buffer): string | null {
  try {
    return Buffer.concat([decipher.update(bytes), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
