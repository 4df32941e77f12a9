/**
 * What must hold of the facts of every run, whatever its timing: what groups say of their members, and members of their
 * groups; that no group waits longer than its time; that endings are such as the outcome table allows. Recomputed from the
 * durable drafts alone.
 */

import { type EndingFact, GROUP_KINDS, type GroupClosed, type GroupOpened } from '../../src/format/entry.ts'
import type { SubjectDraft } from '../../src/ledger/write-port.ts'
import { fateOf } from '../../src/model/outcome.ts'
import type { AggregateNode, CoalesceNode, Plan } from '../../src/plan/plan.ts'

interface Group extends GroupOpened {
  /** Of a batch whose aggregate has keys, as text; null if that isn't there. */
  readonly key: string | null
  readonly closed: GroupClosed[]
  /** Tokens that were born of it. */
  readonly born: number[]
  /** Tokens whose endings name it. */
  readonly endings: EndingFact[]
}

interface Facts {
  readonly plan: Plan
  /** When the run's clock stood still. null for a replay, which doesn't take the time that it tells of. */
  readonly stood: readonly (readonly [number, number])[] | null
  /** How late a timer may be. */
  readonly late_us: number
  readonly groups: ReadonlyMap<number, Group>
  readonly endings: ReadonlyMap<number, EndingFact>
  readonly parents: ReadonlyMap<number, readonly number[]>
  /** By `token at node`: how long its last visit there took, the time it was held included. */
  readonly visits: ReadonlyMap<string, number>
  readonly problems: readonly string[]
}

/** Problems, each a sentence with the number of the invariant where it has one. */
export function problemsOf(
  plan: Plan,
  drafts: readonly SubjectDraft[],
  stood: Facts['stood'],
  jumps = false,
): string[] {
  const facts = gather(plan, drafts, stood, jumps ? AWAKE_US : ONE_INSTANT_US)
  const problems = [...facts.problems]
  for (const ending of facts.endings.values())
    if (!isAllowed(ending)) problems.push(`no such ending: ${textOf(ending)}`)
  for (const group of facts.groups.values()) {
    const add = (problem: string) => problems.push(`${GROUP_KINDS[group.kind]} ${group.group}: ${problem}`)
    if (group.closed.length !== 1) add(`I4: closed ${group.closed.length} times`)
    const closed = group.closed[0]
    if (closed === undefined) continue
    const node = plan.nodes[group.node - 1]
    if (node?.kind === 'coalesce') checkMerge(facts, group, closed, node, add)
    else if (node?.kind === 'aggregate') checkBatch(facts, group, closed, node, add)
    else if (node?.kind === 'join') checkJoin(facts, group, closed, add)
    else if (group.born.length !== group.expected) add(`I4: ${group.born.length} children instead of ${group.expected}`)
  }
  return [...problems, ...flushes(facts)]
}

function gather(plan: Plan, drafts: readonly SubjectDraft[], stood: Facts['stood'], late_us: number): Facts {
  const groups = new Map<number, Group>()
  const endings = new Map<number, EndingFact>()
  const parents = new Map<number, readonly number[]>()
  const visits = new Map<string, number>()
  const problems: string[] = []
  for (const draft of drafts)
    for (const opened of draft.groups_opened) {
      const node = plan.nodes[opened.node - 1]
      const key = node?.kind === 'aggregate' && node.per !== null ? (draft.values[0]?.text ?? null) : ''
      if (key === null) problems.push(`batch group ${opened.group} opens without a key`)
      groups.set(opened.group, { ...opened, key, closed: [], born: [], endings: [] })
    }
  for (const draft of drafts) {
    for (const closed of draft.groups_closed) groups.get(closed.group)?.closed.push(closed)
    for (const birth of draft.births) {
      groups.get(birth.group)?.born.push(birth.token)
      parents.set(birth.token, birth.parents)
    }
    for (const ending of draft.endings) {
      endings.set(ending.token, ending)
      groups.get(ending.group)?.endings.push(ending)
    }
    for (const { token, node, start_us, duration_us, stood_us } of draft.visits) {
      visits.set(`${token} at ${node}`, duration_us)
      const [began_us, took_us] = [draft.time_us + start_us, duration_us + stood_us]
      if (duration_us < 0 || stood_us < 0) problems.push(`token ${token} at ${node} took ${duration_us} µs`)
      if (stood !== null && stood_us !== within(stood, began_us, began_us + took_us))
        problems.push(`token ${token} at ${node}: the run's clock stood still for other than ${stood_us} µs`)
    }
    for (const { call, duration_us } of draft.calls)
      if (duration_us < 0) problems.push(`call ${call} took ${duration_us} µs`)
  }
  return { plan, stood, late_us, groups, endings, parents, visits, problems }
}

