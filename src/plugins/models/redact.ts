/** Takes secrets out of whatever a service or a library said. */
import { type Json, type MutableRow, newRow } from '../../model/row.ts'

export interface Redact {
  text(text: string): string
  json(value: Json): Json
}

/** Shorter values may stand in a text by chance. */
const TELLING_LENGTH = 6

/** Each secret is found as it is, as in a URL, as in JSON, and in Base64. */
export function redactor(secrets: readonly string[]): Redact {
  const forms = secrets
    .filter(secret => secret.length >= TELLING_LENGTH)
    .flatMap(secret => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ])
  // The longest first: one may be part of another.
  const all = [...new Set(forms)].sort((a, b) => b.length - a.length)
  const text = (told: string) => all.reduce((rest, form) => rest.replaceAll(form, '***'), told)
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(json)
    const copy: MutableRow = newRow()
    for (const [key, each] of Object.entries(value)) copy[text(key)] = json(each)
    return copy
  }
  return all.length === 0 ? { text: told => told, json: value => value } : { text, json }
}
