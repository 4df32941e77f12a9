/**
 * The story of one subject (a row or a batch) as its entries tell it, checked step by step (I1, I2, I4): births, visits,
 * holds, groups, endings. It is kept only while something of the subject is open (I12).
 */
import {
  type BirthFact,
  type CallFact,
  type EndingFact,
  type HoldFact,
  isCallError,
  isError,
  type SubjectEntry,
  VISIT_HELD,
  VISIT_OK,
  type VisitFact,
} from '../../format/entry.ts'
import { DISCARD } from '../../format/topology.ts'
import { canonicalize } from '../../model/canonical.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { fateOf } from '../../model/outcome.ts'
import { idOf, partOf } from '../../model/part-ids.ts'
import { isRow } from '../../model/row.ts'
import { NO_VALUES, SubjectValues, type ValuesFacts } from '../values.ts'
import { Place, tokenName } from './check.ts'
import { ABANDONED, endingProblems } from './fates.ts'
import { BATCH, FORK, type GroupFacts, Groups, JOIN, MERGE } from './groups.ts'
import { orderProblems, type TokenRow } from './orders.ts'
import { sends } from './sending.ts'
import { releaseProblems, sortHoldProblems } from './sorts.ts'
import { endOf, isWithin, type TokenFacts, TokenState, type ValueRange } from './token.ts'
import type { Ways } from './ways.ts'
import type { Witness } from './witness.ts'

/** A row of the `endings` table as entries have it. */
export interface ExpectedEnding {
  readonly ending: EndingFact
  readonly seq: number
  readonly row: number | null
  readonly batch: number | null
  /** Hex; null where the fate has no error. */
  readonly error_hash: string | null
  readonly recorded_us: number
}

/** All that is known of a subject between its entries, as JSON has it. */
export type SubjectFacts = readonly [
  ...[seq: number, source: number, failed: boolean, values: ValuesFacts, tokens: readonly TokenFacts[]],
  ...[groups: readonly GroupFacts[], forked: readonly number[], asked: readonly number[]],
]

/** What is known of one before its first entry. */
const NOTHING: SubjectFacts = [-1, 0, false, NO_VALUES, [], [], [], []]

export class SubjectState {
  readonly subject: SubjectEntry['subject']
  readonly values: SubjectValues
  /** Open tokens. */
  readonly tokens: Map<number, TokenState>
  /** Those that ended in its latest entry. */
  gone: readonly TokenState[] = []
  /** seq of its latest entry. */
  seq: number
  readonly #groups: Groups
  /** Values that forks had. */
  readonly #forked: Set<number>
  /** Values that were asked of services. */
  readonly #asked: Set<number>
  /** Where a row comes from; 0 for a batch. */
  #source: number
  /** Whether a token of it has ended in failure. */
  #failed: boolean
  /** Values of its latest entry. */
  #fresh: ValueRange = { first: 1, last: 0 }

  /** `facts`: what was known of it. */
  constructor(subject: SubjectEntry['subject'], facts: SubjectFacts = NOTHING) {
    const [seq, source, failed, values, tokens, groups, forked, asked] = facts
    this.subject = subject
    this.seq = seq
    this.#source = source
    this.#failed = failed
    this.values = SubjectValues.of(values)
    this.tokens = new Map(tokens.map(each => [each[0][0], TokenState.of(each)]))
    this.#groups = Groups.of(groups)
    this.#forked = new Set(forked)
    this.#asked = new Set(asked)
  }

