/**
 * The fold of one subject's entries: its tokens as they stand, with their data, forks, groups and attempts (I6).
 */
import {
  type BirthFact,
  CALL_ERROR,
  type CallFact,
  type FieldOrders,
  GROUP_KINDS,
  type GroupKind,
  type HoldFact,
  type IntentFact,
  isCallError,
  isError,
  VISIT_HELD,
  type VisitFact,
} from '../../format/entry.ts'
import { type FieldOrder, inOrder } from '../../format/field-order.ts'
import { branchPath, elementPath, FIRST_PATH, mergedPath } from '../../format/lineage.ts'
import { addValues } from '../../ledger/write/decode.ts'
import { canonicalize } from '../../model/canonical.ts'
import { CustodyError } from '../../model/error.ts'
import { fateOf, IN_DOUBT } from '../../model/outcome.ts'
import { frozen, isObject, type Json, type Row } from '../../model/row.ts'
import type { CoalesceNode, Plan, PlanEdge, PlanNode } from '../../plan/plan.ts'
import { servicesOf } from '../calls/contexts.ts'
import { JOINED } from '../record/ending.ts'
import { notOnRecord, onRecord, wordOnRecord } from '../record/on-record.ts'
import { Answers } from '../token/answers.ts'
import { waitIn } from '../token/facts.ts'
import {
  type CoalesceGroup,
  carry,
  type ForkGroup,
  type Frame,
  frameOf,
  groupAt,
  groupOf,
} from '../token/fork-frames.ts'
import { GROUP_VERDICTS, MERGE_FAILURES } from '../token/group-verdict.ts'
import { Subject, Token } from '../token/token.ts'
import type { Sending } from '../token/token-state.ts'
import { passageOf } from './passage.ts'
import type { Held, RestoredSubject, StoredStep } from './restored-subject.ts'

/** Any group that the subject opened. */
interface Opened {
  readonly kind: GroupKind
  readonly node: number
}

const CANONICAL: FieldOrder = []
/** By what members fail that a group sends on. */
const MEMBER_CAUSES = [...MERGE_FAILURES, 'late_arrival'] as const

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What a token is known to be while the fold is under way. */
interface Folded {
  readonly token: Token
  value: number
  /** How the fields of that value stand. */
  order: FieldOrder
  hold: (Pick<HoldFact, 'group' | 'ordinal' | 'batch'> & { readonly started_us: number }) | null
  /** Of the latest hold at a join. */
  ordinal: number
  joined: boolean
  failed_us: number | null
  retry_after_ms: number
  /** Of the visit that it makes, or is about to make. */
  calls: CallFact[]
  /** At a sink that sends, once it had its turn: the requests of which it is on record that they were about to be sent. */
  intents: IntentFact[]
}

export function restoreSubject(
  plan: Plan,
  kind: 'row' | 'batch',
  number: number,
  entries: readonly StoredStep[],
): RestoredSubject {
  const first = entries.find(({ entry }) => entry.origin !== null)?.entry.origin
  const subject = new Subject(kind, number, onRecord(first, `origin of ${kind} ${number}`))
  const fold = new SubjectFold(plan, subject)
  for (const step of entries) fold.add(step)
  return fold.finish()
}

class SubjectFold {
  readonly #plan: Plan
  readonly #subject: Subject
  readonly #values = new Map<number, Json>()
  /** By value and order. Tokens that had one row have one again: merges and changes see by that what is the same. */
  readonly #rows = new Map<string, Row>()
  readonly #tokens = new Map<number, Folded>()
  readonly #groups = new Map<number, Opened>()
  readonly #forks = new Map<number, Mutable<ForkGroup>>()
  /** By fork: whose children its tokens are. */
  readonly #parents = new Map<number, Folded>()
  /** Those at coalesces, as members know them. */
  readonly #coalesces = new Map<number, CoalesceGroup>()
  #opened: RestoredSubject['opened'] = null
  /** Calls for the batch that is the subject. */
  readonly #batch_calls: CallFact[] = []

