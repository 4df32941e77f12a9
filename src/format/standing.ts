/** How a log as it is stands to heads of it that were seen before, by its own tree: nothing else proves that it continues them. */
import type { Hash } from '../model/sha256.ts'

/** Size and root of a log's tree. */
export interface TreeHead {
  readonly size: number
  readonly root: Hash
}

/** A head of log 0, all entries of which were looked at, and hold: what of them has to be known to look at no more than what came since. */
export interface SoundHead extends TreeHead {
  /** seqs of those that change keys. */
  readonly changes: readonly number[]
  /** How many logs of runs had been opened: they are numbered densely. */
  readonly logs: number
}

/**
 * `newer`: it continues the newest head that was seen; `older`: as far as heads were seen it is their beginning, and the newest isn't reached;
 * `forked`: one of them isn't its beginning.
 */
export type Standing = 'same' | 'newer' | 'older' | 'forked'

/**
 * `seen` with ascending sizes, at least one. `rootOf` gives the root of the log's first entries, as many as it is asked for and `now` has;
 * null if that can't be known, which is as good as another root.
 */
export async function standingOf(
  seen: readonly TreeHead[],
  now: TreeHead,
  rootOf: (size: number) => Hash | null | Promise<Hash | null>,
): Promise<Standing> {
  const met = seen.findLast(each => each.size <= now.size)
  if (met !== undefined && (met.size === now.size ? now.root : await rootOf(met.size)) !== met.root) return 'forked'
  const newest = seen.at(-1)?.size ?? 0
  return newest > now.size ? 'older' : newest === now.size ? 'same' : 'newer'
}