  get facts(): SubjectFacts {
    const tokens = [...this.tokens.values()].map(each => each.facts)
    const { facts: groups } = this.#groups
    const values = this.values.facts
    return [this.seq, this.#source, this.#failed, values, tokens, groups, [...this.#forked], [...this.#asked]]
  }

  /** Nothing more can follow. */
  get done(): boolean {
    if (this.tokens.size > 0) return false
    return this.subject.kind === 'row' || [...this.#groups.open()].length === 0
  }

  /** Groups of forks. */
  forks(): Iterable<number> {
    return this.#groups.forks()
  }

  /** Takes in its next entry, whose values are already added. Gives what the `endings` table must have of it. */
  fold(seq: number, entry: SubjectEntry, witness: Witness): ExpectedEnding[] {
    const { tokens, groups } = witness
    const where = new Place(seq, this.subject)
    const first = this.seq === -1
    this.seq = seq
    if (entry.origin !== null && this.subject.kind === 'row') this.#source = entry.origin.source
    this.#fresh = { first: this.values.count - entry.commitments.length + 1, last: this.values.count }
    for (const problem of this.#groups.opened(entry.groups_opened, this.subject, witness.ways)) {
      groups.add(`${where}: ${problem}`)
    }
    for (const { group, kind, node } of entry.groups_opened) {
      witness.opened.add(group)
      if (kind === BATCH) {
        const key = this.#key(node, first, witness.ways)
        if (key.problem !== null) groups.add(`${where}: ${key.problem}`)
        witness.batches.open(group, node, this.subject.kind === 'batch' ? this.subject.batch : null, key.text)
        const nth = witness.recount.openBatch(node)
        const { source, index } = entry.origin ?? { source: 0, index: 0 }
        if (source !== node || index !== nth)
          groups.add(
            `${where}: it says that it is batch ${index} of ${witness.ways.name(source)}, and is batch ${nth} of ${witness.ways.name(node)}`,
          )
      }
      if (kind === FORK) witness.line.forked(group, node)
    }
    for (const [i, birth] of entry.births.entries()) this.#birth(birth, first && i === 0, entry, where, witness)
    this.#answers(entry, where, witness)
    this.#visits(entry, where, witness)
    this.#calls(entry, where, witness)
    this.#intents(entry, where, witness)
    this.#newValues(entry, where, witness)
    const expected = entry.endings.map(ending => this.#end(ending, seq, entry, where, witness))
    this.#close(entry, where, witness)
    this.#orders(entry, where, witness)
    this.#leave(where, witness)
    if (entry.open !== this.tokens.size) {
      tokens.add(
        `${where}: it says that ${counted(entry.open, 'token is', 'tokens are')} open, and ${this.tokens.size} are`,
      )
    }
    return expected
  }

  /** Value 1 of a batch whose aggregate has keys: an object with the fields of the key. The text is null where there is none, or it is erased. */
  #key(node: number, first: boolean, ways: Ways): { readonly text: string | null; readonly problem: string | null } {
    const fields = ways.per(node)
    if (fields === undefined || this.subject.kind === 'row') return { text: null, problem: null }
    const missing = `it opens a batch of ${ways.name(node)} without a key`
    if (!first || this.#fresh.first !== 1 || this.#fresh.last === 0) return { text: null, problem: missing }
    if (this.values.isMissing(1)) return { text: null, problem: null }
    const key = this.values.get(1)
    const fits =
      isRow(key) && fields.length === Object.keys(key).length && fields.every(each => Object.hasOwn(key, each))
    return {
      text: canonicalize(key),
      problem: fits ? null : `the key of a batch of ${ways.name(node)} has other fields`,
    }
  }

  /** The run is sealed, or the subject is done: what is still open. */
  *unfinished(): Iterable<string> {
    for (const token of this.tokens.keys()) yield `${tokenName(token)} has no ending`
    for (const { group } of this.#groups.open()) yield `group ${group} never closed`
  }

  #birth(birth: BirthFact, first: boolean, entry: SubjectEntry, where: Place, witness: Witness): void {
    const { ways, tokens, recount } = witness
    recount.born++
    witness.born.add(birth.token)
    witness.line.born(birth.token)
    if (this.tokens.has(birth.token)) tokens.add(`${where}: ${tokenName(birth.token)} is born twice`)
    if (birth.group === 0) {
      const source = first && this.subject.kind === 'row' ? (entry.origin?.source ?? 0) : 0
      if (source === 0) tokens.add(`${where}: ${tokenName(birth.token)} is born of nothing`)
      this.tokens.set(birth.token, new TokenState(birth.token, source, 0, 0))
      return
    }
    if (first && this.subject.kind === 'row' && entry.births[0] === birth) {
      tokens.add(`${where}: its first token ${grouped(birth.token)} is born of a group`)
    }
    const node = this.#groups.get(birth.group)?.node ?? 0
    const edge = ways.birthEdge(node, birth.ordinal)
    if (edge === 0) tokens.add(`${where}: ${tokenName(birth.token)} is born where no edge leads from`)
    else recount.edge(edge)
    this.tokens.set(birth.token, new TokenState(birth.token, ways.to(edge), edge, birth.value))
  }

  /** How requests ended that earlier entries tell of. */
  #answers({ calls }: SubjectEntry, where: Place, { ways, tokens, answered }: Witness): void {
    for (const call of calls) {
      if (!sends(ways, call.node)) continue
      const token = this.tokens.get(call.token)
      for (const problem of token?.sending.answer(call, answered) ?? [])
        tokens.add(`${where}: call ${grouped(call.call)} ${problem}`)
    }
  }

  /** Requests that are about to be sent: nothing else can happen to their tokens in this entry. */
  #intents({ intents }: SubjectEntry, where: Place, { ways, tokens, announced }: Witness): void {
    for (const intent of intents) {
      const { node, attempt, request } = intent
      const who = tokenName(intent.token)
      const token = this.tokens.get(intent.token)
      if (!sends(ways, node))
        tokens.add(`${where}: ${who} is about to be sent at ${ways.name(node)}, which sends nothing`)
      if (token === undefined || token.finished || token.node !== node || token.attempt !== attempt)
        tokens.add(`${where}: ${who} is about to be sent at ${ways.name(node)}, and isn't there in attempt ${attempt}`)
      if (!isWithin(request, this.#fresh) && !this.#asked.has(request))
        tokens.add(`${where}: ${who} is about to be sent as value ${request}, which isn't new and wasn't sent before`)
      this.#asked.add(request)
      for (const problem of token?.sending.intend(intent) ?? [])
        tokens.add(`${where}: ${who} is about to be sent at ${ways.name(node)} ${problem}`)
      if (intent.together !== null) announced.push(intent)
    }
  }

  #visits(entry: SubjectEntry, where: Place, witness: Witness): void {
    const holds = new Map<number, HoldFact[]>()
    for (const hold of entry.holds) {
      const known = holds.get(hold.token)
      if (known === undefined) holds.set(hold.token, [hold])
      else known.push(hold)
    }
    const held = new Set<VisitFact>()
    for (const fact of entry.visits) {
      const token = this.tokens.get(fact.token)
      if (token?.held === true) held.add(fact)
      if (token === undefined) {
        witness.tokens.add(`${where}: ${tokenName(fact.token)} makes a visit, and isn't open`)
        continue
      }
      this.#visit(token, fact, holds.get(fact.token)?.[0] ?? null, entry.calls, where, witness)
      if (fact.status === VISIT_HELD) holds.get(fact.token)?.shift()
    }
    for (const [token, rest] of holds) {
      if (rest.length > 0) witness.tokens.add(`${where}: ${tokenName(token)} is held without a visit`)
    }
    for (const problem of releaseProblems(entry, witness.ways, held)) witness.tokens.add(`${where}: ${problem}`)
    for (const release of entry.releases) witness.sorts.release(release)
  }

  #visit(
    token: TokenState,
    fact: VisitFact,
    hold: HoldFact | null,
    calls: readonly CallFact[],
    where: Place,
    witness: Witness,
  ): void {
    const { ways, recount, batches } = witness
    const { held, group, via, ordinal } = token
    for (const problem of token.visit(fact, ways, this.#fresh, this.#forked)) {
      witness.tokens.add(`${where}: ${tokenName(token.id)}: ${problem}`)
    }
    if (fact.status === VISIT_OK && sends(ways, fact.node) && !calls.some(call => isAnswerTo(call, fact)))
      witness.tokens.add(`${where}: ${tokenName(token.id)} is taken at ${ways.name(fact.node)}, and no call says so`)
    recount.visit(fact.node, fact.status, fact.edge, held)
    if (ways.kind(fact.node) === 'fork') this.#forked.add(fact.in)
    const at_aggregate = ways.kind(fact.node) === 'aggregate'
    const at_join = ways.kind(fact.node) === 'join'
    const at_sort = ways.kind(fact.node) === 'sort'
    witness.line.visited(token.id, (at_aggregate || at_join || at_sort) && fact.status === VISIT_HELD)
    if (fact.status !== VISIT_HELD) {
      // An attempt of a batch that is followed by another one releases nobody.
      // Nor does one that met an error before any batch held it: where batches have keys, too many may be open.
      const refused = isError(fact.status) && !held && ways.per(fact.node) !== undefined
      if (at_aggregate && !refused && (fact.status === VISIT_OK || fact.edge !== 0)) {
        batches.release({ token: token.id, node: fact.node, group, failed: isError(fact.status) })
      }
      if (at_join && (fact.status === VISIT_OK || fact.edge !== 0))
        batches.joins.release({ token: token.id, node: fact.node, edge: fact.edge, side: ways.side(via), ordinal })
      return
    }
    if (hold === null || hold.node !== fact.node) {
      witness.tokens.add(
        `${where}: ${tokenName(token.id)} is held at ${ways.name(fact.node)}, and no hold says for what`,
      )
      return
    }
    if (at_join) {
      token.ordinal = hold.ordinal
      return batches.joins.hold(hold, ways.side(via))
    }
    token.group = hold.group
    token.last_group = hold.group
    if (at_sort) {
      for (const problem of sortHoldProblems(hold)) witness.groups.add(`${where}: ${tokenName(token.id)} ${problem}`)
      token.ordinal = hold.ordinal
      return witness.sorts.hold(hold)
    }
    const group_here = this.#groups.get(hold.group)
    if (!at_aggregate && hold.batch !== null)
      witness.groups.add(
        `${where}: ${tokenName(token.id)} is held at ${ways.name(fact.node)} for a batch, and that has none`,
      )
    if (at_aggregate) batches.hold(hold)
    else if (group_here !== undefined && group_here.node === hold.node) group_here.places.set(token.id, hold.ordinal)
    else {
      witness.groups.add(
        `${where}: ${tokenName(token.id)} is held for group ${hold.group}, which isn't one of ${ways.name(hold.node)}`,
      )
    }
  }

  /** Each call is of a visit that this entry tells, of one that is still to come, or of the batch. */
  #calls({ calls, visits }: SubjectEntry, where: Place, { ways, tokens, recount, called }: Witness): void {
    for (const call of calls) {
      const note = (problem: string) => tokens.add(`${where}: call ${grouped(call.call)} ${problem}`)
      called.add(call.call)
      recount.call(call)
      if (call.service > ways.services(call.node)) note(`asks a service that ${ways.name(call.node)} doesn't have`)
      if (!isWithin(call.request, this.#fresh) && !this.#asked.has(call.request))
        note(`asks value ${call.request}, which isn't new and wasn't asked before`)
      this.#asked.add(call.request)
      if (!isWithin(call.response, this.#fresh)) note(`was answered with value ${call.response}, which isn't a new one`)
      if (call.token === 0) {
        if (this.subject.kind === 'row' || ways.kind(call.node) !== 'aggregate') note('is of no token, and of no batch')
        continue
      }
      const token = this.tokens.get(call.token)
      const in_visit = visits.some(
        each => each.token === call.token && each.node === call.node && each.attempt === call.attempt,
      )
      const to_come = token?.node === call.node && token.attempt === call.attempt
      if (!in_visit && !to_come) note(`is of a visit that ${tokenName(call.token)} doesn't make`)
    }
  }

  /**
   * Each value that the entry commits to is there for one thing: it left a visit, is an error (of a visit, or of being abandoned), tells
   * more about a merge or how fields stand, or is what a token was born with. What is born of a fork has the parent's value, what is born of a merge that of its members.
   */
  #newValues(entry: SubjectEntry, where: Place, witness: Witness): void {
    const note = (problem: string) => witness.tokens.add(`${where}: ${problem}`)
    const uses = new Map<number, number>()
    const use = (value: number) => uses.set(value, (uses.get(value) ?? 0) + 1)
    for (const { in: before, out, node, status, error } of entry.visits) {
      const merged = witness.ways.kind(node) === 'coalesce' && !isError(status)
      if (out !== 0 && out !== before && !merged) use(out)
      if (error !== null) use(error.value)
    }
    for (const { detail } of entry.groups_closed) if (detail !== 0) use(detail)
    const keyed = entry.groups_opened.some(({ kind, node }) => kind === BATCH && witness.ways.per(node) !== undefined)
    if (keyed) use(1)
    for (const asked of new Set([...entry.calls, ...entry.intents].map(each => each.request))) use(asked)
    for (const { response } of entry.calls) use(response)
    if (entry.orders !== 0) use(entry.orders)
    for (const { fate, error } of entry.endings) {
      if (fate === ABANDONED && error !== null && !uses.has(error.value)) use(error.value)
    }
    for (const { token, group, value, parents } of entry.births) {
      if (group === 0) continue
      const last = this.tokens.get(parents[0] ?? 0)?.last ?? null
      const kind = this.#groups.get(group)?.kind
      const due = kind === FORK ? last?.in : kind === MERGE ? last?.out : null
      if (due !== null && value !== due) note(`${tokenName(token)} is born with value ${value}, not ${due}`)
      const is_new = isWithin(value, this.#fresh)
      if (due === null && !is_new && value !== last?.in) {
        note(`${tokenName(token)} is born with value ${value}, which is neither its parent's nor a new one`)
      }
      // What merges may have changed nothing: then it is what the fork had, which came from somewhere else.
      const unmerged = kind === MERGE && this.#forked.has(value) && uses.has(value)
      if (is_new && kind !== FORK && !unmerged && value !== last?.in) use(value)
    }
    for (let value = this.#fresh.first; value <= this.#fresh.last; value++) {
      const count = uses.get(value) ?? 0
      if (count !== 1) note(`value ${value} is there for ${count === 0 ? 'nothing' : `${count} things`}`)
    }
  }

  #end(ending: EndingFact, seq: number, entry: SubjectEntry, where: Place, witness: Witness): ExpectedEnding {
    const token = this.tokens.get(ending.token)
    witness.recount.ending(ending.fate, ending.sink)
    this.#countFailure(ending, witness)
    if (token === undefined || token.ended)
      witness.tokens.add(`${where}: ${tokenName(ending.token)} ends, and isn't open`)
    else {
      for (const problem of endingProblems(ending, token, witness.ways, this.values.count)) {
        witness.tokens.add(`${where}: ${tokenName(ending.token)}: ${problem}`)
      }
      token.ended = true
      const cause = fateOf(ending.fate)?.cause
      if (cause === 'batch' || cause === 'batch_failed') {
        // A failed member may end commits later, in the sink that `on_error` names.
        if (cause === 'batch' || entry.visits.some(each => each.token === token.id && each.edge === token.via)) {
          witness.batches.end(token.id, ending.group)
        }
      } else if (cause === 'join') witness.batches.joins.end(token.id, ending.group)
      else if (ending.fate === ABANDONED && witness.ways.kind(token.node) === 'join')
        witness.batches.joins.abandon(token.id, token.node)
      else if (ending.fate === ABANDONED) witness.batches.abandon(token.id, token.last_group)
    }
    const { error } = ending
    return {
      ending,
      seq,
      row: this.subject.kind === 'row' ? this.subject.row : null,
      batch: this.subject.kind === 'batch' ? this.subject.batch : null,
      error_hash: error === null ? null : this.values.commitment(error.value),
      recorded_us: endOf(ending.token, entry),
    }
  }

  /** Of a row, the first ending in failure. */
  #countFailure({ fate }: EndingFact, { recount }: Witness): void {
    if (this.#failed || this.#source === 0 || fateOf(fate)?.class !== 'failure') return
    this.#failed = true
    recount.failed(this.#source)
  }

  #close(entry: SubjectEntry, where: Place, witness: Witness): void {
    if (!speaksOfGroups(entry)) return
    for (const problem of this.#groups.closed(entry, this.#fresh)) witness.groups.add(`${where}: ${problem}`)
    for (const { group, members, verdict } of entry.groups_closed) {
      const { kind, node = 0 } = this.#groups.get(group) ?? {}
      if (kind !== BATCH && kind !== JOIN) continue
      const births = entry.births.filter(each => each.group === group)
      if (kind === JOIN) witness.batches.joins.close({ group, node, members, births })
      else witness.batches.close({ group, members, births: births.length, abandoned: verdict === 'abandoned' })
    }
  }

  /** How fields stand is recorded for tokens that were born or left by an edge here, and are open or were forked here. */
  #orders(entry: SubjectEntry, where: Place, { ways, tokens }: Witness): void {
    const { orders, births, visits } = entry
    if (orders === 0) return
    if (!isWithin(orders, this.#fresh)) tokens.add(`${where}: value ${orders} tells how fields stand, and isn't new`)
    const value = this.values.get(orders)
    if (value === null) return
    const moved = new Set(births.map(each => each.token))
    for (const { token, edge } of visits) if (edge !== 0) moved.add(token)
    const { subject } = entry
    // The value has the numbers of its own log.
    const part = partOf(subject.kind === 'row' ? subject.row : subject.batch)
    const rowOf = (number: number): TokenRow => {
      const id = idOf(part, number)
      const token = this.tokens.get(id)
      if (token === undefined || !moved.has(id)) return 'not_due'
      // Left rows that follow may match what a join has had.
      const is_over = token.ended && ways.kind(token.node) !== 'fork' && ways.kind(token.node) !== 'join'
      return is_over ? 'not_due' : { row: this.values.get(token.value) }
    }
    for (const problem of orderProblems(value, rowOf)) tokens.add(`${where}: ${problem}`)
  }

  /** Ended tokens leave; of the rest none may be at its end. */
  #leave(where: Place, witness: Witness): void {
    const gone: TokenState[] = []
    for (const [id, token] of this.tokens) {
      if (token.ended) {
        this.tokens.delete(id)
        gone.push(token)
        witness.line.ended(id)
      } else if (token.finished) {
        const at =
          token.node === DISCARD ? 'was discarded' : `has been at ${witness.ways.name(token.node)} with no way on`
        witness.tokens.add(`${where}: ${tokenName(id)} ${at}, and has no ending`)
      }
    }
    this.gone = gone
  }
}

/** Whether a call says that what the visit sent was taken. */
function isAnswerTo({ token, node, attempt, status }: CallFact, visit: VisitFact): boolean {
  return !isCallError(status) && token === visit.token && node === visit.node && attempt === visit.attempt
}

function speaksOfGroups({ groups_opened, groups_closed, births, endings }: SubjectEntry): boolean {
  return (
    groups_opened.length > 0 ||
    groups_closed.length > 0 ||
    births.some(each => each.group !== 0) ||
    endings.some(each => each.group !== 0)
  )
}