  constructor(plan: Plan, subject: Subject) {
    this.#plan = plan
    this.#subject = subject
  }

  /** @throws CustodyError CUSTODY_VALUE_ALTERED */
  add({ seq, entry, payload, place }: StoredStep): void {
    this.#subject.previous = seq
    this.#subject.values = Math.max(this.#subject.values, entry.first_value + entry.commitments.length - 1)
    addValues(this.#values, entry, payload, place)
    for (const { group, kind, node } of entry.groups_opened) {
      this.#groups.set(group, { kind, node })
      if (GROUP_KINDS[kind] === 'batch') this.#opened = { group, node, time_us: entry.time_us }
    }
    for (const birth of entry.births) this.#birth(birth)
    const holds = new Map(entry.holds.map(hold => [hold.token, hold]))
    for (const visit of entry.visits) {
      const folded = this.#folded(visit.token)
      this.#visit(folded, visit, entry.time_us)
      const hold = holds.get(visit.token)
      if (visit.status === VISIT_HELD && hold !== undefined) {
        const { group, ordinal, batch } = hold
        folded.hold = { group, ordinal, batch, started_us: entry.time_us + visit.start_us }
        folded.ordinal = ordinal
      }
    }
    for (const call of entry.calls) this.#call(call)
    for (const intent of entry.intents) this.#intend(intent)
    if (entry.orders !== 0) this.#order(entry.orders)
    for (const ending of entry.endings) {
      const folded = this.#folded(ending.token)
      if (fateOf(ending.fate)?.class === 'failure') this.#subject.failed = true
      folded.token.end()
      folded.joined = ending.fate === JOINED
      if (ending.group !== 0) this.#late(folded.token, ending.node, ending.group)
    }
    for (const { group, verdict, members } of entry.groups_closed) this.#close(group, verdict, members)
    for (const visit of entry.visits) this.#failed(visit)
  }

  finish(): RestoredSubject {
    const batched = new Map<number, Held[]>()
    const kept: Held[] = []
    const joined: Held[] = []
    const resting: { token: Token; failed_us: number; retry_after_ms: number }[] = []
    for (const folded of this.#tokens.values()) {
      const { token, value, order, hold, failed_us, retry_after_ms, calls, intents } = folded
      if (folded.joined) joined.push(this.#joined(folded))
      if (token.ended) continue
      token.row = this.#row(value, order)
      token.value = value
      this.#subject.open.add(token)
      carry(token)
      token.answers = this.#answersOf(calls, intents)
      const { state } = token
      if (state.kind === 'sending' && (isUnanswered(intents, calls) || this.#isInDoubt(calls)))
        token.send({ ...state, in_doubt: true })
      if (failed_us !== null) resting.push({ token, failed_us, retry_after_ms })
      if (hold === null) continue
      const held = { token, ordinal: hold.ordinal, started_us: hold.started_us, retry_after_ms }
      const node = this.#node(token.node)
      if (node.kind === 'coalesce') {
        token.joinGroup()
        this.#waits(held, hold.group)
      } else if (node.kind === 'join' || node.kind === 'sort') {
        token.keep()
        kept.push(held)
      } else {
        token.joinBatch()
        const batch = onRecord(hold.batch, `batch of token ${token.id}`)
        batched.set(batch, [...(batched.get(batch) ?? []), held])
      }
    }
    for (const fork of this.#forks.values())
      if (this.#values.has(fork.value))
        fork.row = this.#row(fork.value, this.#parents.get(fork.group)?.order ?? CANONICAL)
    const groups = [...this.#coalesces.values()].filter(group => group.verdict === null)
    for (const group of groups) group.arrived = group.arrived.toSorted((a, b) => a.started_us - b.started_us)
    const tokens = Array.from(this.#tokens.values(), ({ token }) => token)
    const answers = this.#answersOf(this.#batch_calls)
    const held = { batched, kept, joined }
    return { subject: this.#subject, tokens, ...held, groups, resting, opened: this.#opened, answers }
  }

  /** Later left rows may match it, if it came by the right side. */
  #joined({ token, value, order, ordinal }: Folded): Held {
    if (this.#plan.edges[token.edge - 1]?.side === 'right') token.row = this.#row(value, order)
    return { token, ordinal, started_us: 0, retry_after_ms: 0 }
  }

  #birth(birth: BirthFact): void {
    const { token, group, ordinal, value } = birth
    const frames = this.#framesAtBirth(birth)
    // The first token of a row is born where it was read.
    const from = group === 0 ? this.#subject.origin.source : this.#opening(group).node
    const onto = group === 0 ? { number: 0, to: from } : this.#bornOnto(group, ordinal)
    const born = new Token(
      token,
      this.#subject,
      onto.to,
      {},
      value,
      { kind: 'flow', node: from },
      frames,
      this.#pathAtBirth(birth),
      onto.number,
    )
    this.#tokens.set(token, {
      token: born,
      value,
      order: CANONICAL,
      hold: null,
      ordinal: 0,
      joined: false,
      failed_us: null,
      retry_after_ms: 0,
      calls: [],
      intents: [],
    })
  }

  #framesAtBirth({ group: number, ordinal, value, parents }: BirthFact): Frame | null {
    const group = this.#groups.get(number)
    const [first] = parents
    const parent = first === undefined ? null : this.#folded(first)
    if (group === undefined || parent === null) return null
    switch (GROUP_KINDS[group.kind]) {
      case 'fork': {
        const { path } = parent.token
        const fork = this.#forks.get(number) ?? {
          subject: this.#subject,
          group: number,
          node: group.node,
          row: {},
          path,
          value,
          groups: [],
          carriers: [],
        }
        this.#forks.set(number, fork)
        this.#parents.set(number, parent)
        return { fork, branch: ordinal, outer: parent.token.frames }
      }
      case 'merge': {
        const node = this.#node(group.node)
        return node.kind === 'coalesce' ? (frameOf(parent.token.frames, node.fork)?.outer ?? null) : null
      }
      default:
        return null
    }
  }

  #pathAtBirth({ group: number, ordinal, parents }: BirthFact): string {
    const group = this.#groups.get(number)
    const [first] = parents
    const parent = first === undefined ? null : this.#folded(first).token
    if (group === undefined) return FIRST_PATH
    switch (GROUP_KINDS[group.kind]) {
      case 'fork':
        return branchPath(parent?.path ?? FIRST_PATH, this.#branchName(group.node, ordinal))
      case 'merge': {
        const node = this.#node(group.node)
        const frame = node.kind === 'coalesce' ? frameOf(parent?.frames ?? null, node.fork) : null
        return mergedPath(frame?.fork.path ?? FIRST_PATH, node.name)
      }
      default:
        return elementPath(parent?.path ?? FIRST_PATH, ordinal)
    }
  }

  #bornOnto(number: number, ordinal: number): PlanEdge {
    const node = this.#node(this.#opening(number).node)
    if (node.kind === 'fork') return onRecord(node.branches[ordinal], `branch ${ordinal} of ${node.name}`).edge
    if (node.kind === 'join') return node.routes.matched
    return 'to' in node ? node.to : notOnRecord(`way out of ${node.name} for what is born there`)
  }

  #visit(folded: Folded, visit: VisitFact, time_us: number): void {
    const { token } = folded
    const held_by = folded.hold?.group ?? null
    token.attempt = visit.attempt
    folded.hold = null
    folded.failed_us = null
    if (visit.status === VISIT_HELD) return
    if (visit.edge !== 0) {
      token.moveTo(
        onRecord(this.#plan.edges[visit.edge - 1], `edge ${visit.edge}`),
        passageOf(this.#node(visit.node), visit, held_by),
      )
      folded.calls = []
      folded.intents = []
      folded.order = CANONICAL
      if (visit.out !== 0) folded.value = visit.out
    } else if (isError(visit.status)) {
      token.attempt = visit.attempt + 1
      const { in_doubt, together } = knownOf(token)
      if (this.#node(token.node).kind === 'sink')
        token.send({ in_doubt: in_doubt || visit.error?.code === IN_DOUBT, together, uncounted: 0 })
      folded.failed_us = time_us + visit.start_us + visit.duration_us + visit.stood_us
      folded.retry_after_ms = waitIn(this.#value(onRecord(visit.error, `error of the visit of ${token.id}`).value))
    } else folded.value = visit.in
  }

  /** Calls of visits that are over are over, too. */
  #call(call: CallFact): void {
    if (call.token === 0) this.#batch_calls.push(call)
    else {
      const folded = this.#folded(call.token)
      if (!folded.token.ended && folded.token.node === call.node) folded.calls.push(call)
    }
  }

  #intend(intent: IntentFact): void {
    const folded = this.#folded(intent.token)
    if (folded.token.ended || folded.token.node !== intent.node) return
    folded.intents.push(intent)
    const { in_doubt } = knownOf(folded.token)
    const alone = { first: intent.token, place: 1, rows: 1 }
    folded.token.send({ in_doubt, together: intent.together ?? alone, uncounted: 0 })
  }

  /** Whether one of these calls ended in doubt, and was to be made again. */
  #isInDoubt(calls: readonly CallFact[]): boolean {
    return calls.some(({ status, response }) => {
      const failure = status === CALL_ERROR ? this.#value(response) : null
      return isObject(failure) && failure.code === IN_DOUBT
    })
  }

  #answersOf(calls: readonly CallFact[], intents: readonly IntentFact[] = []): Answers | null {
    if (calls.length + intents.length === 0) return null
    const answers = new Answers()
    for (const { request } of intents) answers.keepValue(canonicalize(this.#value(request)), request)
    for (const { node, service, status, ordinal, request, response } of calls) {
      const text = canonicalize(this.#value(request))
      answers.keepValue(text, request)
      const name = servicesOf(this.#node(node))[service - 1]
      const answered = !isCallError(status)
      if (answered && name !== undefined) answers.add(name, text, ordinal, frozen(this.#value(response)))
    }
    return answers
  }

  /** How the fields of tokens stand that were born or left by an edge in this entry. */
  #order(value: number): void {
    // cast: the engine wrote it (field-order.ts), and its commitment has been checked.
    for (const [tokens, ...order] of this.#value(value) as unknown as FieldOrders)
      for (const token of tokens) this.#folded(token).order = order
  }

  /** A token waits at a coalesce. */
  #waits({ token, ordinal, started_us }: Held, number: number): void {
    const group = this.#groupOf(token)
    if (group === null) return
    group.number = number
    const branch = this.#branchOf(token, group.node)
    group.arrived = group.arrived.toSpliced(ordinal, 0, { token, branch, started_us })
    this.#coalesces.set(number, group)
  }

  #branchName(fork: number, ordinal: number): string {
    const node = this.#node(fork)
    return onRecord(node.kind === 'fork' ? node.branches[ordinal] : null, `branch ${ordinal} of ${node.name}`).branch
  }

  /** Which of the coalesce's branches the token came by. */
  #branchOf({ id, frames }: Token, { name, fork, branches }: CoalesceNode): number {
    const frame = onRecord(frameOf(frames, fork), `fork of token ${id} at ${name}`)
    const branch = branches.indexOf(this.#branchName(fork, frame.branch))
    return branch === -1 ? notOnRecord(`branch of ${name} for token ${id}`) : branch
  }

  #opening(number: number): Opened {
    return onRecord(this.#groups.get(number), `beginning of group ${number}`)
  }

  #groupOf(token: Token): CoalesceGroup | null {
    const node = this.#node(token.node)
    if (node.kind !== 'coalesce') return null
    const frame = frameOf(token.frames, node.fork)
    return frame === null ? null : groupOf(frame, node)
  }

  /** A token that ended at a coalesce has come to its group, and counts as arrived there. */
  #late(token: Token, at: number, number: number): void {
    const node = this.#plan.nodes[at - 1]
    if (node?.kind !== 'coalesce') return
    const frame = frameOf(token.frames, node.fork)
    if (frame === null) return
    const group = groupOf(frame, node)
    group.number = number
    const branch = this.#branchOf(token, node)
    if (!group.arrived.some(each => each.branch === branch))
      group.arrived = [...group.arrived, { token, branch, started_us: 0 }]
    this.#coalesces.set(number, group)
  }

  #close(number: number, verdict: string, members: readonly number[]): void {
    const { node } = this.#opening(number)
    // Members of one that failed may still be on their way to a sink.
    if (this.#plan.nodes[node - 1]?.kind === 'coalesce')
      for (const member of members) this.#late(this.#folded(member).token, node, number)
    const group = this.#coalesces.get(number)
    if (group === undefined) return
    // Of a run that was being given up, what sorts and joins hold may be open still: nothing merges there any more.
    group.verdict = verdict === 'abandoned' ? 'closed' : wordOnRecord(GROUP_VERDICTS, verdict)
  }

  /** A token that its group's failure sent on: by now it is known which group that was. */
  #failed({ token: id, node: number, edge, error }: VisitFact): void {
    const node = this.#plan.nodes[number - 1]
    const { token } = this.#folded(id)
    if (node?.kind !== 'coalesce' || edge === 0 || error === null) return
    const frame = frameOf(token.frames, node.fork)
    const group = frame === null ? undefined : groupAt(frame.fork, node)
    if (group === undefined) return
    const group_number = onRecord(group.number, `group at ${node.name} of token ${id}`)
    this.#late(token, number, group_number)
    if (token.passage.kind !== 'error' || token.passage.node !== number) return
    const kind = wordOnRecord(MEMBER_CAUSES, error.code.toLowerCase())
    token.passage = { ...token.passage, cause: { kind, group: group_number } }
  }

  #folded(token: number): Folded {
    const folded = this.#tokens.get(token)
    if (folded === undefined)
      throw new CustodyError('CUSTODY_VERIFY_FAILED', `token ${token} is spoken of before its birth`)
    return folded
  }

  #node(number: number): PlanNode {
    const node = this.#plan.nodes[number - 1]
    if (node === undefined)
      throw new CustodyError('CUSTODY_VERIFY_FAILED', `an entry speaks of node ${number}, which the plan hasn't`)
    return node
  }

  #row(value: number, order: FieldOrder): Row {
    const name = `${value}:${order.join(';')}`
    const known = this.#rows.get(name)
    if (known !== undefined) return known
    const row = inOrder(this.#value(value), order)
    if (!isObject(row)) return notOnRecord(`row in value ${value}`)
    this.#rows.set(name, frozen(row))
    return row
  }

  #value(number: number): Json {
    const value = this.#values.get(number)
    if (value !== undefined) return value
    const message = `${this.#subject.kind} ${this.#subject.number} has lost its value ${number}`
    throw new CustodyError('CUSTODY_VERIFY_FAILED', message)
  }
}

/** What is known of a token's requests so far. */
function knownOf({ state }: Token): Pick<Sending, 'in_doubt' | 'together'> {
  return state.kind === 'sending' ? state : { in_doubt: false, together: null }
}

/** Whether some request has no known result: each that was answered has a call. */
function isUnanswered(intents: readonly IntentFact[], calls: readonly CallFact[]): boolean {
  return intents.length > calls.length
}
