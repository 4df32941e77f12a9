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

export const TAGS = { integer: 0x02, octets: 0x04, oid: 0x06, time: 0x18, sequence: 0x30, set: 0x31 } as const

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
