/**
 * DER (X.690), as far as timestamps need it: elements with one-byte tags and definite lengths, read without copying, and a few written.
 *
 * DER-1. A length has its one spelling, and nothing stands behind an element that isn't asked for: what isn't so is refused.
 */

export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  /** With its tag and length. */
  readonly bytes: Uint8Array
}

export const TAGS = {
  ...{ boolean: 0x01, integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, sequence: 0x30, set: 0x31 },
  // UTCTime, whose year has two digits, and GeneralizedTime.
  ...{ short_time: 0x17, time: 0x18 },
} as const

/** It isn't DER, or not what it should be. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** The elements that bytes consist of. @throws DerError */
export function derElements(bytes: Uint8Array): readonly DerElement[] {
  const found: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const { start, end } = extent(bytes, at)
    found.push({ tag: bytes[at] ?? 0, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end) })
    at = end
  }
  return found
}

/** The one element that bytes are. @throws DerError */
export function derElement(bytes: Uint8Array, tag: number): DerElement {
  const [only, more] = derElements(bytes)
  if (only === undefined || more !== undefined) throw new DerError('not one element')
  return tagged(only, tag)
}

/** @throws DerError if it is missing, or another. */
export function tagged(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerError(`no element with tag ${tag.toString(16)} where one should be`)
  return element
}

/** A whole number that isn't negative, and below 2^48. @throws DerError */
export function derNumber(element: DerElement | undefined): number {
  return numberIn(tagged(element, TAGS.integer).content)
}

/** The same of an integer's content, whatever tag it has. @throws DerError */
export function numberIn(content: Uint8Array): number {
  const [first = 0x80, second = 0] = content
  if (first >= 0x80 || content.length > 6 || (content.length > 1 && first === 0 && second < 0x80))
    throw new DerError('a number that can’t stand there')
  return content.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** The bytes of a whole number that isn't negative, of any size, big-endian; at least one, and no zero before others. @throws DerError */
export function derNatural(element: DerElement | undefined): Uint8Array {
  const { content } = tagged(element, TAGS.integer)
  const [first = 0x80, second = 0x80] = content
  if (first >= 0x80 || (content.length > 1 && first === 0 && second < 0x80))
    throw new DerError('a number that can’t stand there')
  return content.length > 1 && first === 0 ? content.subarray(1) : content
}

/** What isn't UTF-8 is replaced. */
export function derText({ content }: DerElement): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(content)
}

/** False as well if it is missing: that is what DER has for it. @throws DerError */
export function derFlag(element: DerElement | undefined): boolean {
  if (element === undefined) return false
  const { content } = tagged(element, TAGS.boolean)
  if (content.length !== 1 || content[0] !== 0xff) throw new DerError('a flag that isn’t one')
  return true
}

function extent(bytes: Uint8Array, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0x80
  const count = first < 0x80 ? 0 : first - 0x80
  if (((bytes[at] ?? 0) & 0x1f) === 0x1f || first === 0x80 || count > 4) throw new DerError('not DER')
  let length = count === 0 ? first : 0
  for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte
  const is_short = count > 0 && (length < 0x80 || bytes[at + 2] === 0)
  const start = at + 2 + count
  if (is_short || start + length > bytes.length) throw new DerError('not DER')
  return { start, end: start + length }
}

export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, each) => sum + each.length, 0)
  const length: number[] = []
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  const head = size < 0x80 ? [size] : [0x80 + length.length, ...length]
  return Uint8Array.from([tag, ...head, ...parts.flatMap(each => [...each])])
}

/** Of dotted decimals, as in `1.2.840`. */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const content = [first * 40 + second, ...rest].flatMap(number => {
    const digits = [number % 128]
    for (let above = Math.floor(number / 128); above > 0; above = Math.floor(above / 128))
      digits.unshift((above % 128) + 128)
    return digits
  })
  return der(TAGS.oid, Uint8Array.from(content))
}
