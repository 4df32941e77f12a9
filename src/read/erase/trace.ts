/**
 * Follows what was derived from rows through one run: into batches, into the rows that an aggregate passed on with something new, into what
 * joins made, into answers to requests that had several rows.
 *
 * TRACE-1. Each subject is looked at again when something new comes to it, until nothing does.
 * TRACE-2. What a row or a batch is made of altogether is told apart from what is derived of a part of it (taint.ts).
 */
import { GROUP_KINDS } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader, StoredEntry } from '../../ledger/read-port.ts'
import { fateNumber } from '../../model/outcome.ts'
import { decodeSubjectEntry } from '../decode.ts'
import type { Course, CourseToken } from '../fold/course.ts'
import { readCourse } from '../fold/read-course.ts'
import { readable } from '../runs/damaged.ts'
import { keyOf, type Subject } from './subject.ts'
import { flowsOn, spread, stageOf, type Tainted } from './taint.ts'

/** A subject with what of it is derived. */
export interface Traced {
  readonly subject: Subject
  /** null: all that it has. */
  readonly tainted: Tainted | null
}

const JOIN = GROUP_KINDS.indexOf('join')
const JOINED = fateNumber('CONSUMED_IN_BATCH', 'join')
const CONSUMED = fateNumber('CONSUMED_IN_BATCH', 'batch')

export type TraceReader = Pick<LedgerReader, 'entries' | 'entriesOfRow' | 'entriesOfBatch' | 'ending'>

interface Found {
  readonly subject: Subject
  readonly seeds: Map<number, Set<number> | null>
  /** All of it is derived, or to be erased anyway. */
  whole: boolean
}

/** A token, and the row or batch that it is of. */
interface InRequest {
  readonly subject: Subject
  readonly token: number
}

export class Trace {
  readonly #reader: TraceReader
  readonly #log: number
  readonly #topology: Topology
  readonly #found = new Map<string, Found>()
  /** Subjects that are to be looked at (again). */
  readonly #due = new Set<string>()
  /** Right tokens that were joined: what was made of them may be anywhere. */
  readonly #joined = new Set<number>()
  readonly #new_joined = new Set<number>()
  /** Batches whose members were looked at. */
  readonly #passed = new Set<number>()
  /** null until it is asked for. */
  #requests: ReadonlyMap<string, readonly InRequest[]> | null = null

  private constructor(reader: TraceReader, log: number, topology: Topology) {
    this.#reader = reader
    this.#log = log
    this.#topology = topology
  }

