/** How two rows of one branch can come to a coalesce: by what an inner fork made of its row, and what of that is joined again. */
import type { CoalesceConfig } from '../config/pipeline.ts'
import type { Branches } from './branches.ts'
import type { Draft, DraftNode } from './draft.ts'

export interface Twins {
  /** In words. */
  readonly one: string
  readonly other: string
  readonly fork: string
}

/** Something of a fork's group that can come to the coalesce. */
interface Carrier {
  readonly fork: DraftNode
  readonly name: string
  /** Branches without which it doesn't come. */
  readonly needs: readonly string[]
}

/** `inner`: branches of inner forks that can come to the coalesce unjoined. The first pair that is found, or null. */
export function twinsAt(draft: Draft, node: DraftNode, inner: readonly string[], branches: Branches): Twins | null {
  const carriers = [...inner.flatMap(branch => unjoined(branch, branches)), ...joined(draft, node, branches)]
  for (const [index, other] of carriers.entries())
    for (const one of carriers.slice(0, index)) {
      // A token goes one way only: what needs it comes where it goes.
      if (one.fork !== other.fork || one.needs.some(branch => other.needs.includes(branch))) continue
      return { one: one.name, other: other.name, fork: one.fork.name }
    }
  return null
}

function unjoined(branch: string, branches: Branches): Carrier[] {
  const fork = branches.forkOf(branch)
  return fork === undefined ? [] : [{ fork, name: `\`${branch}\``, needs: [branch] }]
}

/** Coalesces of inner forks whose rows come to the coalesce on one of its branches. */
function joined(draft: Draft, node: DraftNode, branches: Branches): Carrier[] {
  return draft.nodes.flatMap(each => {
    const { config } = each
    if (config.kind !== 'coalesce' || node.config.kind !== 'coalesce' || each === node) return []
    const fork = branches.forkOfCoalesce(config)
    const way = draft.edge(each, 'to')
    if (fork === undefined || way === undefined || fork === branches.forkOfCoalesce(node.config)) return []
    const carries = node.config.branches.some(branch => branches.brings(way, branch))
    if (!carries || !leadsTo(draft, each, node, branches)) return []
    return [{ fork, name: `what \`${each.name}\` joins`, needs: needsAll(config) ? config.branches : [] }]
  })
}

function needsAll({ policy, branches }: CoalesceConfig): boolean {
  return policy.kind === 'require_all' || (policy.kind === 'quorum' && policy.quorum === branches.length)
}

/** Whether rows can come from one coalesce to another without being joined, or made to new ones, in between. */
function leadsTo(draft: Draft, from: DraftNode, to: DraftNode, branches: Branches): boolean {
  const fork = to.config.kind === 'coalesce' ? branches.forkOfCoalesce(to.config) : undefined
  const seen = new Set([from])
  for (const at of seen)
    for (const { to: next, label } of draft.from(at)) {
      // What matches in a join becomes new rows.
      if (at.kind === 'join' && label === 'matched') continue
      if (next === to) return true
      if (next === null) continue
      const { config } = next
      const ends =
        (config.kind === 'coalesce' && branches.forkOfCoalesce(config) === fork) ||
        (config.kind === 'aggregate' && config.output === 'transform')
      // After an error rows of an aggregate are what they were.
      const failed = config.kind === 'aggregate' ? (draft.edge(next, 'on_error')?.to ?? null) : null
      if (!ends) seen.add(next)
      else if (failed === to) return true
      else if (failed !== null) seen.add(failed)
    }
  return false
}
