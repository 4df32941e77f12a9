/**
 * Patterns in RE2 syntax. Matching takes time linear in the text, whatever the pattern, so a pattern from a pipeline file
 * can't hang a run. There are no look-arounds and no back-references.
 */

import { RE2JS, RE2JSSyntaxException } from 're2js'
import { grouped } from '../model/number-text.ts'

export interface Pattern {
  /** True if any part of the text matches. */
  test(text: string): boolean
}

export interface PatternProblem {
  /** One sentence without a full stop at the end. */
  readonly problem: string
  /** Where in the source, in UTF-16 units, if that is known. */
  readonly offset?: number
}

/** Longer sources and larger programs are refused: each costs memory and a constant factor of time for every text. */
export const MAX_PATTERN_LENGTH = 10_000
const MAX_PROGRAM_SIZE = 20_000
const CACHE_SIZE = 500

const cache = new Map<string, Pattern | PatternProblem>()

/**
 * Compiles a pattern, for example `(?i)pass(word|phrase)` or `^A-\d+$`. Never throws.
 * The result of the same source is shared.
 */
export function compilePattern(source: string): Pattern | PatternProblem {
  const known = cache.get(source)
  if (known !== undefined) return known
  const compiled = compileFresh(source)
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value as string)
  cache.set(source, compiled)
  return compiled
}

export function isPattern(compiled: Pattern | PatternProblem): compiled is Pattern {
  return 'test' in compiled
}

function compileFresh(source: string): Pattern | PatternProblem {
  if (source.length > MAX_PATTERN_LENGTH) {
    return { problem: `the pattern is longer than ${grouped(MAX_PATTERN_LENGTH)} characters` }
  }
  const literal = compileLiteral(source)
  if (literal !== null) return literal
  try {
    const compiled = RE2JS.compile(source)
    if (compiled.programSize() > MAX_PROGRAM_SIZE) {
      return { problem: 'the pattern’s repetitions make it too large' }
    }
    // `test` runs the lazy automaton and builds no matcher: some times faster than `matcher(text).find()`.
    return { test: text => compiled.test(text) }
  } catch (error) {
    return problemOf(source, error)
  }
}

/** Plain words, the most frequent patterns by far, need no automaton. */
function compileLiteral(source: string): Pattern | null {
  const match = /^(\(\?i\))?([A-Za-z0-9 _-]+)$/.exec(source)
  if (match === null) return null
  const word = match[2] as string
  if (match[1] === undefined) return { test: text => text.includes(word) }
  // With `u`, JavaScript folds case as RE2 does (simple folding); a word without operators can't backtrack.
  const expression = new RegExp(word, 'iu')
  return { test: text => expression.test(text) }
}

function problemOf(source: string, error: unknown): PatternProblem {
  if (!(error instanceof RE2JSSyntaxException)) {
    return { problem: 'the pattern is nested too deeply' }
  }
  const problem = error.message.replace(/^error parsing regexp: /, '')
  const fragment = error.getPattern()
  const offset = typeof fragment === 'string' && fragment !== '' ? source.indexOf(fragment) : -1
  return offset < 0 ? { problem } : { problem, offset }
}
