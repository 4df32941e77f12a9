/**
 * The one writer of fate: whatever happens to a token becomes a fact here and nowhere else.
 *
 * R1. (I3) Endings come in as values of model/outcome.ts, made by pure functions in decide/; no other module records one.
 * R2. (I2) A visit and what follows from it are recorded by one call, so that no commit can part them.
 * R3. Facts stay in memory until `take` hands them to a commit; what a failed commit held is dropped as a whole.
 */
import type { SubjectDraft, ValueDraft } from '../ledger/write-port.ts'
import { canonicalize } from '../model/canonical.ts'
import { VISIT_ERROR, VISIT_OK } from '../model/entry.ts'
import type { Ending, ErrorFact } from '../model/outcome.ts'
import { derive, type Json, type MutableRow, newRow, type Row } from '../model/row.ts'
import { DISCARD } from '../model/topology.ts'
import type { PlanEdge } from '../plan/plan.ts'
import type { RowError, SourceReject, SourceRow } from '../sdk/spec.ts'
import { endAtDiscard, type Passage } from './decide/arrival.ts'
import { Tallies } from './tallies.ts'
import { Facts, Subject, Token } from './token.ts'

export class Recorder {
  readonly tallies: Tallies
  #rows = 0
  #tokens = 0
  #groups = 0
  /** Subjects with facts, in order of their first one. */
  #dirty: Subject[] = []
  readonly #now_us: () => number

  constructor(nodes: number, edges: number, now_us: () => number) {
    this.tallies = new Tallies(nodes, edges)
    this.#now_us = now_us
  }

  /** Rows with facts that no commit has taken. */
  get pending(): number {
    return this.#dirty.length
  }

  /** A record was read and fits its schema: a row, its first token, and its way out of the source. */
  ingest(source: number, index: number, record: SourceRow, row: Row, edge: PlanEdge, started_us: number): Token {
    const token = this.#newRow(source, index, record.line, started_us, row, { kind: 'flow', node: source })
    this.#visitSource(token, edge, started_us, null)
    return token
  }

  /** A record was read and can't be used: it has a row, a token and (as its edge leads to a sink or nowhere) an ending too. */
  reject(source: number, index: number, record: SourceReject, name: string, edge: PlanEdge, started_us: number): Token {
    const row = newRow()
    row.source = name
    row.line = record.line
    row.raw = record.raw
    row.error_code = record.code
    const token = this.#newRow(source, index, record.line, started_us, row, { kind: 'flow', node: source })
    this.tallies.rejected++
    const error = this.#errorValue(token, record.code, record.message)
    token.passage = { kind: 'invalid', node: source, error }
    this.#visitSource(token, edge, started_us, error)
    return token
  }

  /**
   * The visit went well, and the token leaves by an edge with `row` as its data.
   * @throws NotJsonError if `row` isn't JSON; then nothing is recorded.
   */
  leave(token: Token, edge: PlanEdge, row: Row, passage: Passage, started_us: number): void {
    const change = changeOf(token.row, token.value, row)
    const before = token.value
    this.#facts(token.subject, started_us)
    this.#setRow(token, row, change)
    this.#visit(token, VISIT_OK, before, token.value, edge.number, started_us, null)
    this.#move(token, edge, passage)
  }

  /** The visit went well, and was the token's last: a sink took it, or nothing came of it. */
  end(token: Token, ending: Ending, started_us: number): void {
    this.#facts(token.subject, started_us)
    this.#visit(token, VISIT_OK, token.value, 0, 0, started_us, null)
    this.#end(token, ending)
  }

  /** The visit met an error, and another attempt follows. */
  failAttempt(token: Token, error: RowError, started_us: number): void {
    this.#facts(token.subject, started_us)
    const fact = this.#errorValue(token, error.code, error.message, error.details)
    this.#visit(token, VISIT_ERROR, token.value, 0, 0, started_us, fact)
    token.attempt++
  }

  /**
   * The visit met an error, and the token goes where `on_error` leads: to a sink or node with `error_code` added to the row
   * as it entered, or to `discard`.
   */
  fail(
    token: Token,
    edge: PlanEdge,
    error: RowError,
    cause: Extract<Passage, { kind: 'error' }>['cause'],
    started_us: number,
  ): void {
    const node = token.node
    this.#facts(token.subject, started_us)
    const fact = this.#errorValue(token, error.code, error.message, error.details)
    const before = token.value
    let out = 0
    if (edge.to !== 0) {
      const set = newRow()
      set.error_code = error.code
      const row = derive(token.row, set)
      this.#setRow(token, row, changeOf(token.row, token.value, row))
      out = token.value
    }
    this.#visit(token, VISIT_ERROR, before, out, edge.number, started_us, fact)
    this.#move(token, edge, { kind: 'error', node, cause, error: fact })
  }

