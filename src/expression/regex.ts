/** Patterns by which functions find matches with their groups. Apart from pattern.ts, whose types the SDK shows to plugins. */
import { RE2JS } from 're2js'

const CACHE_SIZE = 500
const cache = new Map<string, RE2JS>()

/** The automaton of a pattern that `compilePattern` has found to be sound; shared. */
export function regexOf(source: string): RE2JS {
  const known = cache.get(source)
  if (known !== undefined) return known
  const compiled = RE2JS.compile(source)
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value ?? '')
  cache.set(source, compiled)
  return compiled
}
