/**
 * The values of the run's own entries, as they are made: each has a number of its own, so that it can be disclosed, or erased, without
 * the others.
 *
 * RUN-VALUES-1. Numbers are dense within the run; those of a commit that failed are free again.
 * RUN-VALUES-2. Each value of an entry is named in one place of it. What a commit says that the commit before it said in the same
 *     place is that value once more, and isn't committed anew.
 */
import type { CommitFacts } from '../../format/entry.ts'
import type { ValueDraft } from '../../ledger/write-port.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { NodeNumber, ValueNumber } from '../../model/ids.ts'
import type { Json } from '../../model/row.ts'

/** What the latest commit named, by its place. */
export type NamedValues = ReadonlyMap<string, NamedValue>
interface NamedValue {
  readonly number: ValueNumber
  /** Canonical. */
  readonly text: string
}

/** Which values a run has so far. */
export interface ValuesSoFar {
  readonly count: number
  readonly named: NamedValues
}

/** The number of a value under its key; no key where there is none. */
type Numbered<K extends string> = { readonly [key in K]?: ValueNumber }

/** The values of one entry. */
export class EntryValues {
  readonly drafts: ValueDraft[] = []
  /** Number of the first of them. */
  readonly first: ValueNumber

  constructor(before: number) {
    this.first = before + 1
  }

  /** As an entry has them. */
  get own(): { readonly first_value: ValueNumber; readonly values: readonly ValueDraft[] } {
    return { first_value: this.first, values: this.drafts }
  }

  add(value: Json): ValueNumber {
    return this.addText(canonicalize(value))
  }

  /** None for null. */
  numbered<K extends string>(key: K, value: Json): Numbered<K> {
    return value === null ? {} : numbered(key, this.add(value))
  }

  /** `text`: canonical. */
  addText(text: string): ValueNumber {
    return this.first - 1 + this.drafts.push({ kind: 'full', text })
  }
}

/** Those of a commit. */
export class CommitValues extends EntryValues {
  readonly named = new Map<string, NamedValue>()
  readonly #before: NamedValues

  constructor({ count, named }: ValuesSoFar) {
    super(count)
    this.#before = named
  }

  /** None for null. `owner`: whose it is; null: the run's. */
  again<K extends string>(key: K, owner: NodeNumber | null, value: Json): Numbered<K> {
    if (value === null) return {}
    const text = canonicalize(value)
    const place = placeOf(key, owner)
    const before = this.#before.get(place)
    const number = before?.text === text ? before.number : this.addText(text)
    this.named.set(place, { number, text })
    return numbered(key, number)
  }
}

/** The values of a run that is under way. */
export class RunValues {
  /** Those of the commit in hand included. */
  now: ValuesSoFar
  #durable: ValuesSoFar

  constructor(from: ValuesSoFar) {
    this.now = from
    this.#durable = from
  }

  take({ drafts }: EntryValues, named = this.now.named): void {
    this.now = { count: this.now.count + drafts.length, named }
  }

  accept(durable: ValuesSoFar): void {
    this.#durable = durable
  }

  /** What no commit has made durable is forgotten. */
  revert(): void {
    this.now = this.#durable
  }
}

/** What a commit on record named. `values`: all of them. */
export function namedIn(
  { cursors, receipts, at_risk }: Pick<CommitFacts, 'cursors' | 'receipts' | 'at_risk'>,
  values: ReadonlyMap<number, Json>,
): NamedValues {
  const named = new Map<string, NamedValue>()
  const add = (key: string, owner: NodeNumber | null, number: ValueNumber | undefined) => {
    const value = number === undefined ? undefined : values.get(number)
    if (number !== undefined && value !== undefined)
      named.set(placeOf(key, owner), { number, text: canonicalize(value) })
  }
  for (const { source, position, hash } of cursors) {
    add('position', source, position)
    add('hash', source, hash)
  }
  for (const { sink, hash, state } of receipts) {
    add('hash', sink, hash)
    add('state', sink, state)
  }
  add('at_risk', null, at_risk)
  return named
}

/** The numbers of sources and sinks are those of nodes: none is of two. */
const placeOf = (key: string, owner: NodeNumber | null) => `${key} ${owner ?? ''}`

// cast: the only key is that one.
const numbered = <K extends string>(key: K, number: ValueNumber) => ({ [key]: number }) as Numbered<K>