  /**
   * The visit gave several rows: the token ends, and a child for each goes on.
   * @throws NotJsonError if one of them isn't JSON; then nothing is recorded.
   */
  expand(
    token: Token,
    rows: readonly Row[],
    edge: PlanEdge,
    passage: Passage,
    ending: (group: number) => Ending,
    started_us: number,
  ): Token[] {
    const { subject } = token
    const changes = rows.map(row => changeOf(token.row, token.value, row))
    const facts = this.#facts(subject, started_us)
    const group = ++this.#groups
    this.#visit(token, VISIT_OK, token.value, 0, edge.number, started_us, null)
    facts.groups_opened.push({ group, kind: 1, node: token.node, expected: rows.length })
    facts.groups_closed.push({ group, verdict: 'expanded', members: [] })
    const children = rows.map((row, ordinal) => {
      const child = new Token(++this.#tokens, subject, edge.to, token.row, token.value, passage)
      this.tallies.born++
      subject.open.push(child)
      facts.births.push({ token: child.id, group, ordinal, parents: [token.id] })
      this.#setRow(child, row, changes[ordinal] ?? null)
      if (edge.to === DISCARD) this.#end(child, endAtDiscard(child.id, passage))
      return child
    })
    this.#end(token, ending(group))
    return children
  }

  /** Hands over all facts, as one draft a subject; what follows belongs to the next commit. */
  take(): Array<{ readonly subject: Subject; readonly draft: SubjectDraft }> {
    const taken = this.#dirty.map(subject => ({ subject, draft: draftOf(subject) }))
    this.#dirty = []
    return taken
  }

  #newRow(source: number, index: number, line: number, started_us: number, row: Row, passage: Passage): Token {
    const text = canonicalize(row)
    const subject = new Subject(++this.#rows)
    const facts = this.#facts(subject, started_us)
    const token = new Token(++this.#tokens, subject, source, row, 1, passage)
    facts.origin = { source, index, line }
    facts.births.push({ token: token.id, group: 0, ordinal: 0, parents: [] })
    facts.values.push({ kind: 'full', text })
    subject.values = 1
    subject.open.push(token)
    this.tallies.read++
    this.tallies.born++
    return token
  }

  #visitSource(token: Token, edge: PlanEdge, started_us: number, error: ErrorFact | null): void {
    this.#visit(token, error === null ? VISIT_OK : VISIT_ERROR, 0, 1, edge.number, started_us, error)
    this.#move(token, edge, token.passage)
  }

  #move(token: Token, edge: PlanEdge, passage: Passage): void {
    token.node = edge.to
    token.passage = passage
    token.attempt = 1
    if (edge.to === DISCARD) this.#end(token, endAtDiscard(token.id, passage))
  }

  #end(token: Token, ending: Ending): void {
    const { subject } = token
    factsOf(subject).endings.push(ending)
    subject.open.splice(subject.open.indexOf(token), 1)
    token.ended = true
    this.tallies.ending(ending.fate, ending.sink)
  }

  #visit(
    token: Token,
    status: 0 | 1,
    value_in: number,
    value_out: number,
    edge: number,
    started_us: number,
    error: ErrorFact | null,
  ): void {
    const facts = factsOf(token.subject)
    const start_us = Math.max(0, started_us - facts.time_us)
    const duration_us = Math.max(0, this.#now_us() - facts.time_us - start_us)
    facts.visits.push({
      token: token.id,
      node: token.node,
      attempt: token.attempt,
      status,
      in: value_in,
      out: value_out,
      edge,
      start_us,
      duration_us,
      error,
    })
    this.tallies.visit(token.node, status, edge)
  }

  #errorValue(token: Token, code: string, message: string, details?: Json): ErrorFact {
    const value = newRow()
    value.code = code
    value.message = message
    if (details !== undefined) value.details = details
    return { code, value: this.#addValue(token.subject, { kind: 'full', text: canonicalize(value) }) }
  }

  #setRow(token: Token, row: Row, change: ValueDraft | null): void {
    token.row = row
    if (change !== null) token.value = this.#addValue(token.subject, change)
  }

  #addValue(subject: Subject, draft: ValueDraft): number {
    factsOf(subject).values.push(draft)
    return ++subject.values
  }

  #facts(subject: Subject, time_us: number): Facts {
    if (subject.facts === null) {
      subject.facts = new Facts(time_us, subject.values + 1)
      this.#dirty.push(subject)
    }
    return subject.facts
  }
}

/** How `next` differs from `base`, or null if it doesn't. @throws NotJsonError if `next` isn't JSON. */
function changeOf(base: Row, base_value: number, next: Row): ValueDraft | null {
  if (next === base) return null
  let set: MutableRow | null = null
  for (const field in next) {
    if (next[field] === base[field] && (next[field] !== undefined || field in base)) continue
    set ??= newRow()
    set[field] = next[field] as Json
  }
  const unset: string[] = []
  for (const field in base) if (!(field in next)) unset.push(field)
  if (set === null && unset.length === 0) return null
  return {
    kind: 'patch',
    text: canonicalize(next),
    base: base_value,
    set: set === null ? '{}' : canonicalize(set),
    unset: unset.sort(),
  }
}

function factsOf(subject: Subject): Facts {
  if (subject.facts === null) throw new TypeError('a subject has no facts to add to')
  return subject.facts
}

function draftOf(subject: Subject): SubjectDraft {
  const facts = factsOf(subject)
  subject.facts = null
  const { time_us, first_value, origin, births, visits, holds, groups_opened, groups_closed, endings, values } = facts
  const open_tokens = Array.from(subject.open, token => ({ token: token.id, node: token.node }))
  return {
    subject: { kind: 'row', row: subject.row },
    time_us,
    previous: subject.previous,
    open: open_tokens.length,
    origin,
    births,
    visits,
    holds,
    groups_opened,
    groups_closed,
    endings,
    first_value,
    values,
    open_tokens,
  }
}
