/**
 * URLs with places for a row's values. Whatever a row holds, it can't change scheme, host or port, add a parameter, or
 * climb in the path: the template writes these out, and each value is one percent-encoded piece.
 */
import type { Json, Row } from '../../model/row.ts'
import { compileTemplate, isTemplate, type Rendered, type TemplateProblem } from '../templates/template.ts'
import { isWebUrl } from './client.ts'

export interface UrlTemplate {
  readonly variables: readonly string[]
  readonly origin: string
  /** Without what isn't a port of its scheme. */
  readonly host: string
  render(row: Row): Rendered<URL>
}

/** Scheme, host and port: everything up to the first slash, question mark or place. */
const ORIGIN = /^https?:\/\/[^/?#\\{}@\s]+(?=[/?]|$)/i

export function compileUrlTemplate(source: string): UrlTemplate | TemplateProblem {
  const [start] = ORIGIN.exec(source) ?? []
  if (start === undefined || !URL.canParse(start)) {
    const named = /^https?:\/\/[^/?#]*@/i.test(source)
    const problem = 'a URL begins with http:// or https:// and a host that is written out, then a slash'
    return { problem: named ? 'a URL holds no user name; use `auth`' : problem }
  }
  if (source.includes('#')) return { problem: 'what follows a # in a URL is never sent' }
  const { origin, host } = new URL(start)
  const template = compileTemplate(source, { escaping: asUrlPart })
  if (!isTemplate(template)) return template
  const render = (row: Row): Rendered<URL> => {
    const rendered = template.render(row)
    if (!rendered.ok) return rendered
    const parsed = parseUrl(rendered.value)
    if (parsed.ok && parsed.value.origin !== origin) return { ok: false, message: 'the row’s values change its host' }
    return parsed
  }
  return { variables: template.fields, origin, host, render }
}

/** A URL that may be asked, without its fragment. */
export function parseUrl(text: string): Rendered<URL> {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !isWebUrl(url)) return { ok: false, message: 'it isn’t a URL with http:// or https://' }
  if (url.username !== '' || url.password !== '') return { ok: false, message: 'it holds a user name or password' }
  url.hash = ''
  return { ok: true, value: url }
}

/** One piece of a path or parameter. */
function asUrlPart(value: Json): string {
  if (typeof value === 'object') throw new RangeError('a list or an object isn’t part of a URL')
  const text = String(value)
  if (text === '') throw new RangeError('a value is empty')
  if (text.split(/[/\\]/).some(step => step === '.' || step === '..'))
    throw new RangeError('a value leads elsewhere: . or ..')
  return encodeURIComponent(text)
}
