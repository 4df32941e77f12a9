/**
 * What became of the tokens of one subject, a row or a batch: its entries, folded. Whoever shows, compares or repeats what a run has on
 * record begins with this; `verify`, and `resume`, have a fold of their own, so that neither takes an error over from here.
 *
 * COURSE-1. Entries are added in their order, decoded. After each the course is that of the entries so far.
 * COURSE-2. A visit is there once: where it was held, and is recorded again, the later fact stands in the place of the earlier.
 * COURSE-3. Facts that refer to what isn't there are passed over: that a subject is whole is for others to see (evidence/).
 */
import {
  type BirthFact,
  type CallFact,
  type EndingFact,
  GROUP_KINDS,
  type GroupClosed,
  type GroupOpened,
  type HoldFact,
  type IntentFact,
  type ReleaseFact,
  type SubjectEntry,
  VISIT_HELD,
  type VisitFact,
} from '../../format/entry.ts'
import { branchPath, elementPath, FIRST_PATH, mergedPath } from '../../format/lineage.ts'
import type { Topology, TopologyNode } from '../../format/topology.ts'

/** A fact with the time of its entry. */
export interface Timed<F> {
  readonly fact: F
  readonly time_us: number
}

/** A group that the subject opened. */
export interface CourseGroup {
  readonly opened: GroupOpened
  readonly kind: (typeof GROUP_KINDS)[number]
  /** undefined if the topology has no such node. */
  readonly node: TopologyNode | undefined
  /** null while it is open. */
  readonly closed: GroupClosed | null
  /** It would have waited for more, had its time not been up. */
  readonly timed_out: boolean
}

/** A fork that a token is inside. */
export interface CourseFork {
  /** Name of its branch; its number if the topology has none. */
  readonly branch: string
  /** What was forked. */
  readonly forked: CourseToken
}

export interface CourseToken {
  readonly birth: BirthFact
  /** What it was born of; null for the first of a row. */
  readonly group: CourseGroup | null
  /** The first of its parents, if that is a token of the subject. */
  readonly parent: CourseToken | null
  /** How it came to be (format/lineage.ts). */
  readonly path: string
  /** The outermost first. */
  readonly forks: readonly CourseFork[]
  /** Of what a coalesce made: the fork whose branches it joined. */
  readonly joined: CourseFork | null
  readonly visits: readonly Timed<VisitFact>[]
  /** null while it is open. */
  readonly ending: Timed<EndingFact> | null
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type OpenToken = Writable<Omit<CourseToken, 'visits'>> & { readonly visits: Timed<VisitFact>[] }

export class Course {
  readonly #topology: Topology
  readonly #tokens = new Map<number, OpenToken>()
  readonly #groups = new Map<number, Writable<CourseGroup>>()
  readonly #calls = new Map<number, Timed<CallFact>[]>()
  readonly #holds: HoldFact[] = []
  readonly #releases: ReleaseFact[] = []
  readonly #intents: IntentFact[] = []
  #first: SubjectEntry | null = null
  /** By number, in order of birth. */
  readonly tokens: ReadonlyMap<number, CourseToken> = this.#tokens
  /** By number, in order of opening. */
  readonly groups: ReadonlyMap<number, CourseGroup> = this.#groups
  /** By token (0: for the batch), as they came back. */
  readonly calls: ReadonlyMap<number, readonly Timed<CallFact>[]> = this.#calls
  readonly holds: readonly HoldFact[] = this.#holds
  /** By sorts. */
  readonly releases: readonly ReleaseFact[] = this.#releases
  /** Requests that were announced. */
  readonly intents: readonly IntentFact[] = this.#intents

  constructor(topology: Topology) {
    this.#topology = topology
  }

  static of(entries: Iterable<SubjectEntry>, topology: Topology): Course {
    const course = new Course(topology)
    for (const entry of entries) course.add(entry)
    return course
  }

