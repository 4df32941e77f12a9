/**
 * The one writer of fate: whatever happens to a token becomes a fact here, or, if it is a call, in call-recorder.ts, and nowhere else.
 *
 * RECORDER-1. (I3) Endings come in as values of model/outcome.ts, made by the pure functions of ending.ts; no other module
 *     records one.
 * RECORDER-2. (I2) A visit and what follows from it are recorded by one call, so that no commit can part them.
 * RECORDER-3. Rows are frozen as soon as evidence is made of them, so that no plugin can change what is recorded.
 * RECORDER-4. A visit ends now, unless its plugin’s answer came before: that is its `ended_us` then, and its duration is the plugin’s.
 */

import { type GroupKind, type OriginFact, VISIT_ERROR, VISIT_EXHAUSTED, VISIT_OK } from '../../format/entry.ts'
import { branchPath, elementPath, FIRST_PATH, mergedPath } from '../../format/lineage.ts'
import { DISCARD } from '../../format/topology.ts'
import { canonicalize, MAX_DEPTH, MAX_ROW_DEPTH } from '../../model/canonical.ts'
import type { GroupId, TokenId, ValueNumber } from '../../model/ids.ts'
import type { ErrorFact } from '../../model/outcome.ts'
import { frozen, type Json, type Row } from '../../model/row.ts'
import type { AggregateNode, ForkNode, JoinNode, PlanEdge, SortNode, SourceNode } from '../../plan/plan.ts'
import type { RowError, SourceReject } from '../../sdk/spec.ts'
import type { RunClock } from '../ports/run-clock.ts'
import type { BatchGroup, ClosedBatch } from '../token/batch-group.ts'
import { errorRow, type FailingNode, type ReportedError, rejectedRow } from '../token/facts.ts'
import type { CoalesceGroup, ForkGroup, Frame, MembersFailed, Waiting } from '../token/fork-frames.ts'
import type { HeldRow, Match } from '../token/held-row.ts'
import type { ErrorCause, Passage } from '../token/passage.ts'
import { addValue, factsOf, Subject, Token } from '../token/token.ts'
import { CallRecorder } from './call-recorder.ts'
import * as endings from './ending.ts'
import { FactWriter, NONE } from './fact-writer.ts'
import { changeOf } from './patch.ts'
import type { Totals } from './totals.ts'

const [FORK, EXPAND, MERGE, BATCH, JOIN] = [0, 1, 2, 3, 4] as const satisfies readonly GroupKind[]
const NO_PARENTS: readonly TokenId[] = []
export class Recorder extends FactWriter {
  readonly calls: CallRecorder

  constructor(totals: Totals, clock: Pick<RunClock, 'now_us' | 'ran_us'>, commit_rows?: number) {
    super(totals, clock, commit_rows)
    this.calls = new CallRecorder(this.pending, totals, clock)
  }

  // ── sources ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A record was read and fits its schema: a row, its first token, and its way out of the source.
   * @throws NotJsonError if `row` isn't JSON; then nothing is recorded.
   */
  ingest(origin: OriginFact, row: Row, edge: PlanEdge, started_us: number): Token {
    const token = this.#newRow(origin, started_us, row)
    this.#leaveSource(token, edge, token.passage, started_us, null)
    return token
  }

  /** A record was read and can't be used: it has a row, a token and, as its edge leads to a sink or nowhere, an ending too. */
  reject(source: SourceNode, origin: OriginFact, record: SourceReject, started_us: number): Token {
    const token = this.#newRow(origin, started_us, rejectedRow(source, record))
    this.totals.reject(source.number)
    const error = this.addError(token, record)
    this.#leaveSource(token, source.on_invalid, { kind: 'invalid', node: source.number, error }, started_us, error)
    return token
  }

  // ── visits that end at once ───────────────────────────────────────────────────────────────────────────────────────

  /**
   * The visit went well, and the token leaves by an edge with `row` as its data.
   * @throws NotJsonError if `row` isn't JSON; then nothing is recorded.
   */
  leave(token: Token, edge: PlanEdge, row: Row, passage: Passage, started_us: number, ended_us?: number): void {
    const change = changeOf(token.row, token.value, row)
    const before = token.value
    this.facts(token.subject, started_us)
    this.setRow(token, row, change)
    this.visit(token, VISIT_OK, before, token.value, edge.number, started_us, null, ended_us)
    this.move(token, edge, passage)
  }

