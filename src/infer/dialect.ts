/**
 * How a text is written as a table: what stands between cells, what quotes them, what stands before the first record. Each usual
 * way is tried on a sample, with the scanner that will read the file; the one that gives the most even records, with the most plausible
 * cells, is it.
 */
import type { TextWindow } from '../plugins/sources/text-window.ts'
import { type Candidate, type Fit, type Start, tryCandidate } from './candidate.ts'
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
/** How well a table must fit, and one with a rare delimiter. */
const LEAST_SCORE = 0.25
const LEAST_RARE = 0.5
const SEPARATOR = /^"?sep=([^\p{L}\p{N}"\r\n ])"?(?:\r\n|\n|\r(?!\n))/iu

/** null if the text is no table of two columns or more. @param given the delimiter, if it was given */
export async function sniffDialect(sample: Sample, given: string | null = null): Promise<Dialect | null> {
  const window = await windowOf(sample, SNIFFED_BYTES)
  const whole = sample.bytes.length <= SNIFFED_BYTES && sample.whole
  const [line = '', said = null] = SEPARATOR.exec(window.text) ?? []
  const start: Start = { at: line.length, line: line === '' ? 1 : 2, whole }
  const chosen = given ?? said
  if (chosen !== null) {
    const [best] = bestFits(window, sample, [chosen], start)
    return best === undefined ? null : { ...best, said: said !== null, rival: null }
  }
  const common = bestFits(window, sample, COMMON, start)
  const [best, next] = common
  if (best !== undefined && best.score >= LEAST_SCORE) return { ...best, said: false, rival: rivalOf(best, next) }
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
  let best: Fit | null = null
  const comments = /(?:^|[\r\n])#/.test(window.text) ? [null, '#'] : [null]
  for (const comment of comments) {
    for (const fit of fitsOf(window, { delimiter, comment, quote: '"', lazy: false }, start))
      if (best === null || fit.score > best.score + 1e-9) best = fit
  }
  return best
}

function fitsOf(window: TextWindow, strict: Candidate, start: Start): readonly Fit[] {
  const first = tryCandidate(window, start, strict)
  const others: Candidate[] = []
  // As long as quotes are where they belong they mean what they mean everywhere.
  if (window.text.includes('"') && (first === null || first.broken > 0 || first.skip_lines > 0))
    others.push({ ...strict, lazy: true }, { ...strict, quote: null })
  if (hasSingleQuotes(window.text, strict.delimiter)) others.push({ ...strict, quote: "'" })
  return [first, ...others.map(candidate => tryCandidate(window, start, candidate))].filter(fit => fit !== null)
}

function hasSingleQuotes(text: string, delimiter: string): boolean {
  const by = RegExp.escape(delimiter)
  return new RegExp(`(?:^|[\\r\\n]|${by})'[^'\\r\\n]*'(?:[\\r\\n]|${by}|$)`).test(text)
}

function rivalOf(best: Fit, next: Fit | undefined): string | null {
  return next !== undefined && next.score > best.score * 0.85 ? next.candidate.delimiter : null
}
