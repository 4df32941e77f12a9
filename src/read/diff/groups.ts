/** Differences counted by where and how they parted. Memory grows with the number of ways to part, not with that of rows. */
import type { Parting } from './difference.ts'

/** Numbers that are kept of each group. */
const EXAMPLES = 10

export interface Group {
  readonly parting: Parting
  readonly count: number
  readonly examples: readonly number[]
}

export class Groups {
  readonly #groups = new Map<string, { parting: Parting; count: number; examples: number[] }>()

  /** How many the group has now. */
  add(parting: Parting, example: number): number {
    const key = JSON.stringify(parting)
    const group = this.#groups.get(key) ?? { parting, count: 0, examples: [] }
    group.count++
    if (group.examples.length < EXAMPLES) group.examples.push(example)
    this.#groups.set(key, group)
    return group.count
  }

  /** The biggest first; among equals those of which a row came first. */
  list(): readonly Group[] {
    return [...this.#groups.values()].sort((a, b) => b.count - a.count)
  }
}
