/** Blanks: those of Unicode's property White_Space, as CEL has it. JavaScript's `trim` and `\s` have others. */

export const BLANKS = /\p{White_Space}+/gu

const RARE: ReadonlySet<number> = new Set([
  ...[0x85, 0xa0, 0x1680],
  ...Array.from({ length: 11 }, (_, i) => 0x2000 + i),
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
])

/** False for NaN, where a text has no such position. */
const isBlank = (unit: number) => (unit < 0x80 ? unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) : RARE.has(unit))

export function trimStart(text: string): string {
  let start = 0
  while (isBlank(text.charCodeAt(start))) start++
  return start === 0 ? text : text.slice(start)
}

export function trimEnd(text: string): string {
  let end = text.length
  while (isBlank(text.charCodeAt(end - 1))) end--
  return end === text.length ? text : text.slice(0, end)
}

export function trim(text: string): string {
  return trimEnd(trimStart(text))
}
