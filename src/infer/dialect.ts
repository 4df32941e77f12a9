/**
 * How a text is written as a table: what stands between cells, what quotes them, what stands before the first record. Each usual
 * way is tried on a sample, with the scanner that will read the file; the one that gives the most even records, with the most plausible
 * cells, is it.
 */
import type { TextWindow } from '../plugins/sources/text-window.ts'
import { type Candidate, type Fit, type Scanned, type Start, tryCandidate } from './candidate.ts'
import { encodingIn, type Sample, windowOf } from './sample.ts'

export interface Dialect extends Fit {
  /** Whether a first line such as `sep=;` says what stands between cells. */
  readonly said: boolean
  /** The next best delimiter that fits nearly as well; null if none does. */
  readonly rival: string | null
}

const SNIFFED_BYTES = 256 * 1024
const COMMON = [',', ';', '\t', '|', '||'] as const
/** Only if none of the common ones gives a table. */
const RARE = ['~', '^', '\u001f', '\u0001', '::', '~|', ':'] as const
/** How well a table must fit, what is one by its name, and one with a rare delimiter. */
const LEAST_SCORE = 0.25
const LEAST_TABLE = 0.1
const LEAST_RARE = 0.5
const SEPARATOR = /^"?sep=([^\p{L}\p{N}"\r\n ])"?(?:\r\n|\n|\r(?!\n))/iu

/**
 * null if the text is no table of two columns or more.
 * @param is_table whether there is no doubt that it is one @param given the delimiter, if it was given
 */
export async function sniffDialect(
  sample: Sample,
  is_table: boolean,
  given: string | null = null,
): Promise<Dialect | null> {
  const window = await windowOf(sample, SNIFFED_BYTES)
  const whole = sample.bytes.length <= SNIFFED_BYTES && sample.whole
  const [line = '', said = null] = SEPARATOR.exec(window.text) ?? []
  const start: Start = { at: line.length, line: line === '' ? 1 : 2, whole }
  const chosen = given ?? said
  if (chosen !== null) {
    const [only] = bestFits(window, sample, [chosen], start)
    return only === undefined ? null : { ...only, said: said !== null, rival: null }
  }
  const common = bestFits(window, sample, COMMON, start)
  const [first, next] = common
  if (first !== undefined && first.score >= (is_table ? LEAST_TABLE : LEAST_SCORE))
    return { ...first, said: false, rival: rivalOf(first, next) }
  const [rare] = bestFits(window, sample, RARE, start)
  if (rare === undefined || rare.score < LEAST_RARE || rare.matching < rare.records.length || rare.width < 3)
    return null
  return { ...rare, said: false, rival: null }
}

/** The best fit of each delimiter, the best first. */
function bestFits(window: TextWindow, sample: Sample, delimiters: readonly string[], start: Start): readonly Fit[] {
  const encoding = encodingIn(sample)
  const fits = delimiters
    .filter(delimiter => encoding.inView(delimiter) !== null)
    .flatMap(delimiter => bestOf(window, delimiter, start) ?? [])
  return fits.sort((one, two) => two.score - one.score)
}

/** With each quote that may be one, and with and without comments; of equals the one that says less. */
function bestOf(window: TextWindow, delimiter: string, start: Start): Fit | null {
  const strict: Candidate = { delimiter, comment: null, quote: '"', lazy: false }
  const plain = best(fitsOf(window, strict, start))
  if (!/(?:^|[\r\n])#/.test(window.text) || plain?.records.some(isMarked) === true) return plain
  return best([...fitsOf(window, { ...strict, comment: '#' }, start), ...(plain === null ? [] : [plain])])
}

/** The first of those that fit best. */
function best(fits: readonly Fit[]): Fit | null {
  return fits.reduce<Fit | null>((one, two) => (one === null || two.score > one.score + 1e-9 ? two : one), null)
}

/** A record that begins as a comment would. */
function isMarked({ cells }: Scanned): boolean {
  return cells !== null && cells.length > 1 && cells[0]?.startsWith('#') === true
}

function fitsOf(window: TextWindow, strict: Candidate, start: Start): readonly Fit[] {
  const first = tryCandidate(window, start, strict)
  const others: Candidate[] = []
  // As long as quotes are where they belong they mean what they mean everywhere.
  if (window.text.includes('"') && (first === null || first.broken > 0 || first.skip_lines > 0))
    others.push({ ...strict, lazy: true }, { ...strict, quote: null })
  if (hasSingleQuotes(window.text, strict.delimiter)) others.push({ ...strict, quote: "'" })
  const fits = [first, ...others.map(candidate => tryCandidate(window, start, candidate))].filter(fit => fit !== null)
  return fits.filter(({ candidate, records }) => candidate.quote !== null || !records.some(hasQuotedCell))
}

/** Quotes around a whole cell were to quote it. */
function hasQuotedCell({ cells }: Scanned): boolean {
  return cells?.some(cell => cell !== null && /^".*"$/s.test(cell)) === true
}

function hasSingleQuotes(text: string, delimiter: string): boolean {
  const by = RegExp.escape(delimiter)
  return new RegExp(`(?:^|[\\r\\n]|${by})'[^'\\r\\n]*'(?:[\\r\\n]|${by}|$)`).test(text)
}

function rivalOf(first: Fit, next: Fit | undefined): string | null {
  return next !== undefined && next.score > first.score * 0.85 ? next.candidate.delimiter : null
}
