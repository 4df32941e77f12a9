/** Takes secrets out of whatever a service or a library said. */
import { type Json, type MutableRow, newRow } from '../../model/row.ts'

export interface Redact {
  text(text: string): string
  json(value: Json): Json
}

/** Shorter values may stand in a text by chance. */
const TELLING_LENGTH = 6

/** Each secret is found as it is, as in URLs, as in JSON within JSON, and in Base64. */
export function redactor(secrets: readonly string[]): Redact {
  const told = secrets.filter(secret => secret.length >= TELLING_LENGTH)
  // The longest first: one may be part of another.
  const all = [...new Set([...told, ...told.map(secret => Buffer.from(secret).toString('base64'))])]
    .sort((a, b) => b.length - a.length)
    .map(spelled)
  const text = (shown: string) => all.reduce((rest, each) => rest.replace(each, '***'), shown)
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(json)
    const copy: MutableRow = newRow()
    for (const [key, each] of Object.entries(value)) copy[text(key)] = json(each)
    return copy
  }
  return all.length === 0 ? { text: shown => shown, json: value => value } : { text, json }
}

/**
 * The secret as texts, URLs and JSON spell it, each sign in its own way: services repeat what they got in JSON within JSON, with
 * slashes escaped, or `&` as `\u0026`. So many backslashes at most that no text makes the search slow.
 */
function spelled(secret: string): RegExp {
  return new RegExp([...secret].map(sign => `(?:${spellings(sign).join('|')})`).join(''), 'g')
}

function spellings(sign: string): string[] {
  const units = sign.split('').map(unit => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  const bytes = Array.from(Buffer.from(sign), byte => byte.toString(16).padStart(2, '0'))
  const plain = units.map(unit => `\\u${unit}`).join('')
  return [
    sign === '\\' ? '\\\\{1,8}' : `\\\\{0,7}${plain}`,
    units.map(unit => `\\\\{1,8}u${inAnyCase(unit)}`).join(''),
    bytes.map(byte => `%(?:25)?${inAnyCase(byte)}`).join(''),
    ...(sign === ' ' ? ['\\+'] : []),
  ]
}

function inAnyCase(hex: string): string {
  return hex.replace(/[a-f]/g, digit => `[${digit}${digit.toUpperCase()}]`)
}
