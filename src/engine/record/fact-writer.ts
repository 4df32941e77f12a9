/**
 * The steps of which the recorder's facts are made: births, moves, visits, holds, groups, endings. Only the recorder takes them, so that
 * what belongs together is recorded together.
 */
import { type GroupClosed, type GroupKind, type HoldFact, VISIT_HELD, type VisitStatus } from '../../format/entry.ts'
import { DISCARD } from '../../format/topology.ts'
import type { ValueDraft } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { EdgeNumber, GroupId, NodeNumber, ValueNumber } from '../../model/ids.ts'
import type { Ending, ErrorFact } from '../../model/outcome.ts'
import { frozen, type Row } from '../../model/row.ts'
import type { PlanEdge } from '../../plan/plan.ts'
import type { RunClock } from '../ports/run-clock.ts'
import { errorText, type ReportedError } from '../token/facts.ts'
import { type Born, carry, drop, type Waiting } from '../token/fork-frames.ts'
import type { Passage } from '../token/passage.ts'
import { addValue, type Facts, factsOf, type Subject, Token } from '../token/token.ts'
import * as endings from './ending.ts'
import { PendingFacts } from './pending.ts'
import type { Totals } from './totals.ts'

/** What facts say instead of null (format/entry.ts). */
export const NONE = 0

export type Closing = Pick<GroupClosed, 'group' | 'verdict'> & Partial<Pick<GroupClosed, 'detail'>>

export class FactWriter {
  readonly totals: Totals
  /** What no commit has made durable. */
  readonly pending: PendingFacts
  protected readonly clock: Pick<RunClock, 'now_us' | 'ran_us'>

  constructor(totals: Totals, clock: Pick<RunClock, 'now_us' | 'ran_us'>, commit_rows?: number) {
    this.totals = totals
    this.pending = new PendingFacts(commit_rows)
    this.clock = clock
  }

  /** `row` is frozen. */
  protected birth(subject: Subject, edge: PlanEdge, row: Row, value: ValueNumber, born: Born): Token {
    const { frames, group, ordinal, parents, path } = born
    const passage: Passage = { kind: 'flow', node: edge.from }
    const token = new Token(++this.totals.born, subject, edge.to, row, value, passage, frames, path, edge.number)
    this.totals.take(edge.number)
    subject.open.add(token)
    carry(token)
    factsOf(subject).bear(token, { token: token.id, group, ordinal, value, parents })
    if (edge.to === DISCARD) this.end(token, endings.endAtDiscard(token.id, passage))
    return token
  }

  protected move(token: Token, edge: PlanEdge, passage: Passage): void {
    token.moveTo(edge, passage)
    factsOf(token.subject).move(token)
    if (edge.to === DISCARD) this.end(token, endings.endAtDiscard(token.id, passage))
  }

  protected end(token: Token, ending: Ending): void {
    const { subject } = token
    factsOf(subject).end(ending)
    if (!subject.open.delete(token))
      throw new CustodyError('CUSTODY_ENGINE_DEFECT', `token ${token.id} ends, and isn't open`)
    drop(token)
    token.end()
    this.totals.ending(ending.fate, ending.sink, subject)
  }

  protected hold(token: Token, where: Pick<HoldFact, 'group' | 'ordinal' | 'batch'>, started_us: number): void {
    this.visit(token, VISIT_HELD, token.value, null, null, started_us, null)
    factsOf(token.subject).hold({ token: token.id, node: token.node, ...where })
  }

  /** A visit that was held before is recorded again, with its first start: the offset from the entry's time is negative then. */
  protected visit(
    token: Token,
    status: VisitStatus,
    value_in: ValueNumber | null,
    value_out: ValueNumber | null,
    edge: EdgeNumber | null,
    started_us: number,
    error: ErrorFact | null,
    ended_us = this.clock.now_us(),
  ): void {
    const facts = factsOf(token.subject)
    const duration_us = this.clock.ran_us(started_us, ended_us)
    facts.visits.push({
      token: token.id,
      node: token.node,
      attempt: token.attempt,
      status,
      in: value_in ?? NONE,
      out: value_out ?? NONE,
      edge: edge ?? NONE,
      start_us: started_us - facts.time_us,
      duration_us,
      // Stamps may have jumped meanwhile.
      stood_us: Math.max(0, ended_us - started_us - duration_us),
      error,
    })
    this.totals.visit(token.node, status, edge, token.held)
  }

  protected openGroup(subject: Subject, kind: GroupKind, node: NodeNumber, expected: number | null): GroupId {
    const group = ++this.totals.groups
    factsOf(subject).openGroup({ group, kind, node, expected: expected ?? NONE })
    return group
  }

  protected closeGroup(subject: Subject, fact: Closing, members: readonly Pick<Waiting, 'token'>[] = []): void {
    const tokens = members.map(({ token }) => token.id)
    factsOf(subject).closeGroup({ detail: NONE, ...fact, members: tokens })
  }

  protected addError(token: Token, error: ReportedError): ErrorFact {
    return { code: error.code, value: addValue(token.subject, { kind: 'full', text: errorText(error) }) }
  }

  protected setRow(token: Token, row: Row, change: ValueDraft | null): void {
    // Most visits leave it as it is, and frozen.
    if (row !== token.row) token.row = frozen(row)
    if (change !== null) token.value = addValue(token.subject, change)
  }

  protected facts(subject: Subject, time_us: number): Facts {
    return this.pending.factsOf(subject, time_us)
  }
}
