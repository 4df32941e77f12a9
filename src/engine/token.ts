/**
 * A token in flight, and the subject (row) whose story it is part of.
 *
 * T1. A token stands at one node; `row` is its data as numbered `value` of its subject.
 * T2. A subject is in memory exactly while it has open tokens or facts that aren't committed.
 */
import type { ValueDraft } from '../ledger/write-port.ts'
import type {
  BirthFact,
  EndingFact,
  GroupClosed,
  GroupOpened,
  HoldFact,
  OriginFact,
  VisitFact,
} from '../model/entry.ts'
import type { Row } from '../model/row.ts'
import type { Passage } from './decide/arrival.ts'
import type { Place } from './line.ts'

/** What happened to a subject since the last commit. */
export class Facts {
  readonly time_us: number
  readonly first_value: number
  origin: OriginFact | null = null
  readonly births: BirthFact[] = []
  readonly visits: VisitFact[] = []
  readonly holds: HoldFact[] = []
  readonly groups_opened: GroupOpened[] = []
  readonly groups_closed: GroupClosed[] = []
  readonly endings: EndingFact[] = []
  readonly values: ValueDraft[] = []

  constructor(time_us: number, first_value: number) {
    this.time_us = time_us
    this.first_value = first_value
  }
}

export class Subject {
  readonly row: number
  /** Seq of its latest entry. */
  previous: number | null = null
  /** Values so far; the next one gets `values + 1`. */
  values = 0
  /** In order of birth. */
  readonly open: Token[] = []
  facts: Facts | null = null

  constructor(row: number) {
    this.row = row
  }
}

export class Token {
  readonly id: number
  readonly subject: Subject
  node: number
  row: Row
  value: number
  /** Of the visit that comes next, from 1. */
  attempt = 1
  ended = false
  /** Stands at a sink in line, and has not had its turn. */
  waits = false
  /** By what kind of edge it came to where it stands. */
  passage: Passage
  /** Its place in the line, while it waits for something. */
  place: Place | null = null

  constructor(id: number, subject: Subject, node: number, row: Row, value: number, passage: Passage) {
    this.id = id
    this.subject = subject
    this.node = node
    this.row = row
    this.value = value
    this.passage = passage
  }
}
