/**
 * Text from data, made safe for whoever looks at it. Everything that a person sees and that came out of a file, a plugin or a ledger passes
 * through here: data must not be able to move the cursor, set colours or reorder a line.
 */
import { formatTime } from '../../model/time.ts'
import { UNSAFE } from '../../model/unsafe-text.ts'

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

/** Which run one is made from, and how; null if it is from none. */
export function madeFrom({
  replays,
  reruns,
}: {
  readonly replays?: string | undefined
  readonly reruns?: string | undefined
}) {
  if (replays !== undefined) return { how: 'replay of', run: replays }
  return reruns === undefined ? null : { how: 're-run of', run: reruns }
}

/** `a, b and c` */
export const listed = (words: readonly string[]): string =>
  [...(words.length > 1 ? [words.slice(0, -1).join(', ')] : []), ...words.slice(-1)].join(' and ')
