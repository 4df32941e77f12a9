/** Hints that name what somebody most likely meant. */
import { nearestNames } from '../model/nearest.ts'

/** The candidate nearest to `name`, or null if none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  return nearestNames(name, candidates, 1)[0] ?? null
}

/** `did you mean X?`, else a list of those there are (`what: a, b, …`), else undefined. */
export function nearestHint(name: string, candidates: Iterable<string>, what: string): string | undefined {
  const all = [...new Set(candidates)]
  const near = nearest(name, all)
  if (near !== null) return `did you mean ${near}?`
  if (all.length === 0) return undefined
  return `${what}: ${all.slice(0, 12).join(', ')}${all.length > 12 ? ', …' : ''}`
}
