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
const COMMON = [',', ';', '\t', '|'] as const
/** Only if none of the common ones gives a table. */
const RARE = ['~', '^', '\u001f', '\u0001', '||', '::', '~|', ':'] as const
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
    for (const [quote, lazy] of quotesIn(window.text, delimiter)) {
      const candidate: Candidate = { delimiter, quote, lazy, comment }
      const fit = tryCandidate(window, start, candidate)
      if (fit !== null && (best === null || fit.score > best.score + 1e-9)) best = fit
    }
  }
  return best
}

type QuoteTry = readonly [quote: string | null, lazy: boolean]

function quotesIn(text: string, delimiter: string): readonly QuoteTry[] {
  const tries: QuoteTry[] = [['"', false]]
  if (text.includes('"')) tries.push(['"', true], [null, false])
  const single = new RegExp(
    `(?:^|[\\r\\n]|${RegExp.escape(delimiter)})'[^'\\r\\n]*'(?:[\\r\\n]|${RegExp.escape(delimiter)}|$)`,
  )
  if (single.test(text)) tries.push(["'", false])
  return tries
}

function rivalOf(best: Fit, next: Fit | undefined): string | null {
  return next !== undefined && next.score > best.score * 0.85 ? next.candidate.delimiter : null
}