  /** A sink took the token. */
  write(token: Token, started_us: number, ended_us?: number): void {
    this.facts(token.subject, started_us)
    this.visit(token, VISIT_OK, token.value, null, null, started_us, null, ended_us)
    this.end(token, endings.endAtSink(token.id, token.passage, token.node))
  }

  /** Nothing came of the token. */
  filter(token: Token, started_us: number, ended_us?: number): void {
    this.facts(token.subject, started_us)
    this.visit(token, VISIT_OK, token.value, null, null, started_us, null, ended_us)
    this.end(token, endings.filtered(token.id, token.node))
  }

  /** The visit met an error, and another attempt follows. */
  failAttempt(token: Token, error: RowError, started_us: number, ended_us?: number): void {
    this.facts(token.subject, started_us)
    const fact = this.addError(token, error)
    this.visit(token, VISIT_ERROR, token.value, null, null, started_us, fact, ended_us)
    token.retry()
  }

  /**
   * The visit met an error, and the token goes where `on_error` leads: to a sink or node as it entered, with what it met in
   * `_error`, or to `discard`.
   */
  fail(
    token: Token,
    at: FailingNode,
    error: ReportedError,
    cause: ErrorCause,
    started_us: number,
    ended_us?: number,
  ): void {
    const { node } = token
    const { name, on_error: edge, branch } = at
    this.facts(token.subject, started_us)
    const fact = this.addError(token, error)
    const before = token.value
    let out: ValueNumber | null = null
    if (edge.to !== DISCARD) {
      const row = errorRow(token.row, error, { node: name, ...(branch !== undefined && { branch }) })
      this.setRow(token, row, changeOf(token.row, token.value, row, MAX_DEPTH))
      out = token.value
    }
    const status = cause.kind === 'retries_exhausted' ? VISIT_EXHAUSTED : VISIT_ERROR
    this.visit(token, status, before, out, edge.number, started_us, fact, ended_us)
    this.move(token, edge, { kind: 'error', node, cause, error: fact })
  }

  /** A replay has no record of what the visit asks for. */
  miss(token: Token, message: string, started_us: number, ended_us?: number): void {
    const error = this.#failHere(token, { code: 'REPLAY_MISS', message }, started_us, ended_us)
    this.end(token, endings.replayMissed(token.id, token.node, error))
  }

