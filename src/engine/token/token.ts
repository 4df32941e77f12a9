/**
 * A token in flight, and the subject (row or batch) whose story it is part of.
 *
 * TOKEN-1. A token stands at one node; `row` is its data as numbered `value` of its subject, frozen.
 * TOKEN-2. A subject is in memory exactly while it has open tokens or facts that aren't committed.
 */

import type {
  BirthFact,
  CallFact,
  EndingFact,
  GroupClosed,
  GroupOpened,
  HoldFact,
  IntentFact,
  OriginFact,
  ReleaseFact,
  VisitFact,
} from '../../format/entry.ts'
import { FIRST_PATH } from '../../format/lineage.ts'
import type { SubjectDraft, ValueDraft } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import type { EdgeNumber, GroupId, NodeNumber, Seq, TokenId, ValueNumber } from '../../model/ids.ts'
import type { Row } from '../../model/row.ts'
import type { Answers } from './answers.ts'
import { ordersOf } from './field-order.ts'
import type { Frame } from './fork-frames.ts'
import type { Passage } from './passage.ts'
import type { Place } from './place.ts'
import {
  AWAITS_TURN,
  ENDED,
  FREE,
  IN_BATCH,
  IN_GROUP,
  isHeld,
  KEPT,
  mayFollow,
  type Sending,
  type TokenState,
} from './token-state.ts'

const NONE: readonly never[] = []

/** The list with one more; a list that begins empty would keep room for seventeen. */
function added<T>(list: readonly T[], each: T): readonly T[] {
  if (list.length === 0) return [each]
  // cast: only `NONE`, which is empty, isn't its own.
  const own = list as T[]
  own.push(each)
  return own
}

/** What happened to a subject since the last commit. */
export class Facts {
  readonly time_us: number
  readonly first_value: ValueNumber
  births: readonly BirthFact[] = NONE
  readonly visits: VisitFact[] = []
  /** Most rows meet no groups: these come into being when they are needed. */
  holds: HoldFact[] | null = null
  releases: ReleaseFact[] | null = null
  groups_opened: GroupOpened[] | null = null
  groups_closed: GroupClosed[] | null = null
  timed_out: GroupId[] | null = null
  calls: CallFact[] | null = null
  intents: IntentFact[] | null = null
  endings: readonly EndingFact[] = NONE
  values: readonly ValueDraft[] = NONE
  /** Right tokens of joins that have ended: later left rows may match them. */
  partners: readonly Token[] = NONE
  /** Tokens that were born or moved, each once. */
  moved: readonly Token[] = NONE

  constructor(time_us: number, first_value: ValueNumber) {
    this.time_us = time_us
    this.first_value = first_value
  }

  bear(token: Token, birth: BirthFact): void {
    this.births = added(this.births, birth)
    this.move(token)
  }

  /** The token stands elsewhere now. */
  move(token: Token): void {
    if (token.is_listed) return
    token.is_listed = true
    this.moved = added(this.moved, token)
  }

  /** It ended, and its row may still be needed. */
  keepPartner(token: Token): void {
    this.partners = added(this.partners, token)
  }

  end(ending: EndingFact): void {
    this.endings = added(this.endings, ending)
  }

  addValue(value: ValueDraft): void {
    this.values = added(this.values, value)
  }

  hold(fact: HoldFact): void {
    this.holds ??= []
    this.holds.push(fact)
  }

  release(fact: ReleaseFact): void {
    this.releases ??= []
    this.releases.push(fact)
  }

  openGroup(fact: GroupOpened): void {
    this.groups_opened ??= []
    this.groups_opened.push(fact)
  }

  closeGroup(fact: GroupClosed): void {
    this.groups_closed ??= []
    this.groups_closed.push(fact)
  }

  /** A merge closed only because its time was up. */
  timeOut(group: GroupId): void {
    this.timed_out ??= []
    this.timed_out.push(group)
  }

  addCall(fact: CallFact): void {
    this.calls ??= []
    this.calls.push(fact)
  }

  addIntent(fact: IntentFact): void {
    this.intents ??= []
    this.intents.push(fact)
  }
}

/** From how many on a set is quicker than a list. */
const MANY = 16