/** How long the clock stood still between two times. */
function within(stood: NonNullable<Facts['stood']>, from_us: number, to_us: number): number {
  return stood.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, to_us) - Math.max(from, from_us)), 0)
}

function isAllowed({ fate: number, sink, group, error }: EndingFact): boolean {
  const fate = fateOf(number)
  if (fate === undefined) return false
  const fits = (presence: 'required' | 'optional' | 'forbidden', there: boolean) =>
    presence === 'optional' || (presence === 'required') === there
  return fits(fate.sink, sink !== 0) && fits(fate.group, group !== 0) && fits(fate.error, error !== null)
}

/** How long a token's last visit at a node took on the run's own clock; null in a replay. */
function waitedUs({ visits, stood }: Facts, token: number | undefined, node: number): number | null {
  return stood === null ? null : (visits.get(`${token} at ${node}`) ?? 0)
}

/** How a member of a failed group may end, beside with the group, where it goes on to a sink. */
const ON_ITS_WAY: ReadonlySet<string> = new Set(['sink_rejected', 'in_doubt', 'abandoned'])

/** Visits of one instant begin a microsecond apart; all else in a simulation takes milliseconds. */
const ONE_INSTANT_US = 500
/** A machine that wakes up does nothing for a while. */
const AWAKE_US = 20_000

type Add = (problem: string) => void

function checkMerge(facts: Facts, group: Group, { verdict, members }: GroupClosed, node: CoalesceNode, add: Add): void {
  const { policy } = node
  const merged = verdict === 'merged'
  const due = policy.kind === 'quorum' && verdict === 'timeout' ? 'quorum_not_met' : verdict
  if (group.born.length !== (merged ? 1 : 0)) add(`I4: ${verdict}, and ${group.born.length} were born of it`)
  if (members.length > node.branches.length || new Set(members).size !== members.length)
    add(`I4: ${members.length} members of ${node.branches.length} branches`)
  if (merged && !isEnough(policy, members.length, node.branches.length))
    add(`${members.length} are not enough to merge`)
  for (const token of members) {
    const ending = facts.endings.get(token)
    const cause = fateOf(ending?.fate ?? 0)?.cause
    if (verdict === 'abandoned' && cause === 'abandoned') continue
    // The sink to which `on_error` led it may refuse it, too, or not have come to it when the run was given up.
    if (!merged && node.on_error !== null && ON_ITS_WAY.has(cause ?? '')) continue
    if (cause !== (merged ? 'merge' : due) || ending?.group !== group.group)
      add(`I4: ${verdict}, and its member ${token} ended ${textOf(ending)}`)
  }
  const timeout_us = 'timeout_ms' in policy && policy.timeout_ms !== null ? policy.timeout_ms * 1000 : null
  const waited_us = waitedUs(facts, members[0], node.number)
  if (waited_us !== null && verdict === 'timeout' && (timeout_us === null || waited_us < timeout_us))
    add(`timed out after ${waited_us} µs`)
  if (waited_us !== null && timeout_us !== null && waited_us > timeout_us + facts.late_us)
    add(`waited ${waited_us} of ${timeout_us} µs`)
  for (const ending of group.endings) {
    if (members.includes(ending.token)) continue
    const cause = fateOf(ending.fate)?.cause
    if (cause !== (merged || verdict === 'timeout' ? 'late_arrival' : verdict))
      add(`${verdict}, and who came later ended ${textOf(ending)}`)
  }
}

