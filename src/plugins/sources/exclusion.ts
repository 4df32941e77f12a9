/**
 * Which of the files that patterns, folders and archives have a source leaves out.
 *
 * EXCLUSION-1. A pattern without a slash is of the last part of a name, wherever the file lies; one with a slash is of the whole name.
 */
import { resolve } from 'node:path'
import { parseStoreUrl } from '../stores/store-url.ts'
import { FilePattern } from './file-pattern.ts'

export class Exclusion {
  readonly #patterns: readonly FilePattern[]

  private constructor(patterns: readonly FilePattern[]) {
    this.#patterns = patterns
  }

  static async of(patterns: string | readonly string[] = []): Promise<Exclusion> {
    const all = typeof patterns === 'string' ? [patterns] : patterns
    // Who says that something is left out means hidden files, too.
    const made = all.map(each => FilePattern.of(each.replace(/^(?:\.\/+)+/, ''), { dot: true, matchBase: true }))
    return new Exclusion(await Promise.all(made))
  }

  /** Whether a file is one of them. `name`: as a source knows it, relative to `folder`, or a URL. */
  has(folder: string, name: string): boolean {
    const url = parseStoreUrl(name)
    if (url === null) return this.#patterns.some(each => each.matchesFrom(folder, resolve(folder, name)))
    return this.#patterns.some(each => each.matches(name) || each.matches(url.key))
  }
}
