/**
 * Text from data, made safe and short for a terminal. Everything that a person sees and that came out of a file, a
 * plugin or a ledger passes through here: data must not be able to move the cursor, set colours or reorder a line.
 */
import { relative } from 'node:path'
import { loadOwnModule } from '../../model/own-file.ts'
import { formatTime } from '../../model/time.ts'
import { UNSAFE } from '../../model/unsafe-text.ts'

export { counted, grouped as count } from '../../model/number-text.ts'

const SHORT_ESCAPES: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `text` on one line, with everything that a terminal could act on written as an escape (`\u001b`). */
export function printable(text: string): string {
  return text.replace(UNSAFE, found => SHORT_ESCAPES[found] ?? escaped(found))
}

/** As `printable`, but keeps line breaks: for messages that have several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** A JSON value as a person writes it: texts in quotes, the rest as JSON. */
export function valueText(value: unknown): string {
  return printable(JSON.stringify(value) ?? 'missing')
}

/** Letters and signs that take a column each, whatever stands beside them: most of what is printed needs no library. */
export const NARROW =
  /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u024f\u2010-\u2015\u2018-\u2027\u2190-\u2193\u2212\u2500-\u257f\u2713\u2717]*$/

let loaded: typeof import('./wide-text.ts') | null = null
const wideText = () => {
  loaded ??= loadOwnModule('cli/render/wide-text') as typeof import('./wide-text.ts')
  return loaded
}

/** Terminal columns that `text` takes, without colour codes; wide characters count two, combining marks none. */
export function columnsOf(text: string): number {
  return NARROW.test(text) ? text.length : wideText().stringWidth(text)
}

/** `text` cut to `columns`, with `…` at the end if anything is missing. Never cuts a character in two. */
export function shorten(text: string, columns: number): string {
  if (columns <= 0) return ''
  if (text.length <= columns * MOST_UNITS && columnsOf(text) <= columns) return text
  return `${startOf(text, columns - 1)}…`
}

/** No character is narrower than a column but the combining ones, so that many UTF-16 units a column are enough to look at. */
const MOST_UNITS = 8

/** As much of the beginning of `text` as fits into `columns`, in whole characters. */
function startOf(text: string, columns: number): string {
  const head = text.slice(0, (columns + 1) * MOST_UNITS)
  return NARROW.test(head) ? head.slice(0, columns) : wideText().startOf(head, columns)
}

/**
 * `text` on as many lines as it takes, broken at wide gaps, else at ` · `, else between words, else anywhere; the last of
 * `most` lines is shortened.
 */
export function wrap(text: string, columns: number, most: number): string[] {
  const lines: string[] = []
  let rest = shorten(text, columns * most)
  while (columnsOf(rest) > columns && lines.length < most - 1) {
    const { end, next } = breakIn(rest, startOf(rest, columns).length)
    lines.push(rest.slice(0, end).trimEnd())
    rest = rest.slice(next).trimStart()
  }
  return [...lines, shorten(rest, columns)]
}

/** By preference, with the least part of a line that may stand before it: a break far to the left would waste the line. */
const BREAKS: ReadonlyArray<readonly [between: string, least: number]> = [
  ['   ', 1 / 4],
  [' · ', 1 / 3],
  [' ', 1 / 2],
]

/** Where the line ends and where the next one begins, `fits` characters being what fits. */
function breakIn(text: string, fits: number): { readonly end: number; readonly next: number } {
  for (const [between, least] of BREAKS) {
    const end = text.lastIndexOf(between, fits)
    if (end > fits * least) return { end, next: end + between.length }
  }
  return { end: fits, next: fits }
}

/** `text` filled with spaces to `columns`. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - columnsOf(text))) + text
}

/** `$0.0042`, `$12.30`: two digits that count, at least cents. */
export function dollars(usd: number): string {
  const digits = usd <= 0 || usd >= 0.1 ? 2 : Math.min(9, 1 - Math.floor(Math.log10(usd)))
  return `$${usd.toFixed(digits)}`
}

/** Microseconds since 1970 as `2026-11-21 14:02:11.482Z`. */
export function timeText(us: number): string {
  return formatTime(us).replace('T', ' ')
}

/** The first eight and the last two digits of a hash. */
export function hashText(hex: string): string {
  return hex.length <= 12 ? hex : `${hex.slice(0, 8)}…${hex.slice(-2)}`
}

/** How much of a run's id is enough to name it: the time part of a UUIDv7 and a little of the random one. */
export function shortRun(run: string): string {
  return run.slice(0, 13)
}

/** A path as seen from `cwd`, if that is shorter. */
export function nearPath(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near.length > 0 && near.length < path.length && !near.startsWith('../../..') ? near : path
}

/** Words on lines of at most `width`. */
export function filled(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

/** `a, b and c` */
export const listed = (words: readonly string[]): string =>
  [...(words.length > 1 ? [words.slice(0, -1).join(', ')] : []), ...words.slice(-1)].join(' and ')
