/**
 * Where each character of a YAML scalar's value stands in the file.
 * The value is built a second time with the place of each character; if that isn't the parser's value after all (an
 * unforeseen form), places fall back to the scalar's beginning, which is still the right line for most.
 */
import type { Place } from './source-text.ts'
import type { ScalarStyle } from './tree.ts'

/** Offsets in the source for each index of `value`, and one more for its end. */
export function offsetsOf(at: Place, style: ScalarStyle, value: string): readonly number[] {
  const raw = at.source.text.slice(at.start, at.end)
  const built = style === 'block' ? block(raw, value) : flow(raw, style)
  if (built !== null && built.text === value) return [...built.offsets, built.end].map(offset => at.start + offset)
  return Array.from({ length: value.length + 1 }, (_, index) => Math.min(at.start + index, Math.max(at.start, at.end)))
}

interface Built {
  text: string
  offsets: number[]
  end: number
}

const SHORT_ESCAPES: { readonly [letter: string]: string } = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
}
const HEX_ESCAPES: { readonly [letter: string]: number } = { x: 2, u: 4, U: 8 }

/** Plain and quoted scalars: escapes, and lines that fold into spaces. */
function flow(raw: string, style: 'plain' | 'single' | 'double'): Built | null {
  const quoted = style !== 'plain'
  const end = quoted ? raw.length - 1 : raw.length
  const built: Built = { text: '', offsets: [], end }
  const add = (text: string, offset: number) => {
    built.text += text
    for (let unit = 0; unit < text.length; unit++) built.offsets.push(offset)
  }
  let at = quoted ? 1 : 0
  while (at < end) {
    const fold = /^[ \t]*\r?\n\s*/.exec(raw.slice(at, at + 4096))
    if (fold !== null) {
      const breaks = fold[0].split('\n').length - 1
      add(breaks === 1 ? ' ' : '\n'.repeat(breaks - 1), at)
      at += fold[0].length
    } else if (style === 'single' && raw.startsWith("''", at)) {
      add("'", at)
      at += 2
    } else if (style === 'double' && raw[at] === '\\') {
      at += addEscaped(raw, at, add)
    } else {
      add(raw[at] as string, at)
      at++
    }
  }
  return built
}

/** Adds what an escape stands for; returns its length. */
function addEscaped(raw: string, at: number, add: (text: string, offset: number) => void): number {
  const letter = raw[at + 1] ?? ''
  const digits = HEX_ESCAPES[letter]
  if (digits !== undefined) {
    const code = Number.parseInt(raw.slice(at + 2, at + 2 + digits), 16)
    if (code <= 0x10ffff) add(String.fromCodePoint(code), at)
    return 2 + digits
  }
  const joined = /^\\\r?\n[ \t]*/.exec(raw.slice(at, at + 4096))
  if (joined !== null) return joined[0].length
  add(SHORT_ESCAPES[letter] ?? letter, at)
  return 2
}

/** Block scalars: each source line's content is looked for in the value, in order. */
function block(raw: string, value: string): Built | null {
  const lines = raw.split('\n')
  const indent = indentOf(lines.slice(1), value)
  const offsets = new Array<number>(value.length).fill(-1)
  let line_start = (lines[0] as string).length + 1
  let from = 0
  let last = Math.min(line_start, raw.length)
  for (const line of lines.slice(1)) {
    const content = line.slice(indent).replace(/\r$/, '')
    const found = content === '' ? -1 : value.indexOf(content, from)
    if (found !== -1) {
      offsets.fill(last, from, found)
      for (let unit = 0; unit < content.length; unit++) offsets[found + unit] = line_start + indent + unit
      from = found + content.length
      last = line_start + indent + content.length
    }
    line_start += line.length + 1
  }
  offsets.fill(last, from)
  return { text: value, offsets, end: last }
}

/** The indentation of the block: its first lines may have blanks of their own, which belong to the value. */
function indentOf(lines: readonly string[], value: string): number {
  const first = lines.findIndex(line => /[^ \r]/.test(line))
  const beginning = lines.slice(0, first + 1)
  // A tab is no indentation.
  const most = beginning.at(-1)?.search(/[^ ]/) ?? 0
  for (let indent = 0; indent < most; indent++) {
    const text = beginning.map(line => line.slice(indent).replace(/\r$/, '')).join('\n')
    if (value.startsWith(text)) return indent
  }
  return most
}