  /** What it is, where it came from, and when it began; null while it has no entry. */
  get first(): Pick<SubjectEntry, 'subject' | 'origin' | 'time_us'> | null {
    return this.#first
  }

  /** The batch that the subject is, as a group; null for a row. */
  get batch(): CourseGroup | null {
    for (const group of this.#groups.values()) if (group.kind === 'batch') return group
    return null
  }

  add(entry: SubjectEntry): void {
    this.#first ??= entry
    const { time_us } = entry
    for (const opened of entry.groups_opened)
      this.#groups.set(opened.group, {
        opened,
        kind: GROUP_KINDS[opened.kind],
        node: this.#topology.nodes[opened.node - 1],
        closed: null,
        timed_out: false,
      })
    for (const birth of entry.births) this.#tokens.set(birth.token, this.#born(birth))
    for (const fact of entry.visits) addVisit(this.#tokens.get(fact.token)?.visits ?? [], { fact, time_us })
    for (const fact of entry.calls) {
      const own = this.#calls.get(fact.token)
      if (own === undefined) this.#calls.set(fact.token, [{ fact, time_us }])
      else own.push({ fact, time_us })
    }
    for (const each of entry.holds) this.#holds.push(each)
    for (const each of entry.releases) this.#releases.push(each)
    for (const each of entry.intents) this.#intents.push(each)
    const timed_out = new Set(entry.timed_out)
    for (const closed of entry.groups_closed) {
      const group = this.#groups.get(closed.group)
      if (group === undefined) continue
      group.closed = closed
      group.timed_out = timed_out.has(closed.group)
    }
    for (const fact of entry.endings) {
      const token = this.#tokens.get(fact.token)
      if (token !== undefined) token.ending = { fact, time_us }
    }
  }

  #born(birth: BirthFact): OpenToken {
    const group = this.#groups.get(birth.group) ?? null
    const parent = this.#tokens.get(birth.parents[0] ?? 0) ?? null
    return { birth, group, parent, ...lineageOf(birth, group, parent), visits: [], ending: null }
  }
}

function addVisit(own: Timed<VisitFact>[], visit: Timed<VisitFact>): void {
  const { node, attempt } = visit.fact
  const held = own.findIndex(({ fact }) => fact.status === VISIT_HELD && fact.node === node && fact.attempt === attempt)
  own[held === -1 ? own.length : held] = visit
}

function lineageOf(
  { group: born_of, ordinal }: BirthFact,
  group: CourseGroup | null,
  parent: CourseToken | null,
): Pick<CourseToken, 'path' | 'forks' | 'joined'> {
  const path = parent?.path ?? FIRST_PATH
  const forks = parent?.forks ?? []
  if (born_of === 0) return { path: FIRST_PATH, forks: [], joined: null }
  if (group?.kind === 'fork' && parent !== null) {
    const branch = group.node?.branches?.[ordinal] ?? `${ordinal}`
    return { path: branchPath(path, branch), forks: [...forks, { branch, forked: parent }], joined: null }
  }
  if (group?.kind === 'merge') {
    const at = joinedFork(forks, group)
    const joined = forks[at] ?? null
    const merged = mergedPath(joined?.forked.path ?? FIRST_PATH, group.node?.name ?? '')
    return { path: merged, forks: forks.slice(0, Math.max(0, at)), joined }
  }
  // An element: of an expansion, or of what a batch gave, which names no parents.
  return { path: elementPath(path, ordinal), forks: [], joined: null }
}

/** Which of the forks that a token is inside a coalesce joins: that of a branch which it lists, whose name is unique in a plan. −1: none. */
function joinedFork(forks: readonly CourseFork[], { node }: CourseGroup): number {
  return forks.findLastIndex(({ branch }) => node?.branches?.includes(branch) === true)
}

/** Of a member of a group at a coalesce: the branch by which it came there. */
export function branchInto(group: CourseGroup, { forks }: CourseToken): CourseFork | null {
  return forks[joinedFork(forks, group)] ?? null
}
