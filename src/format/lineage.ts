/**
 * How a token came to be within its row or batch, as a text that is the same in every run of the same data: from the
 * first one (`''`) through the branches of forks, the elements of expansions, and merges.
 */

export const FIRST_PATH = ''

/** Into a branch of a fork; names of branches are unique in a plan. */
export function branchPath(parent: string, branch: string): string {
  return `${parent}/${branch}`
}

/** Element `ordinal`, from 0, of what a token expands to, or of what a batch gives (`parent` is `''` then). */
export function elementPath(parent: string, ordinal: number): string {
  return `${parent}*${ordinal}`
}

/** What `coalesce` makes of the branches that the token at `parent` was forked into. */
export function mergedPath(parent: string, coalesce: string): string {
  return `${parent}/+${coalesce}`
}

/** Which coalesce made what stands at `later`, or what that came from, of branches of the token at `parent`; or null. */
export function mergedBy(later: string, parent: string): string | null {
  const merged = mergedPath(parent, '')
  return later.startsWith(merged) ? (later.slice(merged.length).match(/^[^/*]+/)?.[0] ?? null) : null
}

/** Whether what stands at `later` is the token at `path`, or came from it without a merge of what is outside. */
export function comesOf(later: string, path: string): boolean {
  if (!later.startsWith(path)) return false
  const next = later.charAt(path.length)
  return next === '' || next === '/' || next === '*'
}
