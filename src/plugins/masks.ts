/** Takes secrets out of what comes back: services repeat what they were sent, in pages about errors for example. */
import { type Json, type MutableRow, newRow } from '../model/row.ts'

/** Shorter values may stand inside of a text by chance. */
const TELLING_LENGTH = 6

export interface Secret {
  /** Stands in its place; null: it has none. */
  readonly name: string | null
  readonly value: string
}

interface Mask {
  readonly pattern: RegExp
  readonly shown: string
}

export class Masks {
  readonly #masks: readonly Mask[]
  /** Of bytes as Latin-1, where texts are in UTF-8. */
  readonly #byte_masks: readonly Mask[]

  constructor(secrets: readonly Secret[]) {
    const told = secrets.filter(({ value }) => value.length >= TELLING_LENGTH)
    const all = new Map<string, string>()
    for (const { name, value } of told)
      for (const form of [value, Buffer.from(value).toString('base64')])
        all.set(form, name === null ? '***' : `[secret ${name}]`)
    // The longest first: one may be part of another.
    const sorted = [...all].sort(([a], [b]) => b.length - a.length)
    this.#masks = sorted.map(([form, shown]) => ({ pattern: spelled(form, sign => sign), shown }))
    this.#byte_masks = sorted.map(([form, shown]) => ({ pattern: spelled(form, latin1), shown: latin1(shown) }))
  }

  text(text: string): string {
    return masked(text, this.#masks)
  }

  bytes(bytes: Buffer): Buffer {
    if (this.#masks.length === 0) return bytes
    return Buffer.from(masked(bytes.toString('latin1'), this.#byte_masks), 'latin1')
  }

  /** In texts to any depth, keys included. */
  json(value: Json): Json {
    if (this.#masks.length === 0) return value
    if (typeof value === 'string') return this.text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(each => this.json(each))
    const shown: MutableRow = newRow()
    for (const [key, each] of Object.entries(value)) shown[this.text(key)] = this.json(each)
    return shown
  }
}

const masked = (text: string, masks: readonly Mask[]): string =>
  masks.reduce((rest, { pattern, shown }) => rest.replace(pattern, () => shown), text)

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

/**
 * The secret as texts, URLs, HTML and JSON spell it, each sign in its own way: services repeat what they got in JSON within JSON,
 * with slashes escaped, or `&` as `\u0026`. So many backslashes at most that no text makes the search slow.
 */
function spelled(secret: string, encode: (sign: string) => string): RegExp {
  return new RegExp([...secret].map(sign => `(?:${spellings(sign, encode).join('|')})`).join(''), 'g')
}

const ENTITIES: { readonly [sign: string]: string } = {
  '&': '&(?:amp|#38|#x26);',
  '<': '&(?:lt|#60|#x3[cC]);',
  '>': '&(?:gt|#62|#x3[eE]);',
  '"': '&(?:quot|#34|#x22);',
  "'": '&(?:apos|#39|#x27);',
}

function spellings(sign: string, encode: (sign: string) => string): string[] {
  const units = sign.split('').map(unit => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  const bytes = Array.from(Buffer.from(sign), byte => byte.toString(16).padStart(2, '0'))
  const plain = encode(sign)
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
  return [
    sign === '\\' ? '\\\\{1,8}' : `\\\\{0,7}${plain}`,
    units.map(unit => `\\\\{1,8}u${inAnyCase(unit)}`).join(''),
    bytes.map(byte => `%(?:25)?${inAnyCase(byte)}`).join(''),
    ...(ENTITIES[sign] === undefined ? [] : [ENTITIES[sign]]),
    ...(sign === ' ' ? ['\\+'] : []),
  ]
}

function inAnyCase(hex: string): string {
  return hex.replace(/[a-f]/g, digit => `[${digit}${digit.toUpperCase()}]`)
}
