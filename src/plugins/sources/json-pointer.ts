/**
 * Goes to the value that a JSON Pointer (RFC 6901) names, passing over what stands before it without holding it.
 * Where a key stands twice the first one counts: what comes later isn't known when the first is read.
 */

import { parseJson } from '../../model/json.ts'
import { countLines, JsonBoundary, skipSpace } from './json-boundary.ts'
import type { TextWindow } from './text-window.ts'

/** Longest key that is looked at. */
const MOST_KEY_UNITS = 64 * 1024

/** The tokens of a pointer, unescaped; null if it isn't one. */
export function pointerTokens(pointer: string): readonly string[] | null {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return null
  return pointer
    .slice(1)
    .split('/')
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What can't be followed; the message says why. */
export class PointerError extends Error {
  override readonly name = 'PointerError'
}

export class JsonNavigator {
  /** Line of `window.at`, from 1. */
  line = 1
  readonly #window: TextWindow
  readonly #boundary = new JsonBoundary()

  constructor(window: TextWindow) {
    this.#window = window
  }

  /** Moves `window.at` to the value. @throws PointerError if there is none. */
  async follow(tokens: readonly string[]): Promise<void> {
    for (const token of tokens) {
      const bracket = await this.#token()
      if (bracket === '{') await this.#toKey(token)
      else if (bracket === '[') await this.#toIndex(token)
      else throw new PointerError(`${JSON.stringify(token)} can’t be looked up in a value without parts`)
    }
  }

  async #toKey(wanted: string): Promise<void> {
    this.#window.at += 1
    for (;;) {
      if ((await this.#token()) !== '"') throw new PointerError(`there is no key ${JSON.stringify(wanted)}`)
      const key = await this.#key()
      if ((await this.#token()) !== ':') throw new PointerError('a key isn’t followed by a colon')
      this.#window.at += 1
      await this.#token()
      if (key === wanted) return
      await this.#passValue()
      if ((await this.#token()) === ',') this.#window.at += 1
    }
  }

  async #toIndex(token: string): Promise<void> {
    if (!/^(0|[1-9][0-9]*)$/.test(token)) throw new PointerError(`${JSON.stringify(token)} is no place in an array`)
    this.#window.at += 1
    for (let left = Number(token); ; left--) {
      if ((await this.#token()) === ']') throw new PointerError(`the array has no element ${token}`)
      if (left === 0) return
      await this.#passValue()
      if ((await this.#token()) === ',') this.#window.at += 1
    }
  }

  /** The next character that isn't white space. */
  async #token(): Promise<string> {
    const window = this.#window
    for (;;) {
      this.line += skipSpace(window)
      if (window.at < window.text.length) return window.text[window.at]!
      if (window.ended) throw new PointerError('the input ends before')
      await window.grow()
    }
  }

  async #key(): Promise<string> {
    const window = this.#window
    for (;;) {
      this.#boundary.reset()
      const end = this.#boundary.find(window.text, window.at)
      if (end >= 0) {
        const text = window.decode(window.at, end)
        window.at = end
        return text === null ? '' : keyOf(text)
      }
      if (window.ended || window.text.length - window.at > MOST_KEY_UNITS) throw new PointerError('a key has no end')
      await window.grow()
    }
  }

  async #passValue(): Promise<void> {
    const window = this.#window
    this.#boundary.reset()
    for (;;) {
      const found = this.#boundary.find(window.text, window.at)
      if (found < 0 && this.#boundary.broken) throw new PointerError('brackets don’t match before it')
      const end = found < 0 ? this.#boundary.at : found
      this.line += countLines(window.text, window.at, end)
      // A value that is nothing (`,,`) would be passed for ever.
      if (found === window.at && window.text[found] !== ',') throw new PointerError('a value is missing before it')
      window.at = end
      if (found >= 0) return
      if (window.ended) throw new PointerError('the input ends before')
      await window.grow()
    }
  }
}

function keyOf(text: string): string {
  try {
    return String(parseJson(text))
  } catch (error) {
    if (error instanceof SyntaxError) return ''
    throw error
  }
}
