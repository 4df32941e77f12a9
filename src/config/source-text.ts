/**
 * A text with names for its places: where each line begins, and the span of an offset.
 * Offsets, columns and lengths are in UTF-16 units; lines and columns count from 1.
 */
export interface Span {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** At least 1, within the line. */
  readonly length: number
  /** Absent: the pipeline's file. `--set`: argument number `line` of those. */
  readonly file?: string
}

/** From `start` up to, but not including, `end`. */
export interface Place {
  readonly source: SourceText
  readonly start: number
  readonly end: number
}

export class SourceText {
  /** What diagnostics call it: the file as named by the user, or `--set`. */
  readonly name: string
  readonly text: string
  readonly #line_starts: readonly number[]

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#line_starts = starts
  }

  /** The place as line and column; its length ends with the line, and is at least 1. */
  span(start: number, end: number): Span {
    const from = Math.max(0, Math.min(start, this.text.length))
    const index = this.#lineIndex(from)
    const line_start = this.#line_starts[index] as number
    const line_end = this.#lineEnd(index)
    return { line: index + 1, column: from - line_start + 1, length: Math.max(1, Math.min(end, line_end) - from) }
  }

  #lineIndex(offset: number): number {
    let low = 0
    let high = this.#line_starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#line_starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  #lineEnd(index: number): number {
    const next = this.#line_starts[index + 1]
    if (next === undefined) return this.text.length
    return this.text[next - 2] === '\r' ? next - 2 : next - 1
  }
}
