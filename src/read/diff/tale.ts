/**
 * What happened to each token of one subject (a row or a batch), in words that mean the same in every run: nodes,
 * ways and branches by name, tokens by where they came from. Pure.
 *
 * TALE-1. The same token has the same key in every run, whatever its number: the way of births that led to it.
 * TALE-2. Keys sort so that parents come before children, and branches before what is merged of them.
 */
import { type EndingFact, isError, VISIT_HELD, type VisitFact } from '../../format/entry.ts'
import { DISCARD, type Topology } from '../../format/topology.ts'
import { fateNumber } from '../../model/outcome.ts'
import type { Course, CourseToken } from '../fold/course.ts'
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
  readonly course: Course
  readonly values: SubjectValues
  readonly topology: Topology
}

const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

/** `values`: those of the course's subject, all of it. */
export function tellTale(course: Course, values: SubjectValues, topology: Topology): Tale {
  const origins = new Map<CourseToken, Origin>()
  const instances = new Map<string, Instance>()
  const families = new Map<string, number>()
  for (const token of course.tokens.values()) {
    const origin = originOf(token, origins)
    origins.set(token, origin)
    // In order of visits. A plan has no cycle, so a later telling is a later attempt.
    const own = [...new Map(token.visits.map(({ fact }) => [fact.node, fact])).values()]
    const ending = token.ending?.fact ?? null
    instances.set(origin.key, {
      ...origin,
      token: token.birth.token,
      value: token.birth.value,
      steps: own.map(visit => stepOf(visit, topology)),
      ending,
      output: outputOf(own.at(-1), ending, topology),
    })
    families.set(origin.family, (families.get(origin.family) ?? 0) + 1)
  }
  return { instances, families, course, values, topology }
}

type Origin = Pick<Instance, 'key' | 'born_at' | 'made_by' | 'family' | 'branch'>

const FIRST: Origin = { key: '', family: '', born_at: null, made_by: 0, branch: null }

function originOf(
  { birth, group, parent, forks, joined }: CourseToken,
  origins: ReadonlyMap<CourseToken, Origin>,
): Origin {
  if (group?.node === undefined) return FIRST
  const { name } = group.node
  const keyOf = (token: CourseToken | null | undefined) => (token == null ? '' : (origins.get(token)?.key ?? ''))
  const merged = group.kind === 'merge'
  const family = merged ? `${keyOf(joined?.forked ?? parent)}/1${name}` : `${keyOf(parent)}/0${name}`
  const branch = group.kind === 'fork' ? (forks.at(-1)?.branch ?? null) : null
  return {
    key: `${family}:${branch ?? `${birth.ordinal}`.padStart(9, '0')}`,
    family,
    born_at: name,
    made_by: birth.parents[0] ?? 0,
    branch,
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
