/**
 * Folds the entries of a run's log, in order: stories of rows and batches, what they add up to, and what the run's own entries say of that.
 * Nothing is kept of a row once it is closed, so that memory is bounded by what was in flight (I12). Its caller gives it the
 * entries, and what is stored beside them: a ledger has values and tables, a completeness record has neither.
 */
import { isError, type SubjectEntry } from '../../format/entry.ts'
import { grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { DecodeError, decodeCanonicalEntry, decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../decode.ts'
import { Batches } from './batches.ts'
import { Check, entryName, Place, subjectName } from './check.ts'
import type { Decisions } from './decisions.ts'
import { LineCheck } from './line.ts'
import type { LogWalk } from './log.ts'
import { type LogRole, WHOLE_RUN } from './log-role.ts'
import type { Looked } from './look.ts'
import { Numbering } from './numbering.ts'
import { OpenSet } from './open-set.ts'
import { isStretch, type Page } from './page.ts'
import type { ProgressCheck } from './progress.ts'
import type { RunProjections } from './projections.ts'
import { Recount } from './recount.ts'
import type { RepeatedRun, Reruns } from './repeated.ts'
import { RunFacts } from './run-facts.ts'
import { incompleteRequests } from './sending.ts'
import { MemoryShelf, type Shelf } from './shelf.ts'
import { Sorts } from './sorts.ts'
import { KEPT_WHOLE, Stories } from './stories.ts'
import type { SubjectState } from './subject.ts'
import { CommitTiles, compareTrees, LastLeaves, type Tiles } from './tiles.ts'
import { Times } from './times.ts'
import type { ValueCounts, ValueLooks } from './values-check.ts'
import { Ways } from './ways.ts'
import type { Stretch } from './whole-rows.ts'
import type { Witness } from './witness.ts'

/** What a run is folded with. */
export interface RunSetting {
  readonly run: string
  /** Absent: it is all of the run. */
  readonly role?: LogRole | undefined
  readonly values: ValueLooks
  /** Against what log 0 said of it. */
  readonly progress: ProgressCheck
  /** Tables that follow from the entries; null where there are none. */
  readonly projections: RunProjections | null
  /** Finds the run whose rows this one repeats; null where no other run is at hand. */
  readonly findRepeated: ((reruns: Reruns, check: Check) => Promise<RepeatedRun | null>) | null
  /** null: decisions aren't evaluated again. */
  readonly decisions: Decisions | null
  /** Of how many open rows more than a text is kept; absent: stories.ts says it. */
  readonly kept_whole?: number | undefined
  /** Where those texts go; absent: they stay in memory. */
  readonly newShelf?: (() => Shelf) | undefined
}

/** With what is looked at across subjects. */
interface RunWitness extends Witness {
  readonly batches: Batches
  readonly sorts: Sorts
  readonly line: LineCheck
  readonly born: Numbering
  readonly opened: Numbering
  readonly called: Numbering
}

export class RunFold {
  readonly checks = {
    entries: new Check('entries'),
    values: new Check('values'),
    tokens: new Check('tokens'),
    groups: new Check('groups'),
    totals: new Check('totals'),
    seal: new Check('seal'),
  }
  readonly recount = new Recount()
  readonly facts: RunFacts
  values_checked = 0
  values_erased = 0
  values_unread = 0
  /** The entry with the earliest time. */
  earliest: { readonly seq: number; readonly t: number } | null = null
  readonly #values: ValueLooks
  readonly #progress: ProgressCheck
  readonly #projections: RunProjections | null
  readonly #findRepeated: RunSetting['findRepeated']
  readonly #stories: { readonly [kind in SubjectEntry['subject']['kind']]: Stories }
  /** Rows of which an entry can't be read: nothing more can be said of them. */
  readonly #lost_rows = new Set<number>()
  readonly #open = new OpenSet()
  readonly #leaves = { row: new LastLeaves(), batch: new LastLeaves() }
  readonly #commit_tiles = new CommitTiles()
  readonly #times = new Times(this.checks.entries)
  #witness: RunWitness
  /** Those of splits. */
  readonly #groups_before: number
  /** The run whose rows this one repeats, if it does. */
  #repeated: RepeatedRun | null = null
  /** All entries so far could be read. */
  #complete = true
  readonly #decisions: Decisions | null

  constructor(setting: RunSetting) {
    const { run, role = WHOLE_RUN, kept_whole = KEPT_WHOLE, newShelf = () => new MemoryShelf() } = setting
    this.#stories = {
      row: new Stories(row => ({ kind: 'row', row }), kept_whole, newShelf()),
      batch: new Stories(batch => ({ kind: 'batch', batch }), kept_whole, newShelf()),
    }
    this.#decisions = setting.decisions
    this.#values = setting.values
    this.#progress = setting.progress
    this.#projections = setting.projections
    this.#findRepeated = setting.findRepeated
    this.facts = new RunFacts(run, this.checks, role)
    if (role.sum !== null) this.recount.addSplit(role.sum)
    this.#groups_before = this.recount.groups
    this.#witness = this.#witnessOf(new Ways(role.topology))
  }

  /** A page of its entries, which are read together; `again` looks at some of them one by one. */
  async takePage(
    page: Page,
    walk: LogWalk,
    again: (first_seq: number, count: number) => AsyncIterable<Looked>,
  ): Promise<void> {
    walk.append(page)
    let place = 0
    for (const item of page.items) {
      if (!isStretch(item)) await this.#takeNext(item, walk)
      else if (walk.isNext(item.first_seq) && this.#canAdd(item)) {
        walk.seeAll(item.first_seq, item.count, item.count)
        this.#add(item, page.leaves.slice(place, place + item.count))
      } else for await (const looked of again(item.first_seq, item.count)) await this.#takeNext(looked, walk)
      place += isStretch(item) ? item.count : 1
    }
    await this.#projections?.compare(this.#witness.ways)
  }

  /** What it came to, for log 0. */
  found({ tree, first_root, last_leaf }: LogWalk) {
    const { facts, earliest } = this
    return {
      ...{ entries: tree.size, root: tree.root(), first_root, last_leaf, earliest, resumed: facts.resumed },
      ...{ end: facts.seal, recount: this.recount, records: facts.records },
      ...{ sealed: facts.seal !== null, sealed_us: facts.seal?.t ?? 0, readable: this.#complete },
    }
  }

  async #takeNext(looked: Looked, walk: LogWalk): Promise<void> {
    walk.see(looked)
    await this.#take(looked, walk.gaps)
  }

  /** The next entry; `gaps`: one before it is missing. */
  async #take(looked: Looked, gaps: boolean): Promise<void> {
    const { entry, leaf } = looked
    if (gaps) this.#complete = false
    try {
      if (isSubjectBody(entry.row, entry.body)) await this.#takeSubject(looked)
      else await this.#takeRun(looked)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#complete = false
      if (entry.row !== null) this.#lost_rows.add(entry.row)
      // Whatever it says, its place in the trees is that of its columns.
      if (entry.row !== null) this.#leaves.row.take(entry.row, leaf, false)
      else if (entry.batch !== null) this.#leaves.batch.take(entry.batch, leaf, false)
      const subject = entry.row === null ? null : ({ kind: 'row', row: entry.row } as const)
      this.checks.entries.add(`${entryName(entry.seq, subject)}: ${error.message}`)
    }
  }

  #canAdd({ first_row, source, first_index, earliest_start_us }: Stretch): boolean {
    // After a problem with entries everything is looked at one by one: it may concern those that follow.
    if (!this.#complete || !this.checks.entries.ok || first_row !== this.recount.rows + 1) return false
    return this.#times.isAfterAll(earliest_start_us) && this.facts.goesOn(source, first_index, this.#witness.ways)
  }

  #add(stretch: Stretch, leaves: readonly Hash[]): void {
    const { first_row, count, source, first_index, counts, earliest, last } = stretch
    const { born, opened, called, line, batches } = this.#witness
    this.facts.recordAll(source, count, first_index + count - 1)
    this.#happened(earliest.seq, earliest.t)
    this.#times.takeAll(last.us, new Place(last.seq, { kind: 'row', row: last.row }))
    this.values_checked += stretch.values
    this.#projections?.found(counts.ended)
    this.recount.rows += count
    this.recount.add(counts)
    for (const token of stretch.born) born.add(token)
    for (const group of stretch.opened) opened.add(group)
    for (const call of stretch.called) called.add(call)
    line.passed(stretch.born, stretch.forks)
    batches.pass(stretch)
    this.#leaves.row.takeAll(first_row, leaves, new Map(stretch.row_tiles))
  }

  close(): void {
    this.#stories.row.close()
    this.#stories.batch.close()
  }

  /** The log can't be read any further. */
  stop(why: string): void {
    this.checks.entries.add(`the log can't be read any further: ${why}`)
    this.#leaveRest()
  }

  /** `tiles`: of the log's tree; null if entries are missing. */
  async finish(tiles: Tiles | null): Promise<void> {
    const { checks, facts } = this
    if (!this.#complete) this.#leaveRest()
    const { ways, batches } = this.#witness
    this.#settle('the log')
    if (facts.seal !== null && this.#complete) {
      for (const stories of [this.#stories.row, this.#stories.batch])
        for (const state of stories.open())
          for (const problem of state.unfinished())
            checks.seal.add(`the run is sealed, and ${problem} (${subjectName(state.subject)})`)
      batches.finish()
    }
    this.#decisions?.finish()
    await this.#projections?.finish(this.#open, this.#stories, {
      lost: this.#lost_rows,
      ways,
      complete: this.#complete,
    })
    if (tiles === null) return
    const of_subjects = this.#checkTrees()
    await this.#projections?.compareTiles([tiles, ...of_subjects])
  }

  /** Some entries can't be read, which has been reported: all else that entries are needed for stays open. */
  #leaveRest(): void {
    const { entries, ...rest } = this.checks
    for (const check of Object.values(rest)) check.leave()
    this.#projections?.check.leave()
    this.#decisions?.check.leave()
  }

  async #takeSubject(looked: Looked): Promise<void> {
    const { entry: stored, leaf, is_canonical, has_endings } = looked
    const { seq } = stored
    const entry = is_canonical ? decodeCanonicalEntry(seq, stored.body) : decodeSubjectEntry(seq, stored.body)
    const { subject } = entry
    const where = new Place(seq, subject)
    this.facts.before(seq, 'subject')
    this.#happened(seq, entry.time_us)
    this.#times.take(entry, where)
    const row = subject.kind === 'row' ? subject.row : null
    if (stored.row !== row) this.checks.entries.add(`${where}: its column says ${columnName('row', stored.row)}`)
    const batch = subject.kind === 'batch' ? subject.batch : null
    if (stored.batch !== batch)
      this.checks.entries.add(`${where}: its column says ${columnName('batch', stored.batch)}`)
    if (row !== null && this.#lost_rows.has(row)) return
    const state = this.#stateFor(entry, where)
    if (state === null) return
    if (entry.origin !== null) await this.#repeated?.take(entry.origin, where, this.#witness.ways)
    this.#count(this.#values.ofSubject(entry, looked, state.values, where, this.checks.values))
    this.#decisions?.take(entry, state, where, this.#witness.ways)
    for (const expected of state.fold(seq, entry, this.#witness))
      if (has_endings) this.#projections?.found(1)
      else this.#projections?.expect(expected)
    this.#open.take(seq, state, [...entry.births, ...entry.visits])
    this.#leaves[subject.kind].take(numberOf(subject), leaf, state.done)
    const stories = this.#stories[subject.kind]
    if (!state.done) return stories.rest(numberOf(subject))
    stories.end(numberOf(subject))
    for (const group of state.forks()) this.#witness.line.closed(group)
    for (const problem of state.unfinished()) this.checks.groups.add(`${where}: ${problem}`)
  }

  #happened(seq: number, t: number): void {
    if (this.earliest === null || t < this.earliest.t) this.earliest = { seq, t }
  }

  /** The story that an entry continues, or a new one; null if there is none that it could continue. */
  #stateFor(entry: SubjectEntry, where: Place): SubjectState | null {
    const { subject, previous } = entry
    const stories = this.#stories[subject.kind]
    const number = numberOf(subject)
    const known = stories.get(number)
    const { entries } = this.checks
    if (known !== undefined) {
      if (previous !== known.seq) {
        const claim = previous === null ? 'it is the first of its story' : `${entryName(previous)} came before it`
        entries.add(`${where}: it says that ${claim}, and ${entryName(known.seq)} did`)
      }
      if (entry.origin !== null) entries.add(`${where}: it says again where the row came from`)
      return known
    }
    if (previous !== null) {
      entries.add(`${where}: it continues a story that is closed, or was never begun`)
      this.#complete = false
      if (subject.kind === 'row') this.#lost_rows.add(subject.row)
      return null
    }
    this.#begin(entry, where)
    return stories.begin(number)
  }

  /** Rows and batches are numbered densely from 1, in order of their first entries. */
  #begin({ subject, origin, visits }: SubjectEntry, where: Place): void {
    const { recount } = this
    const { entries, tokens } = this.checks
    const { ways } = this.#witness
    const expected = (subject.kind === 'row' ? recount.rows : recount.batches) + 1
    if (numberOf(subject) !== expected)
      entries.add(`${where}: its story begins, where ${subject.kind} ${grouped(expected)} comes next`)
    if (subject.kind === 'batch') {
      recount.batches = subject.batch
      return
    }
    recount.rows = subject.row
    if (origin === null) {
      entries.add(`${where}: it doesn't say where the row came from`)
      return
    }
    this.facts.record(origin, where, ways)
    const read = visits.filter(each => ways.kind(each.node) === 'source')
    if (read.length !== 1 || read[0]?.node !== origin.source)
      tokens.add(`${where}: its source has not read it just once`)
    if (read[0] !== undefined && isError(read[0].status)) recount.reject(origin.source)
  }

  #count({ there, erased, unread }: ValueCounts): void {
    this.values_checked += there
    this.values_erased += erased
    this.values_unread += unread
  }

  async #takeRun(looked: Looked): Promise<void> {
    const { seq, row, batch, body } = looked.entry
    const decoded = decodeRunEntry(seq, body)
    const { facts } = decoded
    if (row !== null) this.checks.entries.add(`${entryName(seq)}: its column says row ${grouped(row)}`)
    if (batch !== null) this.checks.entries.add(`${entryName(seq)}: its column says batch ${grouped(batch)}`)
    this.facts.before(seq, facts.k)
    this.#progress.took(seq, facts)
    this.#happened(seq, facts.t)
    this.#times.run(facts, new Place(seq))
    this.#count(this.#values.ofRun(decoded, looked, this.facts.run_values, new Place(seq), this.checks.values))
    if (facts.k === 'open' && seq === 0) this.#witness = this.#witnessOf(new Ways(facts.topology))
    if (facts.k === 'commit' || facts.k === 'seal' || facts.k === 'close') this.#settle(entryName(seq))
    if (facts.k === 'open' && facts.reruns !== undefined && seq === 0)
      this.#repeated = (await this.#findRepeated?.(facts.reruns, this.checks.entries)) ?? null
    this.facts.fold(seq, facts, this.#witness, this.recount, this.#complete)
    if (this.#complete) this.facts.values(seq, decoded, this.#witness.ways)
    if (facts.k !== 'commit') return
    this.#commit_tiles.take(seq, facts.tiles ?? [], this.checks.seal)
    this.#witness.line.commit(seq, facts, this.#witness.ways, this.#complete ? this.checks.entries : null)
    if (this.#complete) this.#open.commit(seq, facts.open, this.checks.totals)
  }

  /** At the end of a commit: what must add up across subjects. */
  #settle(where: Place | string): void {
    const { batches, sorts, born, opened, called, announced, answered } = this.#witness
    if (this.#complete) {
      batches.settle()
      for (const problem of incompleteRequests(announced, answered)) this.checks.groups.add(`${where}: ${problem}`)
    }
    this.#decisions?.settle()
    announced.length = 0
    answered.length = 0
    for (const numbering of [born, opened, called]) {
      const problem = numbering.settle()
      if (problem !== null && this.#complete) this.checks.tokens.add(`${where}: ${problem}`)
    }
    sorts.settle(where, this.#complete)
    this.recount.groups = this.#groups_before + opened.last
  }

  /** The trees of the last entries, as commits and the seal tell them. Gives their tiles, as far as they are stored. */
  #checkTrees(): readonly [rows: Tiles, batches: Tiles] {
    const { row: rows, batch: batches } = this.#leaves
    const { seal } = this.checks
    if (this.#complete) this.#commit_tiles.compare(rows, batches, seal)
    const [of_rows, of_batches] = [rows.tree(), batches.tree()]
    const trees = this.facts.seal?.subjects
    if (trees === undefined) return [[], []]
    if (of_rows !== null && of_batches !== null) compareTrees(trees, of_rows.head, of_batches.head, seal)
    return [of_rows?.tiles ?? [], of_batches?.tiles ?? []]
  }

  #witnessOf(ways: Ways): RunWitness {
    const { tokens, groups } = this.checks
    return {
      ways,
      tokens,
      groups,
      recount: this.recount,
      batches: new Batches(groups, ways),
      sorts: new Sorts(tokens, ways),
      line: new LineCheck(),
      born: new Numbering('tokens'),
      opened: new Numbering('groups'),
      called: new Numbering('calls'),
      announced: [],
      answered: [],
    }
  }
}

function columnName(column: 'row' | 'batch', number: number | null): string {
  return number === null ? `no ${column}` : `${column} ${grouped(number)}`
}

function numberOf(subject: SubjectEntry['subject']): number {
  return subject.kind === 'row' ? subject.row : subject.batch
}
