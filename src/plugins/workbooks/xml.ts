/** XML as workbooks have it, read piece by piece. Names are taken without their prefixes. */
import type { SaxesParser } from 'saxes'

export interface Attributes {
  readonly [name: string]: string | undefined
}

export interface XmlHandlers {
  readonly open: (name: string, attributes: Attributes) => void
  readonly text: (text: string) => void
  readonly close: (name: string) => void
}

/** A text that isn't what XML says it must be. */
export class XmlError extends Error {}

export interface XmlReader {
  /** Units of text read so far. */
  readonly position: number
  /** @throws XmlError, and what handlers throw. */
  write(bytes: Uint8Array): void
  /** @throws XmlError if it ends too early. */
  end(): void
}

export const local = (name: string): string => name.slice(name.indexOf(':') + 1)

/** Longer than any tag is, or a text of a cell, however it is written. */
export const MOST_UNITS = 8 * 1024 * 1024

/**
 * Whatever stands in a text, no entity but those of XML itself stands for anything: a short text can't become a long one. Nor is more held than `MOST_UNITS` of what
 * has no end yet.
 */
export async function xmlReader({ open, text, close }: XmlHandlers): Promise<XmlReader> {
  const { SaxesParser: Parser } = await import('saxes')
  const parser: SaxesParser = new Parser({ position: false })
  /** Read since something had its end. */
  let waiting = 0
  parser.on('opentag', ({ name, attributes }) => {
    waiting = 0
    // cast: without namespaces each attribute is a text
    open(local(name), attributes as Attributes)
  })
  parser.on('text', text)
  parser.on('cdata', text)
  parser.on('closetag', ({ name }) => {
    waiting = 0
    close(local(name))
  })
  parser.on('error', error => {
    throw new XmlError(error.message)
  })
  let decoder: TextDecoder | null = null
  return {
    get position() {
      return parser.position
    },
    write(bytes) {
      decoder ??= new TextDecoder(encodingOf(bytes), { fatal: true })
      waiting += bytes.length
      parser.write(decoded(decoder, bytes))
      if (waiting > MOST_UNITS) throw new XmlError('a tag or a text in it is longer than any is')
    },
    end() {
      parser.write(decoded(decoder ?? new TextDecoder(), null))
      parser.close()
    },
  }
}

/** All of a small text. */
export async function readXml(bytes: Uint8Array, open: XmlHandlers['open']): Promise<void> {
  const reader = await xmlReader({ open, text: () => undefined, close: () => undefined })
  reader.write(bytes)
  reader.end()
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

function decoded(decoder: TextDecoder, bytes: Uint8Array | null): string {
  try {
    return bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true })
  } catch (error) {
    if (error instanceof TypeError) throw new XmlError('its text isn’t valid in its encoding')
    throw error
  }
}

const ESCAPED = /_x([0-9a-fA-F]{4})_/g

/** A text of a cell: control characters stand in it as `_x000D_`, by their code. */
export function cellText(text: string): string {
  return text.includes('_x')
    ? text.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text
}

/** The other way: what XML can't hold, and what would be read as such a code. */
export function escapedCell(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
  const safe = text.replace(/_(?=x[0-9a-fA-F]{4}_)/g, '_x005F_').replace(/[\0-\x08\x0b-\x1f\ufffe\uffff]/g, inHex)
  return escapedXml(safe)
}

const inHex = (character: string) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

export function escapedXml(text: string): string {
  return /[&<>"]/.test(text) ? text.replace(/[&<>"]/g, character => ENTITIES[character] ?? character) : text
}
