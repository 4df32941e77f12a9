/**
 * Groups within one subject: forks, expansions, merges, and what is born of joins (I4). A fork has one child per branch, an expansion
 * one per row, a merge accounts for its members and gives one new token, a join has one for each match.
 */
import type { BirthFact, EndingFact, GroupClosed, GroupOpened, SubjectEntry } from '../../format/entry.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { fateOf } from '../../model/outcome.ts'
import { tokenName } from './check.ts'
import { ABANDONED, isCoalesceCause } from './fates.ts'
import { isWithin, type ValueRange } from './token.ts'
import type { Ways } from './ways.ts'

export const FORK = 0
const EXPAND = 1
export const MERGE = 2
export const BATCH = 3
export const JOIN = 4

const MADE_AT = ['fork', 'transform', 'coalesce', 'aggregate', 'join'] as const
const VERDICTS: readonly (readonly string[])[] = [
  ['forked'],
  ['expanded'],
  ['merged', 'branch_lost', 'quorum_not_met', 'timeout', 'merge_conflict', 'select_missing', 'abandoned'],
  ['count', 'max_age', 'when', 'end_of_input', 'abandoned'],
  ['joined'],
]

/** Those that never stand open. */
const CLOSES_AT_ONCE: ReadonlySet<number> = new Set([FORK, EXPAND, JOIN])

/** Verdicts on a merge that its time may bring about. */
const TIMED: ReadonlySet<string> = new Set(['merged', 'timeout', 'merge_conflict', 'select_missing'])

/** Endings whose groups may be another subject's. */
const OF_MANY_ROWS: ReadonlySet<string> = new Set(['batch', 'batch_failed', 'join'])

export interface Group extends GroupOpened {
  verdict: string | null
  /** Whether it merges once a quorum is met. */
  readonly quorum: boolean
  /** Of a merge: tokens that ended with it, in whatever way. */
  arrived: number
  /** Places of the tokens that were held for it. */
  readonly places: Map<number, number>
}

/** A group as JSON has it. */
export type GroupFacts = Omit<Group, 'places'> & { readonly places: ReadonlyArray<readonly [number, number]> }

export class Groups {
  readonly #groups = new Map<number, Group>()

  static of(facts: readonly GroupFacts[]): Groups {
    const groups = new Groups()
    for (const each of facts) groups.#groups.set(each.group, { ...each, places: new Map(each.places) })
    return groups
  }

