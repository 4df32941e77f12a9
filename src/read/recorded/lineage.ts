/** How the tokens of a subject came to be, and in which branches of forks they are. */
import { GROUP_KINDS, type SubjectEntry } from '../../format/entry.ts'
import { branchPath, elementPath, FIRST_PATH, mergedPath } from '../../format/lineage.ts'
import type { Topology } from '../../format/topology.ts'

export interface Lineage {
  readonly path: string
  /** The forks it is inside, the outermost first: the branch’s name, and the path of the one that was forked. */
  readonly branches: ReadonlyArray<{ readonly branch: string; readonly parent: string }>
}

const FIRST: Lineage = { path: FIRST_PATH, branches: [] }

/** By token. */
export function lineageOf(entries: readonly SubjectEntry[], { nodes }: Topology): ReadonlyMap<number, Lineage> {
  const groups = new Map(entries.flatMap(entry => entry.groups_opened.map(each => [each.group, each] as const)))
  const lineages = new Map<number, Lineage>()
  for (const { token, group, ordinal, parents } of entries.flatMap(entry => entry.births)) {
    const opened = groups.get(group)
    const parent = lineages.get(parents[0] ?? 0) ?? FIRST
    const node = nodes[(opened?.node ?? 0) - 1]
    switch (opened === undefined ? undefined : GROUP_KINDS[opened.kind]) {
      case 'fork': {
        const branch = node?.branches?.[ordinal] ?? ''
        const branches = [...parent.branches, { branch, parent: parent.path }]
        lineages.set(token, { path: branchPath(parent.path, branch), branches })
        break
      }
      case 'merge': {
        const joined = joinedFork(parent, node?.branches ?? [])
        const path = mergedPath(parent.branches[joined]?.parent ?? FIRST_PATH, node?.name ?? '')
        lineages.set(token, { path, branches: joined === -1 ? [] : parent.branches.slice(0, joined) })
        break
      }
      default:
        // The first of its row, or an element: of an expansion, or of what a batch gave, which names no parents.
        lineages.set(token, group === 0 ? FIRST : { path: elementPath(parent.path, ordinal), branches: [] })
    }
  }
  return lineages
}

/** Which of the forks that a token is inside a coalesce of these branches joins; −1 if none. Branch names are unique in a plan. */
export function joinedFork({ branches }: Lineage, expected: readonly string[]): number {
  return branches.findLastIndex(({ branch }) => expected.includes(branch))
}
