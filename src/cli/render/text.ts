/** Text laid out for a terminal: cut, filled and wrapped by columns. read/words/text.ts makes it safe. */
import { relative } from 'node:path'
import { loadOwnModule } from '../../model/own-file.ts'
import { isStoreUrl } from '../../model/store-url.ts'

export { counted, grouped as count } from '../../model/number-text.ts'
export {
  dollars,
  hashText,
  listed,
  printable,
  printableLines,
  shortRun,
  timeText,
  valueText,
} from '../../read/words/text.ts'

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

/** A path as seen from `cwd`, if that is shorter. */
export function nearPath(path: string, cwd: string): string {
  if (isStoreUrl(path)) return path
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
