/** Blanks at the ends of texts: those of Unicode's property White_Space, as CEL has it. JavaScript's `trim` has others. */

const BLANKS: ReadonlySet<number> = new Set([
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680],
  ...Array.from({ length: 11 }, (_, i) => 0x2000 + i),
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
])

export function trimStart(text: string): string {
  let start = 0
  while (BLANKS.has(text.charCodeAt(start))) start++
  return text.slice(start)
}

export function trimEnd(text: string): string {
  let end = text.length
  while (BLANKS.has(text.charCodeAt(end - 1))) end--
  return text.slice(0, end)
}

export const trim = (text: string): string => trimEnd(trimStart(text))
