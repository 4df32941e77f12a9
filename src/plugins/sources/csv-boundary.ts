/**
 * Finds where a CSV record ends, piece by piece, without holding or splitting it. What a correct writer put inside quotes is
 * never taken for the record's end, whatever else is wrong with the record or how long it is.
 *
 * A cell that begins with a quote ends at its closing quote. If something else than a delimiter or a line break stands
 * behind that, the record is broken, and ends at the first line break at which the quotes since the cell's beginning are even
 * in number. In any other cell quotes are text (which breaks the record, too), and a line break ends it.
 *
 * Where quotes are `lazy`, blanks may stand before an opening and behind a closing one, and a backslash inside of quotes takes the
 * quote or the backslash behind it for text.
 */

/** As they look in the window's view. */
export interface CsvMarks {
  readonly delimiter: string
  /** null: no character quotes. */
  readonly quote: string | null
  readonly lazy: boolean
}

/** Whether lazy quotes may have `unit` between themselves and the delimiter: spaces and tabs. */
export function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09
}

/** `behind`: text follows a closing quote · `inside`: a quote stands inside a cell that doesn't begin with one. */
export type QuoteProblem = 'behind' | 'inside'

/**
 * `start`: before a cell · `plain`: in a cell without quotes · `quoted`: inside quotes · `closed`: behind a quote that may have
 * been the closing one · `blank`: behind blanks behind that · `even`, `odd`: in a broken cell, outside and inside quotes
 */
type State = 'start' | 'plain' | 'quoted' | 'closed' | 'blank' | 'even' | 'odd'

const LF = 0x0a
const CR = 0x0d
const BACKSLASH = 0x5c

export class CsvBoundary {
  /** Where `find` stopped, and continues when there is more text. */
  at = 0
  /** Behind the line break that ends the record that was found. */
  after = 0
  /** Line breaks inside of the record. */
  lines = 0
  /** The first that is wrong with its quotes. */
  problem: QuoteProblem | null = null
  #state: State = 'start'

  /** True inside quotes: where the input ends so, the closing one is missing. */
  get open(): boolean {
    return this.#state === 'quoted' || this.#state === 'odd'
  }

  reset(): void {
    this.lines = 0
    this.problem = null
    this.#state = 'start'
  }

  /** The index of the record's end, looking from `from` on; −1 if it isn't there yet. `ended`: nothing follows `text`. */
  find(text: string, from: number, ended: boolean, { delimiter, quote, lazy }: CsvMarks): number {
    // What may be the beginning of a delimiter or a quote, escaped or not, is left for when the rest of it is there.
    const quote_size = (quote?.length ?? 1) + (lazy ? 1 : 0)
    const size = ended ? text.length : text.length + 1 - Math.max(delimiter.length, quote_size)
    let at = from
    while (at < size) {
      if (lazy && quote !== null && this.open && text.charCodeAt(at) === BACKSLASH) {
        const quotes = text.startsWith(quote, at + 1)
        at += quotes ? 1 + quote.length : text.charCodeAt(at + 1) === BACKSLASH ? 2 : 1
        continue
      }
      if (quote !== null && text.startsWith(quote, at)) {
        this.#quote()
        at += quote.length
        continue
      }
      const unit = text.charCodeAt(at)
      if (unit === LF || unit === CR) {
        if (unit === CR && at + 1 === text.length && !ended) break
        const after = unit === CR && text.charCodeAt(at + 1) === LF ? at + 2 : at + 1
        if (!this.open) {
          this.after = after
          return at
        }
        this.lines += 1
        at = after
        continue
      }
      const delimits = !this.open && this.#state !== 'even' && text.startsWith(delimiter, at)
      if (delimits) this.#state = 'start'
      else this.#letter(lazy && isBlank(unit))
      at += delimits ? delimiter.length : 1
    }
    this.at = at
    if (!ended) return -1
    this.after = text.length
    return text.length
  }

  #quote(): void {
    switch (this.#state) {
      case 'start':
      case 'closed':
        this.#state = 'quoted'
        return
      case 'quoted':
        this.#state = 'closed'
        return
      case 'plain':
        this.problem ??= 'inside'
        return
      case 'blank':
        this.problem ??= 'behind'
        this.#state = 'odd'
        return
      case 'even':
        this.#state = 'odd'
        return
      case 'odd':
        this.#state = 'even'
    }
  }

  /** Anything but a quote, a delimiter or a line break. `blank`: one that means nothing around quotes. */
  #letter(blank: boolean): void {
    if (this.#state === 'start') this.#state = blank ? 'start' : 'plain'
    else if (this.#state === 'closed' || this.#state === 'blank') {
      if (blank) {
        this.#state = 'blank'
        return
      }
      this.#state = 'even'
      this.problem ??= 'behind'
    }
  }
}
