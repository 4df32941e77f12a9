/**
 * A replay follows its record where time decides (races.ts).
 *
 * REPLAY-ORDER-1. A token that is on record at such a node is taken there when all that such nodes had taken before it was taken,
 *     or can't come any more. So groups and batches get the members that they had, and sinks their rows in the order in
 *     which they had them, without the times that it took.
 * REPLAY-ORDER-2. What isn't on record has its turn as in any run.
 * REPLAY-ORDER-3. Groups and batches are closed as on record where the pipeline says the same of when they close.
 * REPLAY-ORDER-4. When nothing else can go on, nobody waits for what is missing.
 * REPLAY-ORDER-5. (I12) What is known of the record is that of rows and batches under way, and of the records that are read next.
 */
import { comesOf, mergedBy, mergedPath } from '../../format/lineage.ts'
import type { Course, Courses, RecordedBatch, RecordedGroup, RecordedTake } from '../../format/recording.ts'
import { canonicalize } from '../../model/canonical.ts'
import type { NodeNumber } from '../../model/ids.ts'
import type { Plan } from '../../plan/plan.ts'
import type { CoalesceGroup } from '../token/fork-frames.ts'
import type { InFlight } from '../token/in-flight.ts'
import type { Subject, Token } from '../token/token.ts'
import { Heap } from './heap.ts'

/** How many records are looked up at a time. */
const AHEAD = 256

/** A token that is on record, from when its row is read until it is taken. */
interface Expected {
  readonly take: RecordedTake
  readonly node: number
  readonly subject: Subject
  /** It has come, and others come before it. */
  waiting: Token | null
  /** Taken, or not to be waited for any more. */
  over: boolean
}

interface Known {
  readonly course: Course
  /** By path and node. */
  readonly expected: ReadonlyMap<string, Expected>
}

export interface ReplayOrderParts {
  readonly courses: Courses
  readonly plan: Pick<Plan, 'nodes' | 'value'>
  readonly races: ReadonlySet<number>
  readonly reaches: (node: number, target: number) => boolean
  /** The number of the nth record that is read of a source now, as far as that is known before it is read; null: it isn't on record. */
  readonly indexOf: (source: number, nth: number) => number | null
  /** Records were looked up; `failure` is what was thrown instead. */
  readonly onReady: (failure: unknown) => void
}

export class ReplayOrder {
  readonly #parts: ReplayOrderParts
  readonly #names: readonly string[]
  /** In the order in which they are read. */
  readonly #sources: readonly NodeNumber[]
  readonly #races: ReadonlyMap<string, number>
  /** Nodes of which the pipeline says the same. */
  readonly #same: ReadonlySet<string>
  readonly #known = new WeakMap<Subject, Known>()
  /** Of batches that are open or just closed, as long as they have had the members on record. */
  readonly #batches = new WeakMap<Subject, RecordedBatch>()
  readonly #expected = new Heap<Expected>(isBefore)
  /** Records that are read next, by source and how many are read before them. */
  readonly #ahead = new Map<string, Course | null>()
  #looking_up = false
  /** Of the record that is read next: how many are read of its source, with it. */
  #nth = 0
  /** When the next record was read: what was taken later waits for it. */
  #next_us = Number.NEGATIVE_INFINITY
  #waiting = 0

  constructor(parts: ReplayOrderParts) {
    this.#parts = parts
    this.#names = parts.plan.nodes.map(({ name }) => name)
    this.#sources = parts.plan.nodes.filter(({ kind }) => kind === 'source').map(({ number }) => number)
    this.#races = new Map(Array.from(parts.races, node => [this.#nameOf(node), node]))
    const { courses, plan } = parts
    const before = (name: string) => canonicalize(courses.closes?.[name] ?? null)
    const now = (name: string) => canonicalize(plan.value.closes?.[name] ?? null)
    this.#same = new Set(this.#names.filter(name => before(name) === now(name)))
  }

  /** How many tokens wait for others that came before them. */
  get waiting(): number {
    return this.#waiting
  }

  // ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the nth record can be read; if not, it can when `onReady` was called. */
  isReadyFor(source: number, nth: number): boolean {
    const known = this.#ahead.get(keyOf(source, nth))
    const missing = known === undefined ? nth : nth + AHEAD / 2
    if (!this.#looking_up && !this.#ahead.has(keyOf(source, missing))) this.#lookUp(source, missing)
    if (known === undefined) return false
    this.#nth = nth
    this.#next_us = known?.began_us ?? this.#beginOfNext(source)
    return true
  }

  /** No record follows. */
  inputEnded(): void {
    this.#next_us = Number.POSITIVE_INFINITY
  }

  /** A row was read. */
  enter(subject: Subject): void {
    const { source, index } = subject.origin
    const key = keyOf(source, this.#nth)
    const course = this.#ahead.get(key)
    this.#ahead.delete(key)
    if (course != null && this.#parts.indexOf(source, this.#nth) === index) this.#expect(subject, course)
    // Nobody may ever come and ask for it.
    this.#least()
  }

  /** A batch takes a member; `first` if it begins with it. */
  gather(batch: Subject, member: Token, first: boolean): void {
    const recorded = this.#same.has(this.#nameOf(member.node)) ? (this.#expectedOf(member)?.take.batch ?? null) : null
    if (!first) {
      if (this.#batches.get(batch)?.group !== recorded?.group) this.#batches.delete(batch)
    } else if (recorded !== null) {
      this.#batches.set(batch, recorded)
      this.#expect(batch, recorded.course)
    }
  }

  /** Whether its aggregate had too many batches open to take it; null: the record doesn't say. */
  wasRefused(token: Token): boolean | null {
    const take = this.#same.has(this.#nameOf(token.node)) ? this.#expectedOf(token)?.take : undefined
    return take?.refused ?? null
  }

  /** Takes in what was under way when a process before this one stopped. */
  async restore({ subjects, batches }: Pick<InFlight, 'subjects' | 'batches'>): Promise<void> {
    const { courses } = this.#parts
    for (const subject of subjects) {
      const { source, index } = subject.origin
      const name = this.#nameOf(source)
      if (subject.kind === 'row') {
        const course = await courses.ofRow(name, index)
        if (course !== null) this.#expect(subject, course)
      } else {
        const batch = await courses.ofBatch(name, index)
        if (batch === null) continue
        this.#expect(subject, batch.course)
        if (subject.gathers && this.#same.has(name)) this.#batches.set(subject, batch)
      }
    }
    for (const { group, members } of batches) {
      const recorded = this.#batches.get(group.subject)?.group
      const fits = members.every(({ token }) => this.#expectedOf(token)?.take.batch?.group === recorded)
      if (!fits) this.#batches.delete(group.subject)
    }
    for (const token of subjects.flatMap(({ open }) => [...open]))
      if (token.held || token.state.kind === 'sending') this.#over(this.#expectedOf(token))
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether a token may be taken where it stands; null: the record doesn't say. If not now, `next` gives it back. */
  isTurn(token: Token): boolean | null {
    const expected = this.#expectedOf(token)
    if (expected === undefined || expected.over) return null
    if (this.#least() === expected && expected.take.at_us <= this.#next_us) {
      this.#over(expected)
      return true
    }
    if (expected.waiting === null) this.#waiting++
    expected.waiting = token
    return false
  }

  /** One that waited, and may be taken now. */
  next(): Token | null {
    const least = this.#waiting === 0 ? undefined : this.#least()
    if (least?.waiting == null || least.take.at_us > this.#next_us) return null
    return this.#stopWaiting(least)
  }

  /** Nothing else can go on: lets go on who waits, though something is missing. */
  giveUp(): Token | null {
    for (let least = this.#least(); least !== undefined && this.#waiting > 0; least = this.#least()) {
      this.#over(least)
      if (least.waiting !== null) return this.#stopWaiting(least)
    }
    return null
  }

  // ── groups and batches ────────────────────────────────────────────────────────────────────────────────────────────

  /** What became of a group. */
  groupOf({ fork, node }: CoalesceGroup): RecordedGroup | null {
    if (!this.#same.has(node.name)) return null
    return this.#known.get(fork.subject)?.course.groups.get(mergedPath(fork.path, node.name)) ?? null
  }

  /** What became of a batch, if it has had the members on record so far. */
  batchOf(batch: Subject): RecordedBatch | null {
    return this.#batches.get(batch) ?? null
  }

  // ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #nameOf(node: number): string {
    const name = this.#names[node - 1]
    if (name === undefined) throw new TypeError(`there is no node ${node}`)
    return name
  }

  #expect(subject: Subject, course: Course): void {
    const all = new Map<string, Expected>()
    for (const take of course.takes) {
      const node = this.#races.get(take.node)
      if (node === undefined) continue
      const expected: Expected = { take, node, subject, waiting: null, over: false }
      all.set(placeOf(take.path, node), expected)
      this.#expected.add(expected)
    }
    this.#known.set(subject, { course, expected: all })
  }

  #expectedOf({ subject, path, node }: Token): Expected | undefined {
    return this.#known.get(subject)?.expected.get(placeOf(path, node))
  }

  /** The first of those that are expected, and can come. */
  #least(): Expected | undefined {
    const expected = this.#expected
    while (expected.least !== undefined && (expected.least.over || !this.#canCome(expected.least))) {
      expected.least.over = true
      expected.drop()
    }
    return expected.least
  }

  #canCome({ waiting, subject, node, take }: Expected): boolean {
    if (waiting !== null || subject.gathers) return true
    for (const token of subject.open) if (this.#parts.reaches(token.node, node) && leads(token, take.path)) return true
    return false
  }

  #over(expected: Expected | undefined): void {
    if (expected !== undefined) expected.over = true
  }

  #stopWaiting(expected: Expected): Token | null {
    const { waiting } = expected
    expected.waiting = null
    this.#waiting--
    return waiting
  }

  /** When the first record behind those of a source was read. If none is on record, all that is has been read. */
  #beginOfNext(source: number): number {
    const firsts = this.#sources.filter(each => each > source).map(each => this.#ahead.get(keyOf(each, 1)))
    return firsts.find(first => first != null)?.began_us ?? Number.POSITIVE_INFINITY
  }

  #lookUp(source: number, from: number): void {
    const { onReady } = this.#parts
    this.#looking_up = true
    this.#load(source, from)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )
      .then(failure => {
        this.#looking_up = false
        onReady(failure)
      })
  }

  /**
   * The next records of a source, and, where they end, the first of those that are read after it: nobody hears that they end before
   * it is known what follows.
   */
  async #load(source: number, from: number): Promise<void> {
    const name = this.#nameOf(source)
    const { courses, indexOf } = this.#parts
    const found: (Course | null)[] = []
    for (let nth = from; nth < from + AHEAD; nth++) {
      const index = indexOf(source, nth)
      found.push(index === null ? null : await courses.ofRow(name, index))
    }
    const next = this.#sources.find(each => each > source)
    if (found.at(-1) === null && next !== undefined && !this.#ahead.has(keyOf(next, 1))) await this.#load(next, 1)
    for (const [i, course] of found.entries()) this.#ahead.set(keyOf(source, from + i), course)
  }
}

const keyOf = (source: number, nth: number): string => `${source} ${nth}`
const placeOf = (path: string, node: number): string => `${node} ${path}`

function isBefore(a: Expected, b: Expected): boolean {
  return a.take.at_us === b.take.at_us ? a.take.token < b.take.token : a.take.at_us < b.take.at_us
}

/** Whether what stands at `path` may come from the token: of itself, or of a merge that it is a branch of. */
function leads({ path: from, frames }: Token, path: string): boolean {
  if (comesOf(path, from)) return true
  for (let at = frames; at !== null; at = at.outer) {
    const coalesce = mergedBy(path, at.fork.path)
    if (coalesce === null) continue
    return at.fork.groups.every(({ node, verdict }) => node.name !== coalesce || verdict === null)
  }
  return false
}
