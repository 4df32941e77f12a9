/** Which nodes, ways and error routes of a pipeline the cases went through. Pure. */
import type { NodeCounts } from '../../read/show/summary.ts'

/** How many there are, how many of them were used, and the others: `tier`, or `tier: true` for a way out of a node. */
export interface Covered {
  readonly of: number
  readonly covered: number
  readonly missed: readonly string[]
}

export interface Coverage {
  readonly nodes: Covered
  /** Ways out of nodes, by their labels. */
  readonly ways: Covered
  /** `on_error` and `on_invalid`. */
  readonly error_routes: Covered
}

const ERROR_ROUTES: ReadonlySet<string> = new Set(['on_error', 'on_invalid'])

/** `runs`: the counts of all nodes, of each case. */
export function coverageOf(runs: ReadonlyArray<readonly NodeCounts[]>): Coverage {
  const nodes = new Map<string, number>()
  const ways = new Map<string, number>()
  const error_routes = new Map<string, number>()
  for (const { node, kind, in: came, out } of runs.flat()) {
    add(nodes, node, came)
    // Most sinks take every row: that none was refused isn't worth a word.
    for (const [label, count] of Object.entries(out))
      if (kind !== 'sink' || count > 0) add(ERROR_ROUTES.has(label) ? error_routes : ways, `${node}: ${label}`, count)
  }
  return { nodes: covered(nodes), ways: covered(ways), error_routes: covered(error_routes) }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count)
}

function covered(counts: ReadonlyMap<string, number>): Covered {
  const missed = [...counts].filter(([, count]) => count === 0).map(([name]) => name)
  return { of: counts.size, covered: counts.size - missed.length, missed }
}
