/** Takes secrets out of what comes back: services repeat what they were sent, in pages about errors for example. */
import { type Json, type MutableRow, newRow } from '../../model/row.ts'
import type { SecretOption } from '../../sdk/spec.ts'

/** Shorter values may stand inside of a text by chance. */
const TELLING_LENGTH = 6

export interface NamedSecret {
  readonly name: string
  readonly value: string
}

export class Masks {
  /** Longest first, so that none cuts another in pieces. */
  readonly #needles: ReadonlyArray<{ readonly needle: string; readonly mask: string }>

  constructor(secrets: readonly NamedSecret[]) {
    const needles = new Map<string, string>()
    for (const { name, value } of secrets)
      if (value.length >= TELLING_LENGTH) for (const form of formsOf(value)) needles.set(form, `[secret ${name}]`)
    this.#needles = [...needles]
      .map(([needle, mask]) => ({ needle, mask }))
      .sort((a, b) => b.needle.length - a.needle.length)
  }

  text(text: string): string {
    let masked = text
    for (const { needle, mask } of this.#needles) masked = masked.replaceAll(needle, () => mask)
    return masked
  }

  /** Secrets in UTF-8. */
  bytes(bytes: Buffer): Buffer {
    if (!this.#needles.some(({ needle }) => bytes.includes(needle))) return bytes
    let masked = bytes.toString('latin1')
    for (const { needle, mask } of this.#needles) masked = masked.replaceAll(latin1(needle), () => latin1(mask))
    return Buffer.from(masked, 'latin1')
  }

  /** In texts to any depth, keys included. */
  json(value: Json): Json {
    if (this.#needles.length === 0) return value
    if (typeof value === 'string') return this.text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(each => this.json(each))
    const masked: MutableRow = newRow()
    for (const [key, each] of Object.entries(value)) masked[this.text(key)] = this.json(each)
    return masked
  }
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

/** As it is, and as it may be written in URLs, in JSON, in HTML and in credentials. */
function formsOf(value: string): readonly string[] {
  const encoded = encodeURIComponent(value)
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
  return [
    value,
    value.replaceAll(' ', '+'),
    encoded,
    encoded.replaceAll('%20', '+'),
    new URLSearchParams([['', value]]).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
    html,
    Buffer.from(value).toString('base64'),
  ]
}

/** Values of the options that are secrets. */
export function namedSecrets(options: unknown, secrets: readonly SecretOption[]): readonly NamedSecret[] {
  return secrets.flatMap(({ path, name }) => {
    let value = options
    for (const step of path) value = (value as { readonly [key: string | number]: unknown } | undefined)?.[step]
    return typeof value === 'string' ? [{ name, value }] : []
  })
}
