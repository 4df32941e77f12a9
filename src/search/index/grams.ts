/**
 * Three neighbouring characters of a folded text as a number: what is looked for by `text` and `value` has all of its grams. The beginning and
 * the end of a text count as characters, so that a whole value has grams of its own, however short it is.
 *
 * GRAMS-1. Of three ASCII characters the number says which they are. Others share numbers: to have the gram isn't to have the characters.
 */

/** Numbers are below this one. */
export const GRAM_SPACE = 1 << 22
const ASCII_SPACE = 1 << 21
const BEGIN = 2
const END = 3

function gramOf(a: number, b: number, c: number): number {
  if ((a | b | c) < 128) return (a << 14) | (b << 7) | c
  const mixed = Math.imul(Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca6b) ^ c, 0xc2b2ae35)
  return ASCII_SPACE | (mixed >>> 11)
}

/** Of a text, folded, with its ends; some more than once. */
export function eachGram(text: string, tell: (gram: number) => void): void {
  let [a, b] = [BEGIN, text.length === 0 ? END : text.charCodeAt(0)]
  for (let i = 1; i < text.length; i++) {
    const c = text.charCodeAt(i)
    tell(gramOf(a, b, c))
    a = b
    b = c
  }
  tell(gramOf(a, b, END))
}

/** Of what may stand anywhere in a text: three characters or more, folded. */
export function gramsWithin(part: string): readonly number[] {
  const grams = new Set<number>()
  for (let i = 0; i + 2 < part.length; i++)
    grams.add(gramOf(part.charCodeAt(i), part.charCodeAt(i + 1), part.charCodeAt(i + 2)))
  return [...grams]
}

/** Of a whole text, folded. */
export function gramsOfWhole(text: string): readonly number[] {
  const grams = new Set<number>()
  eachGram(text, gram => grams.add(gram))
  return [...grams]
}

/** Whether what has the gram has this text. */
export function isExactGram(text: string): boolean {
  return text.length === 3 && /^[\0-\x7f]*$/.test(text)
}

/** A number for the text of a field, of 52 bits. */
export function valueKey(field: string, text: string): number {
  let [high, low] = [0x811c9dc5, 0x1b873593]
  const mix = (code: number) => {
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x85ebca6b) ^ (low >>> 13)
  }
  for (let i = 0; i < field.length; i++) mix(field.charCodeAt(i))
  mix(0x10000)
  for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i))
  return (high >>> 0) * 0x100000 + ((low ^ (low >>> 15)) & 0xfffff)
}