  /** What is derived from rows of a run, the rows themselves among it, in the order in which it is found. */
  static async of(
    reader: TraceReader,
    { log, topology }: { readonly log: number; readonly topology: Topology },
    rows: readonly number[],
  ): Promise<readonly Traced[]> {
    const trace = new Trace(reader, log, topology)
    for (const row of rows) trace.#taintAll({ kind: 'row', row })
    await trace.#follow()
    const traced: Traced[] = []
    for (const { subject, seeds, whole } of trace.#found.values())
      traced.push({ subject, tainted: whole ? null : spread(await trace.#course(subject), seeds) })
    return traced
  }

  async #follow(): Promise<void> {
    while (this.#due.size > 0 || this.#new_joined.size > 0) {
      for (const key of this.#due) {
        this.#due.delete(key)
        const found = this.#found.get(key)
        if (found !== undefined) await this.#from(found)
      }
      if (this.#new_joined.size > 0) await this.#intoJoins()
    }
  }

  #course(subject: Subject): Promise<Course> {
    return readCourse(this.#reader, this.#log, subject, this.#topology)
  }

  #at(subject: Subject): Found {
    const key = keyOf(subject)
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const found: Found = { subject, seeds: new Map(), whole: false }
    this.#found.set(key, found)
    return found
  }

  #taintAll(subject: Subject): void {
    const found = this.#at(subject)
    if (found.whole) return
    found.whole = true
    this.#due.add(keyOf(subject))
  }

  /** `node`: where it is given what is derived; null: it is derived from its birth on. */
  #taint(subject: Subject, token: number, node: number | null): void {
    const found = this.#at(subject)
    const before = found.seeds.get(token)
    if (found.whole || before === null || (node !== null && before?.has(node) === true)) return
    found.seeds.set(token, node === null ? null : new Set(before).add(node))
    this.#due.add(keyOf(subject))
  }

  /** Where a subject's derived tokens went. */
  async #from({ subject, seeds, whole }: Found): Promise<void> {
    const course = await this.#course(subject)
    const tainted = whole ? allOf(course) : spread(course, seeds)
    for (const { token, node, group, batch } of course.holds) {
      const of = course.tokens.get(token)
      if (batch === null || of === undefined || stageOf(of, tainted.get(token), node) !== 'behind') continue
      this.#taintAll({ kind: 'batch', batch })
      if (isConsumed(of, group) || this.#passed.has(batch)) continue
      this.#passed.add(batch)
      await this.#passedOn({ batch, node })
    }
    for (const [token, since] of tainted) {
      const ending = course.tokens.get(token)?.ending?.fact
      if (ending?.fate === JOINED && flowsOn(course, token, since) && !this.#joined.has(token))
        this.#new_joined.add(token)
    }
    await this.#intoRequests(course, tainted)
  }

  /** Rows that an aggregate passed on, or dropped, with something that it made of all of its batch. */
  async #passedOn({ batch, node }: { readonly batch: number; readonly node: number }): Promise<void> {
    const { batch: group } = await this.#course({ kind: 'batch', batch })
    for (const member of group?.closed?.members ?? []) {
      const subject = await this.#subjectOf(member)
      if (subject === null || this.#found.get(keyOf(subject))?.whole === true) continue
      const course = await this.#course(subject)
      const visits = course.tokens.get(member)?.visits.filter(({ fact }) => fact.node === node) ?? []
      if (visits.some(({ fact }) => fact.error !== null || (fact.out !== 0 && fact.out !== fact.in)))
        this.#taint(subject, member, node)
    }
  }

  async #subjectOf(token: number): Promise<Subject | null> {
    const { row = null, batch = null } = (await this.#reader.ending(this.#log, token)) ?? {}
    if (row !== null) return { kind: 'row', row }
    return batch === null ? null : { kind: 'batch', batch }
  }

  /** What joins made of right tokens, whatever row or batch the left ones are of. Reads the run's entries once. */
  async #intoJoins(): Promise<void> {
    const rights = new Set(this.#new_joined)
    for (const each of rights) this.#joined.add(each)
    this.#new_joined.clear()
    for await (const entry of this.#reader.entries(this.#log)) {
      if (!isOfSubject(entry) || !entry.body.includes(`,${JOIN},`) || !entry.body.includes('"n":[')) continue
      const { subject, births } = readable(this.#log, () => decodeSubjectEntry(entry.seq, entry.body))
      for (const { token, parents } of births)
        if (parents[1] !== undefined && rights.has(parents[1])) this.#taint(subject, token, null)
    }
  }

  /** The answer to a request with several rows is on record with each of them. */
  async #intoRequests(course: Course, tainted: Tainted): Promise<void> {
    for (const { token, node, together } of course.intents) {
      const of = course.tokens.get(token)
      if (together === null || of === undefined || stageOf(of, tainted.get(token), node) !== 'behind') continue
      this.#requests ??= await this.#readRequests()
      for (const mate of this.#requests.get(requestKey(node, together.first)) ?? [])
        if (mate.token !== token) this.#taint(mate.subject, mate.token, node)
    }
  }

  /** Whose parts the requests with several rows have. Reads the run's entries once. */
  async #readRequests(): Promise<ReadonlyMap<string, readonly InRequest[]>> {
    const requests = new Map<string, InRequest[]>()
    for await (const entry of this.#reader.entries(this.#log)) {
      if (!isOfSubject(entry) || !entry.body.includes('"y":[')) continue
      const { subject, intents } = readable(this.#log, () => decodeSubjectEntry(entry.seq, entry.body))
      for (const { token, node, together } of intents)
        if (together !== null) addTo(requests, requestKey(node, together.first), { subject, token })
    }
    return requests
  }
}

function isOfSubject({ row, batch }: StoredEntry): boolean {
  return row !== null || batch !== null
}

/** The first of its tokens names a request among those of its node. */
function requestKey(node: number, first: number): string {
  return `${node} ${first}`
}

function addTo<T>(lists: Map<string, T[]>, key: string, member: T): void {
  const known = lists.get(key)
  if (known === undefined) lists.set(key, [member])
  else known.push(member)
}

function allOf(course: Course): Tainted {
  return new Map(Array.from(course.tokens.keys(), token => [token, null]))
}

/** Whether the aggregate made other rows of that batch. */
function isConsumed({ ending }: CourseToken, group: number): boolean {
  return ending?.fact.fate === CONSUMED && ending.fact.group === group
}
