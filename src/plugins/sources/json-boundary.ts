/**
 * Finds where a JSON value ends, piece by piece, without holding or understanding it: brackets must match, and what
 * stands in texts doesn't count. Whether the value is well formed is the parser's question.
 */
import type { TextWindow } from './text-window.ts'

const LF = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Deeper nesting than any parser takes: given up, so that the stack stays small. */
const MOST_NESTED = 100_000

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === LF || unit === 0x0d || unit === 0x09
}

export class JsonBoundary {
  /** True once brackets didn't match; nothing more can be found then. */
  broken = false
  /** Where `find` stopped, and continues when there is more text. */
  at = 0
  #closers: number[] = []
  #in_text = false

  /** True inside an object, array or text; false for a number or word that ends wherever the input does. */
  get open(): boolean {
    return this.#in_text || this.#closers.length > 0
  }

  reset(): void {
    this.broken = false
    this.#closers = []
    this.#in_text = false
  }

  /** The index behind the value, looking from `from` on; −1 if it isn't there yet, or the brackets are broken. */
  find(text: string, from: number): number {
    const size = text.length
    let at = from
    while (at < size) {
      const unit = text.charCodeAt(at)
      if (this.#in_text) {
        if (unit === BACKSLASH) {
          if (at + 1 >= size) break
          at += 2
          continue
        }
        at += 1
        if (unit === QUOTE) {
          this.#in_text = false
          if (this.#closers.length === 0) return at
        }
        continue
      }
      if (unit === QUOTE) this.#in_text = true
      else if (unit === OPEN_OBJECT) this.#enter(CLOSE_OBJECT)
      else if (unit === OPEN_LIST) this.#enter(CLOSE_LIST)
      else if (unit === CLOSE_OBJECT || unit === CLOSE_LIST) {
        if (this.#closers.length === 0) return at
        if (this.#closers.pop() !== unit) this.broken = true
        else if (this.#closers.length === 0) return at + 1
      } else if (this.#closers.length === 0 && (unit === COMMA || isSpace(unit))) return at
      if (this.broken) break
      at += 1
    }
    this.at = at
    return -1
  }

  #enter(closer: number): void {
    if (this.#closers.length === MOST_NESTED) this.broken = true
    else this.#closers.push(closer)
  }
}

/** Moves `window.at` behind white space. @returns the number of line breaks that it passed. */
export function skipSpace(window: TextWindow): number {
  const { text } = window
  let lines = 0
  let at = window.at
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (!isSpace(unit)) break
    if (unit === LF) lines += 1
  }
  window.at = at
  return lines
}

export function countLines(text: string, start: number, end: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}