  /** Nobody can say whether the far side took what was sent. */
  doubt(token: Token, error: RowError, started_us: number, ended_us?: number): void {
    this.end(token, endings.inDoubt(token.id, token.node, this.#failHere(token, error, started_us, ended_us)))
  }

  // ── groups ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The token ends, and a child for each branch stands where its branch leads. */
  fork(token: Token, node: ForkNode, started_us: number): Token[] {
    const { subject, row, value, path } = token
    this.facts(subject, started_us)
    const group = this.openGroup(subject, FORK, node.number, node.branches.length)
    this.visit(token, VISIT_OK, value, null, null, started_us, null)
    const fork: ForkGroup = { subject, group, node: node.number, row, path, value, groups: [], carriers: [] }
    const children = node.branches.map(({ branch: name, edge }, branch) => {
      const frames: Frame = { fork, branch, outer: token.frames }
      const born = { frames, group, ordinal: branch, parents: [token.id], path: branchPath(path, name) }
      return this.birth(subject, edge, row, value, born)
    })
    this.closeGroup(subject, { group, verdict: 'forked' })
    this.end(token, endings.passedOn(token.id, node.number, 'fork', group))
    return children
  }

  /**
   * The visit gave several rows: the token ends, and a child for each continues, in no fork's frame.
   * @throws NotJsonError if one of them isn't JSON; then nothing is recorded.
   */
  expand(token: Token, rows: readonly Row[], edge: PlanEdge, started_us: number, ended_us?: number): Token[] {
    const { subject, node } = token
    const elements = rows.map(row => ({ row, change: changeOf(token.row, token.value, row) }))
    this.facts(subject, started_us)
    const group = this.openGroup(subject, EXPAND, node, rows.length)
    this.visit(token, VISIT_OK, token.value, null, null, started_us, null, ended_us)
    const children = elements.map(({ row, change }, ordinal) => {
      const value = change === null ? token.value : addValue(subject, change)
      const born = { frames: null, group, ordinal, parents: [token.id], path: elementPath(token.path, ordinal) }
      return this.birth(subject, edge, frozen(row), value, born)
    })
    this.closeGroup(subject, { group, verdict: 'expanded' })
    this.end(token, endings.passedOn(token.id, node, 'expand', group))
    return children
  }

  /** The token waits at a coalesce for the rest of its group. */
  holdAtCoalesce(token: Token, group: CoalesceGroup, started_us: number): void {
    this.facts(token.subject, started_us)
    const number = this.#openMerge(group, token.subject)
    this.hold(token, { group: number, ordinal: group.arrived.length - 1, batch: null }, started_us)
    token.joinGroup()
  }

  /** The members end, and what they merge into stands where the coalesce leads. */
  merge(group: CoalesceGroup, members: readonly Waiting[], row: Row, detail: Json | null): Token {
    const { node, fork, outer } = group
    const last = members.at(-1)
    if (last === undefined) throw new TypeError(`a group at ${node.name} merges that nobody has come to`)
    const { subject } = last.token
    const change = changeOf(fork.row, fork.value, row)
    this.facts(subject, last.started_us)
    const number = this.#openMerge(group, subject)
    const value = change === null ? fork.value : addValue(subject, change)
    const about = detail === null ? null : addValue(subject, { kind: 'full', text: canonicalize(detail) })
    for (const { token, started_us } of members) {
      this.visit(token, VISIT_OK, token.value, value, null, started_us, null)
      this.end(token, endings.passedOn(token.id, node.number, 'merge', number))
    }
    const parents = members.map(({ token }) => token.id)
    this.closeGroup(subject, { group: number, verdict: 'merged', detail: about ?? NONE }, members)
    if (group.timed_out) factsOf(subject).timeOut(number)
    const born = { frames: outer, group: number, ordinal: 0, parents, path: mergedPath(fork.path, node.name) }
    return this.birth(subject, node.to, frozen(row), value, born)
  }

  /** Members of a coalesce group fail with it, or one comes too late for it. They go where its `on_error` leads, if it has one. */
  failAtCoalesce({ kind: _, group, members, cause, closes, ...error }: MembersFailed): void {
    const opens = group.number === null
    const { name, number: node, on_error, branches } = group.node
    const failure = { ...error, code: cause.toUpperCase() }
    for (const { token, branch, started_us } of members) {
      this.facts(token.subject, started_us)
      const number = this.#openMerge(group, token.subject)
      const at = on_error === null ? null : { name, on_error, branch: branches[branch] }
      if (at !== null) this.fail(token, at, failure, { kind: cause, group: number }, started_us)
      else {
        const error = this.#failHere(token, failure, started_us)
        this.end(token, endings.failedAtCoalesce(token.id, node, cause, number, error))
      }
    }
    // Nobody has ever come to one without a number.
    if ((closes || opens) && group.number !== null) {
      const { number, fork, timed_out } = group
      this.closeGroup(fork.subject, { group: number, verdict: group.verdict ?? cause }, members)
      if (timed_out) factsOf(fork.subject).timeOut(number)
    }
  }

  /** `key`: canonical text of the values that all its members have in common; null if its aggregate has no keys. */
  openBatch(node: AggregateNode, key: string | null, started_us: number): BatchGroup {
    const { number, nth } = this.totals.openBatch(node.number)
    const origin: OriginFact = { source: node.number, index: nth, line: NONE, repeats: null }
    const subject = new Subject('batch', number, origin)
    subject.gathers = true
    this.facts(subject, started_us)
    if (key !== null) addValue(subject, { kind: 'full', text: key })
    return { group: this.openGroup(subject, BATCH, node.number, null), subject, node, key }
  }

  /** `ordinal` is the token's place among the batch's members, from 0. */
  holdInBatch(token: Token, batch: BatchGroup, ordinal: number, started_us: number): void {
    this.facts(token.subject, started_us)
    this.hold(token, { group: batch.group, ordinal, batch: batch.subject.number }, started_us)
    token.joinBatch()
  }

  /**
   * The batch closes, and its members become new tokens, with no fork's frame, in order.
   * @throws NotJsonError if one of `rows` isn't JSON; then nothing is recorded.
   */
  consumeBatch(batch: ClosedBatch, rows: readonly Row[], ended_us = this.clock.now_us()): Token[] {
    const { group, subject, node, members } = batch
    const outputs = rows.map(row => ({ row, text: canonicalize(row, MAX_ROW_DEPTH) }))
    this.facts(subject, ended_us)
    for (const { token, started_us } of members) {
      this.facts(token.subject, ended_us)
      this.visit(token, VISIT_OK, token.value, null, null, started_us, null, ended_us)
      this.end(token, endings.passedOn(token.id, node.number, 'batch', group))
    }
    this.#closeBatch(batch)
    return outputs.map(({ row, text }, ordinal) => {
      const value = addValue(subject, { kind: 'full', text })
      const born = { frames: null, group, ordinal, parents: NO_PARENTS, path: elementPath(FIRST_PATH, ordinal) }
      return this.birth(subject, node.to, frozen(row), value, born)
    })
  }

  /** The batch closes, and each member continues with its row, or is dropped where that is null. */
  releaseBatch(batch: ClosedBatch, rows: ReadonlyArray<Row | null>, ended_us = this.clock.now_us()): void {
    const { subject, node, members } = batch
    const released = members.map(({ token, started_us }, i) => {
      const row = rows[i] ?? null
      return { token, started_us, row, change: row === null ? null : changeOf(token.row, token.value, row) }
    })
    for (const { token, started_us, row, change } of released) {
      const before = token.value
      this.facts(token.subject, ended_us)
      if (row === null) {
        this.visit(token, VISIT_OK, before, null, null, started_us, null, ended_us)
        this.end(token, endings.filtered(token.id, node.number))
        continue
      }
      this.setRow(token, row, change)
      this.visit(token, VISIT_OK, before, token.value, node.to.number, started_us, null, ended_us)
      this.move(token, node.to, { kind: 'flow', node: node.number })
    }
    this.facts(subject, ended_us)
    this.#closeBatch(batch)
  }

  /** The batch failed for good: all members go where `on_error` leads, together. */
  failBatch(batch: ClosedBatch, error: RowError, ended_us = this.clock.now_us()): void {
    const { group, subject, node, members } = batch
    for (const { token, started_us } of members)
      this.fail(token, node, error, { kind: 'batch_failed', group }, started_us, ended_us)
    this.facts(subject, ended_us)
    this.#closeBatch(batch)
  }

  /** The token waits at a join or a sort for the end of its input. Returns its place among those that came there, from 0. */
  holdToEnd(token: Token, started_us: number): number {
    const ordinal = this.totals.visitsOf(token.node).all
    this.facts(token.subject, started_us)
    this.hold(token, { group: NONE, ordinal, batch: null }, started_us)
    token.keep()
    return ordinal
  }

  /** A sort that has held the token since `started_us` passes it on, behind all that it has passed on before. */
  releaseSorted(token: Token, { number, to }: SortNode, started_us: number): void {
    const place = this.totals.visitsOf(number).ok + 1
    this.facts(token.subject, this.clock.now_us()).release({ token: token.id, node: number, place })
    this.visit(token, VISIT_OK, token.value, token.value, to.number, started_us, null)
    this.move(token, to, { kind: 'flow', node: number })
  }

  /**
   * A left row and the right rows that match it, in order: a token is born of the left row for each of them, with no fork's frame, and
   * the left one ends, as do those of the right ones that no group had before.
   * @throws NotJsonError if what becomes of them is nested too deep; then nothing is recorded.
   */
  join(node: JoinNode, left: HeldRow, matches: readonly Match[], now_us = this.clock.now_us()): Token[] {
    const { subject, value, path } = left.token
    const pairs = matches.map(match => ({ match, change: changeOf(left.token.row, value, match.row) }))
    const members = [left, ...matches.flatMap(({ right }) => right.held ?? [])]
    for (const { token } of members) this.facts(token.subject, now_us)
    const group = this.openGroup(subject, JOIN, node.number, matches.length)
    const children = pairs.map(({ match: { right, row }, change }, ordinal) => {
      const own = change === null ? value : addValue(subject, change)
      const parents = [left.token.id, right.id]
      const born = { frames: null, group, ordinal, parents, path: elementPath(path, ordinal) }
      return this.birth(subject, node.routes.matched, frozen(row), own, born)
    })
    for (const { token, started_us } of members) {
      this.visit(token, VISIT_OK, token.value, null, null, started_us, null, now_us)
      this.end(token, endings.passedOn(token.id, node.number, 'join', group))
      if (token !== left.token) factsOf(token.subject).keepPartner(token)
    }
    this.closeGroup(subject, { group, verdict: 'joined' }, members)
    return children
  }

  /** Nothing matches a row at a join: it leaves as it came. */
  leaveUnmatched({ token, started_us }: HeldRow, edge: PlanEdge, now_us = this.clock.now_us()): void {
    this.facts(token.subject, now_us)
    this.visit(token, VISIT_OK, token.value, token.value, edge.number, started_us, null, now_us)
    this.move(token, edge, { kind: 'flow', node: edge.from })
  }

  /** The run is given up while the token is open. A visit that was held, since `started_us`, ends with it. */
  abandon(token: Token, message: string, started_us: number, now_us: number): void {
    this.facts(token.subject, now_us)
    const error = this.addError(token, { code: 'ABANDONED', message })
    if (token.held) this.visit(token, VISIT_ERROR, token.value, null, null, started_us, error, now_us)
    this.end(token, endings.abandoned(token.id, token.node, error))
  }

  /** The run is given up while a group waits at a coalesce that somebody has come to. */
  abandonGroup({ fork, number, arrived }: CoalesceGroup, now_us: number): void {
    if (number === null) return
    this.facts(fork.subject, now_us)
    this.closeGroup(fork.subject, { group: number, verdict: 'abandoned' }, arrived)
  }

  /** The run is given up while a batch waits, that has had these members so far. */
  abandonBatch({ subject, group }: BatchGroup, members: readonly Waiting[], now_us: number): void {
    subject.gathers = false
    this.facts(subject, now_us)
    this.closeGroup(subject, { group, verdict: 'abandoned' }, members)
  }

  // ── facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #newRow(origin: OriginFact, started_us: number, row: Row): Token {
    const text = canonicalize(row)
    const subject = new Subject('row', ++this.totals.read, origin)
    const facts = this.facts(subject, started_us)
    const value = addValue(subject, { kind: 'full', text })
    const passage: Passage = { kind: 'flow', node: origin.source }
    const token = new Token(++this.totals.born, subject, origin.source, frozen(row), value, passage, null)
    facts.bear(token, { token: token.id, group: NONE, ordinal: 0, value, parents: NO_PARENTS })
    subject.open.add(token)
    return token
  }

  #leaveSource(token: Token, edge: PlanEdge, passage: Passage, started_us: number, error: ErrorFact | null): void {
    this.visit(token, error === null ? VISIT_OK : VISIT_ERROR, null, token.value, edge.number, started_us, error)
    this.move(token, edge, passage)
  }

  /** Its number; the first who comes to it opens it. */
  #openMerge(group: CoalesceGroup, subject: Subject): GroupId {
    group.number ??= this.openGroup(subject, MERGE, group.node.number, group.node.branches.length)
    return group.number
  }

  #closeBatch({ group, subject, trigger, members }: ClosedBatch): void {
    subject.gathers = false
    this.closeGroup(subject, { group, verdict: trigger }, members)
  }

  /** The visit met an error, and the token goes nowhere from here. */
  #failHere(token: Token, error: ReportedError, started_us: number, ended_us?: number): ErrorFact {
    this.facts(token.subject, started_us)
    const fact = this.addError(token, error)
    this.visit(token, VISIT_ERROR, token.value, null, null, started_us, fact, ended_us)
    return fact
  }
}
