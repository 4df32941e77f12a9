/**
 * What happened to each token of one subject (a row or a batch), in words that mean the same in every run: nodes,
 * ways and branches by name, tokens by where they came from. Pure.
 *
 * TALE-1. The same token has the same key in every run, whatever its number: the way of births that led to it.
 * TALE-2. Keys sort so that parents come before children, and branches before what is merged of them.
 */
import {
  type BirthFact,
  CALL_THROTTLED,
  type CallFact,
  type EndingFact,
  GROUP_KINDS,
  type GroupOpened,
  isError,
  type SubjectEntry,
  VISIT_HELD,
  type VisitFact,
} from '../../format/entry.ts'
import { DISCARD, type Topology } from '../../format/topology.ts'
import { fateNumber } from '../../model/outcome.ts'
import type { SubjectValues } from '../values.ts'

/** The last attempt of a token at a node. */
export interface Step {
  readonly node: string
  readonly error: string | null
  /** How it left; null if it ended there, or is there still. */
  readonly way: { readonly label: string; readonly to: string } | null
  readonly held: boolean
  /** Number of the value that left; 0 if none did. */
  readonly out: number
}

export interface Instance {
  readonly key: string
  readonly token: number
  /** The node that made it; null for the first of a row. */
  readonly born_at: string | null
  /** Whose calls made it: a token, 0 for a batch. */
  readonly made_by: number
  /** Those that were born together with it. */
  readonly family: string
  /** Branch of a fork that it was born onto. */
  readonly branch: string | null
  /** Number of the value that it was born with. */
  readonly value: number
  readonly steps: readonly Step[]
  readonly ending: EndingFact | null
  /** Number of the value that a sink wrote, or a batch took; 0 if none did. */
  readonly output: number
}

export interface Tale {
  /** By key. */
  readonly instances: ReadonlyMap<string, Instance>
  /** Sizes of families. */
  readonly families: ReadonlyMap<string, number>
  readonly calls: readonly CallFact[]
  readonly values: SubjectValues
  readonly topology: Topology
}

/** A fork that a token is inside: its branch, and the key of what was forked. */
interface Inside {
  readonly branch: string
  readonly forked: string
}

const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

/** `entries` are all of a subject, `values` theirs. */
export function tellTale(entries: readonly SubjectEntry[], values: SubjectValues, topology: Topology): Tale {
  const visits = lastVisits(entries)
  const endings = new Map(entries.flatMap(entry => entry.endings.map(each => [each.token, each] as const)))
  const groups = new Map(entries.flatMap(entry => entry.groups_opened.map(each => [each.group, each] as const)))
  const origins = new Map<number, Origin>()
  const instances = new Map<string, Instance>()
  const families = new Map<string, number>()
  for (const birth of entries.flatMap(entry => entry.births)) {
    const origin = originOf(birth, groups.get(birth.group), origins, topology)
    origins.set(birth.token, origin)
    const { key, family, born_at, made_by, branch } = origin
    const { token, value } = birth
    const own = [...(visits.get(token)?.values() ?? [])]
    const steps = own.map(visit => stepOf(visit, topology))
    const ending = endings.get(token) ?? null
    const output = outputOf(own.at(-1), ending, topology)
    instances.set(key, { key, family, born_at, made_by, branch, token, value, steps, ending, output })
    families.set(family, (families.get(family) ?? 0) + 1)
  }
  const calls = entries.flatMap(entry => entry.calls).filter(({ status }) => status !== CALL_THROTTLED)
  return { instances, families, calls, values, topology }
}

/** By token and node, in order of visits. A plan has no cycle, so a later telling is a later attempt, or ends a hold. */
function lastVisits(entries: readonly SubjectEntry[]): Map<number, Map<number, VisitFact>> {
  const by_token = new Map<number, Map<number, VisitFact>>()
  for (const { visits } of entries)
    for (const visit of visits) {
      const own = by_token.get(visit.token) ?? new Map<number, VisitFact>()
      by_token.set(visit.token, own.set(visit.node, visit))
    }
  return by_token
}

type Origin = Pick<Instance, 'key' | 'born_at' | 'made_by' | 'family' | 'branch'> & {
  /** The outermost fork first. */
  readonly inside: readonly Inside[]
}

const FIRST: Origin = { key: '', family: '', born_at: null, made_by: 0, branch: null, inside: [] }

function originOf(
  { parents, ordinal }: BirthFact,
  group: GroupOpened | undefined,
  origins: ReadonlyMap<number, Origin>,
  { nodes }: Topology,
): Origin {
  const node = nodes[(group?.node ?? 0) - 1]
  if (group === undefined || node === undefined) return FIRST
  const [made_by = 0] = parents
  const { key, inside } = origins.get(made_by) ?? FIRST
  const kind = GROUP_KINDS[group.kind]
  const branch = kind === 'fork' ? (node.branches?.[ordinal] ?? `${ordinal}`) : null
  // Branch names are unique in a plan: the fork that a coalesce joins is that of a branch which it lists.
  const joined = kind === 'merge' ? inside.findLastIndex(each => node.branches?.includes(each.branch)) : -1
  const family = kind === 'merge' ? `${inside[joined]?.forked ?? key}/1${node.name}` : `${key}/0${node.name}`
  return {
    key: `${family}:${branch ?? `${ordinal}`.padStart(9, '0')}`,
    family,
    born_at: node.name,
    made_by,
    branch,
    inside: branch !== null ? [...inside, { branch, forked: key }] : inside.slice(0, Math.max(0, joined)),
  }
}

function stepOf({ node, status, error, edge, out }: VisitFact, topology: Topology): Step {
  const left = topology.edges[edge - 1]
  return {
    node: nameOf(topology, node),
    error: isError(status) ? (error?.code ?? null) : null,
    way:
      left === undefined ? null : { label: left[1], to: left[2] === DISCARD ? 'discard' : nameOf(topology, left[2]) },
    held: status === VISIT_HELD,
    out,
  }
}

function outputOf(last: VisitFact | undefined, ending: EndingFact | null, { nodes }: Topology): number {
  if (last === undefined || isError(last.status)) return 0
  const written = nodes[last.node - 1]?.kind === 'sink'
  return written || ending?.fate === CONSUMED ? last.in : 0
}

export function nameOf({ nodes }: Topology, number: number): string {
  return nodes[number - 1]?.name ?? `node ${number}`
}
