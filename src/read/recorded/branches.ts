/** In which branches of forks the tokens of a subject are. */
import { GROUP_KINDS, type SubjectEntry } from '../../model/entry.ts'
import type { Topology } from '../../model/topology.ts'

/** By token: names of the branches, the outermost first. */
export function branchesOf(
  entries: readonly SubjectEntry[],
  { nodes }: Topology,
): ReadonlyMap<number, readonly string[]> {
  const groups = new Map(entries.flatMap(entry => entry.groups_opened.map(each => [each.group, each] as const)))
  const branches = new Map<number, readonly string[]>()
  for (const { token, group, ordinal, parents } of entries.flatMap(entry => entry.births)) {
    const opened = groups.get(group)
    const outer = branches.get(parents[0] ?? 0) ?? []
    const names = nodes[(opened?.node ?? 0) - 1]?.branches ?? []
    switch (opened === undefined ? undefined : GROUP_KINDS[opened.kind]) {
      case 'fork':
        branches.set(token, [...outer, names[ordinal] ?? ''])
        break
      case 'merge': {
        // Branch names are unique in a plan: the fork that is joined is that of a branch of the coalesce.
        const joined = outer.findLastIndex(each => names.includes(each))
        branches.set(token, joined === -1 ? [] : outer.slice(0, joined))
        break
      }
      default:
        branches.set(token, [])
    }
  }
  return branches
}
