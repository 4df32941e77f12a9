/**
 * Patterns of dates such as `dd.MM.yyyy HH:mm`: the part of CLDR's date field symbols (UTS 35, part 4) that stands in `COUNTS`.
 * Read strictly and from left to right, without a second try, so that it takes time linear in the text.
 */
import { quote } from '../time.ts'

/** Letters, and how many of them may stand in a row. */
const COUNTS = {
  // Year, month, day, weekday.
  ...{ y: [1, 2, 4], M: [1, 2, 3, 4], d: [1, 2], E: [3, 4] },
  // Hour of 24, hour of 12, AM or PM, minute, second, its fraction.
  ...{ H: [1, 2], h: [1, 2], a: [1], m: [1, 2], s: [1, 2], S: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
  // Offset from UTC, zone.
  ...{ X: [2, 3], V: [2] },
} as const satisfies { readonly [letter: string]: readonly number[] }
export type Letter = keyof typeof COUNTS

export type PatternPart =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'field'; readonly letter: Letter; readonly count: number }

export interface DatePattern {
  readonly parts: readonly PatternPart[]
  readonly letters: ReadonlySet<Letter>
}

const MAX_LENGTH = 200
const CACHE_SIZE = 200
const cache = new Map<string, DatePattern | string>()

/** The parts of a pattern; a clause that says what is wrong if it isn't one. The result of the same source is shared. */
export function datePattern(source: string): DatePattern | string {
  const known = cache.get(source)
  if (known !== undefined) return known
  const made = source.length > MAX_LENGTH ? `the pattern is longer than ${MAX_LENGTH} characters` : readPattern(source)
  if (cache.size >= CACHE_SIZE) cache.clear()
  cache.set(source, made)
  return made
}

const isLetter = (letter: string): letter is Letter => Object.hasOwn(COUNTS, letter)

function readPattern(source: string): DatePattern | string {
  const parts: PatternPart[] = []
  const letters = new Set<Letter>()
  for (const [piece, quoted, letter = ''] of source.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g)) {
    if (piece === "'") return 'a quote isn’t closed'
    if (letter === '') {
      parts.push({
        is: 'text',
        text: quoted === undefined ? piece : quoted === '' ? "'" : quoted.replaceAll("''", "'"),
      })
      continue
    }
    if (!isLetter(letter)) return unknownLetter(piece)
    const counts: readonly number[] = COUNTS[letter]
    if (!counts.includes(piece.length)) return unknownLetter(piece)
    letters.add(letter)
    parts.push({ is: 'field', letter, count: piece.length })
  }
  return parts.length === 0 ? 'the pattern is empty' : { parts, letters }
}

/** Why no date can be read by a pattern: a clause; null if one can. What a date lacks is the first there is, but for these. */
export function unreadable({ letters }: DatePattern): string | null {
  const has = (letter: Letter) => letters.has(letter)
  if (!has('y')) return 'it has no year'
  if (has('d') && !has('M')) return 'it has a day, and no month, which is MM'
  const [of_24, of_12] = [has('H'), has('h')]
  if (of_12 !== has('a')) return 'h, hours of 12, and a, AM or PM, belong together'
  if (of_24 && of_12) return 'it has hours of 24, and of 12'
  if ((of_24 || of_12) && !has('d')) return 'it has an hour, and no day'
  if (has('m') && !of_24 && !of_12) return 'it has minutes (mm), and no hour; the month is MM'
  if (has('s') && !has('m')) return 'it has seconds, and no minutes'
  return has('S') && !has('s') ? 'it has a fraction, and no seconds' : null
}

/** @param problem of `datePattern` */
export const notPattern = (source: string, problem: string) => `${quote(source)} isn’t a pattern of dates: ${problem}`
/** @param problem of `unreadable` */
export const notReadable = (source: string, problem: string) => `by ${quote(source)} no date can be read: ${problem}`

function unknownLetter(piece: string): string {
  const wanted: { readonly [letter: string]: string } = {
    Y: 'the year is yyyy',
    D: 'the day is dd',
    u: 'the year is yyyy',
  }
  const hint = wanted[piece.charAt(0)] ?? "a text stands in quotes, as in yyyy-MM-dd'T'HH:mm"
  return `\`${piece}\` stands for nothing; ${hint}`
}
