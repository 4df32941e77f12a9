/**
 * Takes secrets out of what comes back: services repeat what they were sent, in pages about errors for example. In the place of
 * each stands `[secret NAME]`, and the record lists these names: nobody takes the mark for what the service said.
 */

import { isDistinctiveSecret } from '../model/distinctive-secret.ts'
import { type Json, type MutableRow, newRow } from '../model/row.ts'

export interface Secret {
  /** Stands in its place. */
  readonly name: string
  readonly value: string
  /** Data may contain it: it is written where everybody reads it. */
  readonly in_data?: boolean
}

interface Mask {
  readonly name: string
  readonly pattern: RegExp
  readonly shown: string
}

/** Names of secrets that were taken out. */
export type Masked = Set<string>

export class Masks {
  readonly #masks: readonly Mask[]
  /** Masks for bytes read as Latin-1, whose texts are in UTF-8. */
  readonly #byte_masks: readonly Mask[]
  readonly #secrets: readonly Secret[]
  #beside: Masks | null = null

  /** Takes out of data only secrets that can be told from ordinary words. */
  constructor(secrets: readonly Secret[], everything = false) {
    this.#secrets = secrets
    const all = new Map<string, string>()
    for (const { name, value, in_data = false } of secrets)
      if (value.trim() !== '' && (everything || (isDistinctiveSecret(value) && !in_data)))
        for (const form of [value, Buffer.from(value).toString('base64')]) if (!all.has(form)) all.set(form, name)
    // The longest first: one may be part of another.
    const sorted = [...all].sort(([a], [b]) => b.length - a.length)
    const mask = (form: string, name: string, encode: (text: string) => string): Mask => ({
      name,
      pattern: isDistinctiveSecret(form)
        ? new RegExp(spelled(form, encode), 'g')
        : new RegExp(alone(spelled(form, encode)), 'gu'),
      shown: encode(`[secret ${name}]`),
    })
    this.#masks = sorted.map(([form, name]) => mask(form, name, text => text))
    this.#byte_masks = sorted.map(([form, name]) => mask(form, name, latin1))
  }

  /** For what isn't data: headers, URLs and errors. Takes out all of them, short ones where they stand alone. */
  get beside(): Masks {
    this.#beside ??= new Masks(this.#secrets, true)
    return this.#beside
  }

  text(text: string, masked?: Masked): string {
    return without(text, this.#masks, masked)
  }

  bytes(bytes: Buffer, masked?: Masked): Buffer {
    if (this.#byte_masks.length === 0) return bytes
    return Buffer.from(without(bytes.toString('latin1'), this.#byte_masks, masked), 'latin1')
  }

  /** Whose marks stand in what was masked before. */
  marksIn(shown: Json): Masked {
    const text = JSON.stringify(shown)
    return new Set(this.#secrets.map(({ name }) => name).filter(name => text.includes(`[secret ${name}]`)))
  }

  /** In texts to any depth, keys included. */
  json(value: Json, masked?: Masked): Json {
    if (this.#masks.length === 0) return value
    if (typeof value === 'string') return this.text(value, masked)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(each => this.json(each, masked))
    const shown: MutableRow = newRow()
    for (const [key, each] of Object.entries(value)) shown[this.text(key, masked)] = this.json(each, masked)
    return shown
  }
}

/** What a record says of the secrets that were taken out of it; nothing if there were none. */
export function maskedNames(masked: Masked): { readonly masked?: readonly string[] } {
  return masked.size === 0 ? {} : { masked: [...masked].sort() }
}

const without = (text: string, masks: readonly Mask[], masked: Masked | undefined): string =>
  masks.reduce(
    (rest, { pattern, shown, name }) =>
      rest.replace(pattern, () => {
        masked?.add(name)
        return shown
      }),
    text,
  )

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

/** Matches it only where it isn't part of a longer word. */
const alone = (pattern: string): string => `(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`

/**
 * The secret as texts, URLs, HTML and JSON spell it, each sign in its own way: services repeat what they got in JSON within JSON,
 * with slashes escaped, or `&` as `\u0026`. The number of backslashes is bounded, so that no text makes the search slow.
 */
function spelled(secret: string, encode: (sign: string) => string): string {
  return [...secret].map(sign => `(?:${spellings(sign, encode).join('|')})`).join('')
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