function isEnough(policy: CoalesceNode['policy'], members: number, branches: number): boolean {
  switch (policy.kind) {
    case 'require_all':
      return members === branches
    case 'quorum':
      return policy.decide === 'early' ? members === policy.quorum : members >= policy.quorum
    case 'best_effort':
      return members > 0
    case 'first':
      return members === 1
  }
}

function checkBatch(
  facts: Facts,
  group: Group,
  { verdict, members }: GroupClosed,
  node: AggregateNode,
  add: Add,
): void {
  const { count, max_age_ms } = node.trigger
  const waited_us = waitedUs(facts, members[0], node.number)
  if (members.length === 0) add('it has no members')
  if (count !== null && members.length > count) add(`${members.length} members where ${count} close it`)
  if (verdict === 'count' && members.length !== count) add(`closed by count with ${members.length} members`)
  if (waited_us !== null && verdict === 'max_age' && (max_age_ms === null || waited_us < max_age_ms * 1000))
    add(`closed by age after ${waited_us} µs`)
  if (group.endings.some(({ token }) => !members.includes(token)))
    add('I4: endings name it that are none of its members')
  for (const token of members) {
    const ending = facts.endings.get(token)
    if (node.output === 'transform' && ending === undefined) add(`I4: its member ${token} has no ending`)
    if (verdict === 'abandoned' && fateOf(ending?.fate ?? 0)?.cause !== 'abandoned')
      add(`abandoned, and its member ${token} ended ${textOf(ending)}`)
  }
}

/** All members of a join end with it, the left one, which comes first, and those right ones that had no group before. */
function checkJoin({ endings, parents }: Facts, group: Group, { members }: GroupClosed, add: Add): void {
  if (group.born.length !== group.expected) add(`I4: ${group.born.length} children instead of ${group.expected}`)
  for (const token of members) {
    const ending = endings.get(token)
    if (fateOf(ending?.fate ?? 0)?.cause !== 'join' || ending?.group !== group.group)
      add(`I4: its member ${token} ended ${textOf(ending)}`)
  }
  if (group.endings.some(({ token }) => !members.includes(token)))
    add('I4: endings name it that are none of its members')
  const rights = new Set<number>()
  for (const token of group.born) {
    const [left, right = 0, ...more] = parents.get(token) ?? []
    if (left !== members[0] || more.length > 0) add(`I4: ${token} is born of others than its left member and a match`)
    if (fateOf(endings.get(right)?.fate ?? 0)?.cause !== 'join') add(`I4: its match ${right} has another end`)
    rights.add(right)
  }
  if (rights.size !== group.born.length) add('I4: it has a match twice')
  if (members.some((token, i) => i > 0 && !rights.has(token))) add('I4: nothing is born of one of its members')
}

/** An aggregate closes a batch of a key at the end of input once at most, and none after it. */
function flushes({ plan, groups }: Facts): string[] {
  const problems: string[] = []
  const flushed = new Set<string>()
  for (const { group, node, key, kind, closed } of groups.values()) {
    if (GROUP_KINDS[kind] !== 'batch') continue
    const own = `${node} ${key}`
    if (flushed.has(own)) problems.push(`batch ${group}: ${plan.nodes[node - 1]?.name} had come to its end before`)
    if (closed[0]?.verdict === 'end_of_input') flushed.add(own)
  }
  return problems
}

function textOf(ending: EndingFact | undefined): string {
  const fate = fateOf(ending?.fate ?? 0)
  return ending === undefined ? 'not at all' : `${fate?.outcome}/${fate?.cause} in group ${ending.group}`
}
