/** Takes the text out of HTML, as browsers show it: `parse5` reads it, `hast-util-to-text` says what is shown. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { parseJson } from '../../model/json.ts'
import { counted } from '../../model/number-text.ts'
import { byteOrderMark, type Encoding, encodingOf } from '../sources/encoding.ts'
import { type DocumentAnswer, type DocumentSettings, documentProblem } from './document.ts'

/** A page says within these bytes in which encoding it is (HTML Standard, 13.2.3.2). */
const LOOKED_AT_BYTES = 1024
/** Tags by which HTML is known where nothing else says so (MIME Sniffing Standard, 7.1). */
const BEGINNING =
  /^(?:<!doctype\s+html|<(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)(?=[\s>]))/i
/** What may stand before them: blanks, comments, an XML declaration. */
const BEFORE = /^(?:\s+|<!--[\s\S]*?-->|<\?[\s\S]*?>)*/

/** By its first bytes. */
export function isHtml(bytes: Buffer): boolean {
  const mark = byteOrderMark(bytes)
  const head = bytes.subarray(mark?.size ?? 0, LOOKED_AT_BYTES + 1)
  const text = mark?.encoding.unit === 2 ? mark.encoding.view(head) : head.toString('latin1')
  return BEGINNING.test(text.replace(BEFORE, ''))
}

/** Never throws for what is wrong with the document. */
export async function htmlText(bytes: Buffer, settings: DocumentSettings): Promise<DocumentAnswer> {
  const mark = byteOrderMark(bytes)
  const encoding = mark?.encoding ?? namedIn(bytes) ?? encodingOf(settings.encoding)
  if (encoding === null || typeof encoding === 'string')
    return documentProblem('DOCUMENT_ENCODING', `the page says that it is in ${encoding}, which can’t be read`)
  const html = encoding.decode(bytes, mark?.size ?? 0, bytes.length)
  if (html === null) return documentProblem('DOCUMENT_ENCODING', `the bytes are not valid ${encoding.name}`)
  const { parseHtml, textOf, UNREAD, without } = await import('../web/html.ts')
  try {
    const text = textOf(without(parseHtml(html), UNREAD))
    if (text.length > settings.max_characters)
      return documentProblem('DOCUMENT_TOO_LONG', `the text has ${counted(text.length, 'character', 'characters')}`)
    const reader = `parse5 ${versionOf('parse5')}, hast-util-to-text ${versionOf('hast-util-to-text')}`
    return { kind: 'text', type: 'html', text, pages: null, reader }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return documentProblem('DOCUMENT_UNREADABLE', `the page is too large, or nested too deep: ${message}`)
  }
}

/** What a `meta` says; a label that isn't known as it stands there; null where there is none. */
function namedIn(bytes: Buffer): Encoding | string | null {
  const head = bytes.toString('latin1', 0, LOOKED_AT_BYTES).replaceAll(/<!--[\s\S]*?(?:-->|$)/g, '')
  for (const [tag] of head.matchAll(/<meta[\s/][^>]*/gi)) {
    const label = /[\s/"';]charset\s*=\s*["']?\s*([^\s"';/>]+)/i.exec(tag)?.[1]
    if (label === undefined) continue
    // Whoever could read that was reading bytes.
    if (/^utf-?16/i.test(label)) return encodingOf('utf-8')
    return encodingOf(label) ?? label
  }
  return null
}

/** Its entry for `package.json` isn't among what each of them exports. */
function versionOf(name: string): string {
  const path = findPackageJSON(name, import.meta.url)
  if (path === undefined) throw new Error(`${name} isn’t installed`)
  // cast: what each package.json has.
  return (parseJson(readFileSync(path, 'utf8')) as { readonly version: string }).version
}