  get facts(): readonly GroupFacts[] {
    return [...this.#groups.values()].map(each => ({ ...each, places: [...each.places] }))
  }

  get(group: number): Group | undefined {
    return this.#groups.get(group)
  }

  /** Groups that have not closed. */
  *open(): Iterable<Group> {
    for (const each of this.#groups.values()) if (each.verdict === null) yield each
  }

  *forks(): Iterable<number> {
    for (const { group, kind } of this.#groups.values()) if (kind === FORK) yield group
  }

  /** Takes in what an entry says of groups; called before its births. */
  *opened(facts: readonly GroupOpened[], subject: SubjectEntry['subject'], ways: Ways): Iterable<string> {
    for (const fact of facts) {
      if (this.#groups.has(fact.group)) yield `group ${fact.group} is opened twice`
      const quorum = ways.policy(fact.node) === 'quorum'
      this.#groups.set(fact.group, { ...fact, verdict: null, quorum, arrived: 0, places: new Map() })
      if (ways.kind(fact.node) !== MADE_AT[fact.kind]) {
        yield `group ${fact.group} is of kind ${fact.kind} at ${ways.name(fact.node)}, which is a ${ways.kind(fact.node)}`
      }
      if (fact.kind === BATCH && subject.kind !== 'batch')
        yield `group ${fact.group} is a batch's, in the story of a row`
      if (fact.kind === BATCH && fact.expected !== 0)
        yield `group ${fact.group} is a batch's, and expects ${fact.expected}`
      const branches = ways.branches(fact.node).length
      if ((fact.kind === FORK || fact.kind === MERGE) && fact.expected !== branches) {
        yield `group ${fact.group} expects ${counted(fact.expected, 'branch', 'branches')}, and ${ways.name(fact.node)} has ${branches}`
      }
    }
  }

  /** Checks groups against the births and endings of the entry that closed them; called when both are known. */
  *closed(entry: SubjectEntry, fresh: ValueRange): Iterable<string> {
    for (const fact of entry.groups_closed) {
      const group = this.#groups.get(fact.group)
      if (group === undefined) {
        yield `group ${fact.group} closes, and was never opened`
        continue
      }
      if (group.verdict !== null) yield `group ${fact.group} closes twice`
      group.verdict = fact.verdict
      if (!VERDICTS[group.kind]!.includes(fact.verdict)) yield `group ${fact.group} closes as ${fact.verdict}`
      if (fact.detail !== 0 && (fact.verdict !== 'merged' || !isWithin(fact.detail, fresh))) {
        yield `value ${fact.detail} is said to tell more about group ${fact.group}, and can't`
      }
      if (group.kind === MERGE && fact.verdict === 'abandoned') yield* abandonedProblems(group, fact, entry)
      else if (group.kind === MERGE) yield* mergeProblems(group, fact, entry)
      else if (group.kind !== BATCH && group.kind !== JOIN && fact.members.length > 0)
        yield `group ${fact.group} closes with members`
    }
    for (const { group, kind } of entry.groups_opened) {
      if (CLOSES_AT_ONCE.has(kind) && this.#groups.get(group)?.verdict === null) {
        yield `group ${group} does not close at once`
      }
    }
    yield* this.#timeProblems(entry)
    yield* this.#childrenProblems(entry)
    yield* this.#endingProblems(entry)
  }

  /** What closes as timed out says so, and nothing else that time can't close. */
  *#timeProblems({ groups_closed, timed_out }: SubjectEntry): Iterable<string> {
    for (const [i, number] of timed_out.entries()) {
      const fact = groups_closed.find(({ group }) => group === number)
      const is_merge = this.#groups.get(number)?.kind === MERGE
      if (fact === undefined || !is_merge || !TIMED.has(fact.verdict) || timed_out.indexOf(number) !== i)
        yield `group ${number} isn't one that its time can have closed here`
    }
    for (const { group, verdict } of groups_closed)
      if (verdict === 'timeout' && !timed_out.includes(group))
        yield `group ${group} closes as timed out, and not because its time was up`
  }

  /** Births are of groups that the subject has, in the numbers that these expect. */
  *#childrenProblems(entry: SubjectEntry): Iterable<string> {
    const children = new Map<number, BirthFact[]>()
    for (const birth of entry.births) {
      if (birth.group === 0) continue
      const known = children.get(birth.group)
      if (known === undefined) children.set(birth.group, [birth])
      else known.push(birth)
    }
    for (const [number, births] of children) {
      const group = this.#groups.get(number)
      if (group === undefined) yield `${tokenName(births[0]!.token)} is born of group ${number}, which isn't here`
      else if (!closes(entry, number))
        yield `${tokenName(births[0]!.token)} is born of group ${number}, which doesn't close here`
      else yield* birthProblems(group, births, entry)
    }
    for (const { group, kind, expected } of entry.groups_opened) {
      if (CLOSES_AT_ONCE.has(kind) && !children.has(group)) yield `group ${group} has no children, not ${expected}`
    }
    for (const { group, verdict } of entry.groups_closed) {
      if (verdict === 'merged' && !children.has(group)) yield `group ${group} merged into nothing`
    }
  }

  /** Endings that name a group name one that fits. */
  *#endingProblems(entry: SubjectEntry): Iterable<string> {
    for (const ending of entry.endings) {
      const fate = fateOf(ending.fate)
      if (ending.group === 0 || fate === undefined || OF_MANY_ROWS.has(fate.cause)) continue
      const group = this.#groups.get(ending.group)
      const who = `${tokenName(ending.token)} ends as ${fate.outcome} / ${fate.cause} with group ${ending.group}`
      if (group === undefined) yield `${who}, which isn't here`
      else if (group.node !== ending.node) yield `${who}, which is another node's`
      else if (fate.cause === 'fork' || fate.cause === 'expand') {
        if (group.kind !== (fate.cause === 'fork' ? FORK : EXPAND)) yield `${who}, which is no such group`
        if (!entry.groups_opened.some(each => each.group === group.group)) yield `${who}, which was opened before`
      } else yield* arrivalProblems(group, ending, fate.cause, who)
    }
  }
}

function closes(entry: SubjectEntry, group: number): boolean {
  return entry.groups_closed.some(each => each.group === group)
}

function* birthProblems(group: Group, births: readonly BirthFact[], entry: SubjectEntry): Iterable<string> {
  const name = `group ${group.group}`
  const expected = group.kind === MERGE ? 1 : group.kind === BATCH ? births.length : group.expected
  if (births.length !== expected) yield `${name} has ${births.length} children, not ${grouped(expected)}`
  if (births.some(({ ordinal }, i) => ordinal !== i))
    yield `${name} has children that are not numbered 0 to ${births.length - 1} in order`
  const closed = entry.groups_closed.find(each => each.group === group.group)
  for (const { token, parents } of births) {
    const who = `${tokenName(token)}, born of ${name},`
    if (group.kind === BATCH) {
      if (parents.length > 0) yield `${who} repeats its parents`
    } else if (group.kind === MERGE) {
      if (closed?.verdict !== 'merged') yield `${who} is born though nothing merged`
      if (!sameList(parents, closed?.members ?? [])) yield `${who} has other parents than the members that merged`
    } else if (group.kind === JOIN) {
      const [left, ...rights] = parents
      if (rights.length !== 1) yield `${who} has ${parents.length} parents, not a left and a right one`
      if (left !== closed?.members[0]) yield `${who} has another left parent than its group has`
    } else if (parents.length !== 1) yield `${who} has ${parents.length} parents`
    else {
      const ending = entry.endings.find(each => each.token === parents[0])
      const cause = fateOf(ending?.fate ?? 0)?.cause
      if (ending?.group !== group.group || cause !== (group.kind === FORK ? 'fork' : 'expand')) {
        yield `${who} has parent ${grouped(parents[0]!)}, which doesn't end with it`
      }
    }
  }
}

/** Each member of a merge is there once, in order of arrival. */
function* memberProblems(group: Group, { members }: GroupClosed): Iterable<string> {
  if (new Set(members).size !== members.length) yield `group ${group.group} has a member twice`
  if (members.length === 0 || members.length > group.expected) {
    yield `group ${group.group} closes with ${counted(members.length, 'member')} of ${grouped(group.expected)}`
  }
  if (members.some((member, i) => (group.places.get(member) ?? i) !== i)) {
    yield `group ${group.group} closes with members in another order than they came in`
  }
}

/** The run was given up while the group waited: all who had come are its members, and end with the run. */
function* abandonedProblems(group: Group, fact: GroupClosed, entry: SubjectEntry): Iterable<string> {
  const { members } = fact
  yield* memberProblems(group, fact)
  for (const token of group.places.keys())
    if (!members.includes(token))
      yield `group ${group.group} is abandoned without ${tokenName(token)}, which waits for it`
  for (const member of members)
    if (!entry.endings.some(({ token, fate }) => token === member && fate === ABANDONED))
      yield `${tokenName(member)} is a member of group ${group.group}, which is abandoned, and isn't`
}

/** All members of a merge end with it, at once. */
function* mergeProblems(group: Group, fact: GroupClosed, entry: SubjectEntry): Iterable<string> {
  const { members } = fact
  yield* memberProblems(group, fact)
  const outs = members.map(member => entry.visits.findLast(each => each.token === member)?.out)
  // Members of a group that failed leave with rows of their own, where `on_error` leads somewhere.
  if (fact.verdict === 'merged' && outs.some(each => each !== outs[0]))
    yield `group ${group.group} merged into several values`
  for (const member of members) {
    const ending = entry.endings.find(each => each.token === member)
    const cause = fateOf(ending?.fate ?? 0)?.cause
    const due = dueCause(group, fact.verdict)
    const left = entry.visits.find(each => each.token === member && each.node === group.node && each.edge !== 0)
    // Where `on_error` leads to a sink it ends there, maybe later.
    if (left !== undefined && fact.verdict !== 'merged') {
      if (left.error?.code !== due.toUpperCase())
        yield `${tokenName(member)} is a member of group ${group.group}, and leaves it otherwise (${left.error?.code})`
      continue
    }
    if (ending === undefined) yield `${tokenName(member)} is a member of group ${group.group}, and doesn't end with it`
    else if (ending.group !== group.group || cause !== due) {
      yield `${tokenName(member)} is a member of group ${group.group}, and ends otherwise (${cause})`
    }
  }
}

/** With what the members of a merge end that closed so. */
function dueCause({ quorum }: Group, verdict: string): string {
  if (verdict === 'merged') return 'merge'
  return quorum && verdict === 'timeout' ? 'quorum_not_met' : verdict
}

function* arrivalProblems(group: Group, ending: EndingFact, cause: string, who: string): Iterable<string> {
  if (group.kind !== MERGE) {
    yield `${who}, which is no merge`
    return
  }
  group.arrived++
  if (group.arrived > group.expected) yield `${who}, where all ${group.expected} branches have come before`
  if (group.verdict === null) yield `${who}, which is still open`
  else if (cause === 'late_arrival') {
    if (group.verdict !== 'merged' && group.verdict !== 'timeout') yield `${who}, which closed as ${group.verdict}`
  } else if ((cause === 'merge' || isCoalesceCause(cause)) && cause !== dueCause(group, group.verdict))
    yield `${who}, which closed as ${group.verdict}`
  if (ending.error === null && cause !== 'merge') yield `${who}, without an error`
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, i) => each === b[i])
}