/** Tokens, in order of birth; those that were put away come last when they are back. Of most subjects one or two are open, and a set for each would take more room than they do. */
export class OpenTokens implements Iterable<Token> {
  #few: readonly Token[] = NONE
  #many: Set<Token> | null = null
  /** Open, and not in memory (engine/nodes/spill). */
  #away = 0

  /** Those that are away included. */
  get size(): number {
    return this.present + this.#away
  }

  /** How many of them are in memory. */
  get present(): number {
    return this.#many?.size ?? this.#few.length
  }

  /** It leaves memory, and stays open. */
  putAway(token: Token): void {
    if (this.delete(token)) this.#away++
  }

  /** One that was put away is back. */
  takeBack(token: Token): void {
    this.#away--
    this.add(token)
  }

  add(token: Token): void {
    if (this.#many !== null) this.#many.add(token)
    else if (this.#few.length < MANY) this.#few = [...this.#few, token]
    else this.#many = new Set([...this.#few, token])
  }

  /** False if it isn't among them. */
  delete(token: Token): boolean {
    if (this.#many !== null) return this.#many.delete(token)
    if (!this.#few.includes(token)) return false
    this.#few = this.#few.length === 1 ? NONE : this.#few.filter(each => each !== token)
    return true
  }

  [Symbol.iterator](): Iterator<Token> {
    return (this.#many ?? this.#few)[Symbol.iterator]()
  }
}

export class Subject {
  readonly kind: 'row' | 'batch'
  /** Number of the row, or of the batch. */
  readonly number: number
  /** Of a row its source and its number there; of a batch its aggregate, and which of its batches it is. */
  readonly origin: OriginFact
  /** Seq of its latest entry. */
  previous: Seq | null = null
  /** Values so far; the next one gets `values + 1`. */
  values = 0
  readonly open = new OpenTokens()
  facts: Facts | null = null
  /** Whether a token of it has ended in failure. */
  failed = false
  /** A batch whose members this process gathers: what is born of it is still to come. */
  gathers = false

  constructor(kind: 'row' | 'batch', number: number, origin: OriginFact) {
    this.kind = kind
    this.number = number
    this.origin = origin
  }

  /** Whether nothing can happen to it any more; not to be asked within a transition. */
  get isClosed(): boolean {
    return this.open.size === 0 && !this.gathers
  }
}

export class Token {
  readonly id: TokenId
  readonly subject: Subject
  node: NodeNumber
  row: Row
  value: ValueNumber
  /** By what kind of edge it came to where it stands. */
  passage: Passage
  /** The number of that edge; 0 at its source. */
  edge: EdgeNumber
  /** The forks it is inside, innermost first. */
  readonly frames: Frame | null
  /** How it came to be (format/lineage.ts). */
  readonly path: string
  /** Of the visit that comes next, from 1. */
  attempt = 1
  /** What its calls at this node were answered; null if it made none. */
  answers: Answers | null = null
  /** Its place in the order list; null while it has none. Only the list sets it. */
  place: Place | null = null
  /** Is on the list of what has moved since its subject's last entry (`Facts`). */
  is_listed = false
  #state: TokenState = FREE

  constructor(
    id: TokenId,
    subject: Subject,
    node: NodeNumber,
    row: Row,
    value: ValueNumber,
    passage: Passage,
    frames: Frame | null,
    path = FIRST_PATH,
    edge: EdgeNumber = 0,
  ) {
    this.id = id
    this.subject = subject
    this.node = node
    this.row = row
    this.value = value
    this.passage = passage
    this.edge = edge
    this.frames = frames
    this.path = path
  }

  get state(): TokenState {
    return this.#state
  }

  get ended(): boolean {
    return this.#state === ENDED
  }

  /** Its visit goes on until its group, or its batch, closes, or its join or sort lets it go. */
  get held(): boolean {
    return isHeld(this.#state)
  }

  /** It came too early to an ordered node. */
  awaitTurn(): void {
    this.#become(AWAITS_TURN)
  }

  /** Its turn has come: it is to be visited again. */
  takeTurn(): void {
    this.#become(FREE)
  }

  /** It has had its turn at a sink that sends, and this is what is known of its requests. */
  send(known: Omit<Sending, 'kind'>): void {
    this.#become({ kind: 'sending', ...known })
  }

  /** It waits at a coalesce for the rest of its group. */
  joinGroup(): void {
    this.#become(IN_GROUP)
  }

  /** It waits at a join or a sort for the end of its input. */
  keep(): void {
    this.#become(KEPT)
  }

  /** It is a member of a batch. */
  joinBatch(): void {
    this.#become(IN_BATCH)
  }

  /** The batch that it is a member of is worked on: `state` is that of all members, which one of them keeps the place of. */
  workOn(state: Extract<TokenState, { kind: 'in_work' }>): void {
    this.#become(state)
  }

  /** The visit met an error, and another attempt follows. What is known of its requests stays so. */
  retry(): void {
    this.attempt++
    if (this.held) this.#become(FREE)
  }

  /** It leaves by an edge. */
  moveTo({ number, to }: { readonly number: EdgeNumber; readonly to: NodeNumber }, passage: Passage): void {
    this.node = to
    this.edge = number
    this.passage = passage
    this.attempt = 1
    this.answers = null
    this.#become(FREE)
  }

  end(): void {
    this.#become(ENDED)
  }

  #become(next: TokenState): void {
    const state = this.#state
    if (!mayFollow(state, next))
      throw new CustodyError('CUSTODY_ENGINE_DEFECT', `token ${this.id} is ${state.kind}, and is to be ${next.kind}`)
    this.#state = next
  }
}

/** Where a token stood before a transition. */
export interface Standing {
  readonly token: Token
  readonly frames: Frame | null
  readonly node: NodeNumber
}

/** Whether it keeps the place of a batch that is worked on. */
export function isKeeper(token: Token): boolean {
  return token.state.kind === 'in_work' && token.state.keeper === token
}

/** Of a token that had its turn at a sink that sends. */
export function sendingOf({ id, state }: Token): Sending {
  if (state.kind !== 'sending') throw new TypeError(`token ${id} is ${state.kind}, and not sending`)
  return state
}

export function standing(token: Token): Standing {
  return { token, frames: token.frames, node: token.node }
}

export function factsOf(subject: Subject): Facts {
  if (subject.facts === null) throw new TypeError('a subject has no facts to add to')
  return subject.facts
}

/** Another value of the subject. Returns its number. */
export function addValue(subject: Subject, draft: ValueDraft): ValueNumber {
  factsOf(subject).addValue(draft)
  return ++subject.values
}

/** What happened to a subject since the last commit, as the ledger takes it. Empties its facts. */
export function draftOf(subject: Subject): SubjectDraft {
  const { facts } = subject
  if (facts === null) throw new TypeError('a subject without facts has no draft')
  subject.facts = null
  const orders = ordersOf(subject, facts)
  if (orders !== null) {
    facts.addValue({ kind: 'full', text: orders })
    subject.values++
  }
  return {
    subject: subject.kind === 'row' ? { kind: 'row', row: subject.number } : { kind: 'batch', batch: subject.number },
    time_us: facts.time_us,
    previous: subject.previous,
    open: subject.open.size,
    // Its first entry has it.
    origin: subject.previous === null ? subject.origin : null,
    births: facts.births,
    visits: facts.visits,
    holds: facts.holds ?? NONE,
    releases: facts.releases ?? NONE,
    groups_opened: facts.groups_opened ?? NONE,
    groups_closed: facts.groups_closed ?? NONE,
    timed_out: facts.timed_out ?? NONE,
    endings: facts.endings,
    calls: facts.calls ?? NONE,
    intents: facts.intents ?? NONE,
    orders: orders === null ? 0 : subject.values,
    first_value: facts.first_value,
    values: facts.values,
    closes: subject.isClosed,
    moved: movedIn(facts),
  }
}

/** Of those that moved, the ones that are open. */
function movedIn({ moved }: Facts): SubjectDraft['moved'] {
  for (const token of moved) token.is_listed = false
  const open = moved.filter(token => !token.ended)
  return open.length === 0 ? NONE : open.map(({ id, node }) => ({ token: id, node }))
}
