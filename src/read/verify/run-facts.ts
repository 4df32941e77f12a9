/**
 * The entries of the run itself, in their order: open, commits with cursors and receipts, stops and resumptions, publish,
 * seal. Checked against what the entries of rows and batches have added up to (I4).
 */
import {
  CALL_OK,
  CALL_THROTTLED,
  type CallFact,
  type CursorFact,
  type FileFact,
  isAnswered,
  type OriginFact,
  type PublishedFact,
  type ReceiptFact,
  type RunEntry,
  type SealedStatus,
} from '../../format/entry.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { DecodedRunEntry } from '../decode.ts'
import { call } from '../decode-call.ts'
import { type Commits, SubjectValues } from '../values.ts'
import { artifactProblems } from './artifacts.ts'
import { type Check, entryName, Place } from './check.ts'
import { FilesRead } from './input-files.ts'
import type { EndFacts, LogRole } from './log-role.ts'
import type { Numbering } from './numbering.ts'
import type { Recount } from './recount.ts'
import type { Reruns } from './repeated.ts'
import { RunValueNames } from './run-values.ts'
import type { Ways } from './ways.ts'

/** What entries of rows are held against, too. */
interface Witnesses {
  readonly ways: Ways
  readonly called: Numbering
}

/** `from`: before which record. */
type AskedLast = Pick<CallFact, 'call' | 'ordinal' | 'attempt' | 'status'> & { readonly from: number }
const NO_CALL: AskedLast = { call: 0, ordinal: 0, attempt: 0, status: CALL_OK, from: 1 }

export class RunFacts {
  readonly #run: string
  readonly #role: LogRole
  readonly #entries: Check
  readonly #totals: Check
  readonly #seals: Check
  readonly #files: FilesRead
  #commits = 0
  #stopped = false
  #last_epoch = 1
  #receipts = new Map<number, ReceiptFact>()
  #cursors = new Map<number, CursorFact>()
  #published: readonly PublishedFact[] | null = null
  /** Records read so far, by source. */
  readonly #records = new Map<number, number>()
  /** The latest of each source: number of the record, and of the row that is repeated. */
  readonly #last_records = new Map<number, { readonly index: number; readonly repeats: number }>()
  /** The run whose rows it repeats. */
  reruns: Reruns | null = null
  /** By source that calls services its last call; and those that were answered. */
  readonly #asked = new Map<number, AskedLast>()
  readonly #answered = new Set<number>()
  /** Sources whose rest isn't read. */
  readonly unread = new Set<number>()
  /** Of `resume` entries, with ascending epochs. */
  readonly resumed: { readonly epoch: number; readonly t: number }[] = []
  seal: EndFacts | null = null
  /** Of a coordinator. */
  readonly cuts: Extract<RunEntry, { k: 'cut' }>[] = []
  /** Those of the entries so far. */
  readonly run_values = new SubjectValues()
  readonly #names = new RunValueNames(this.run_values)

  constructor(
    run: string,
    checks: { readonly entries: Check; readonly totals: Check; readonly seal: Check },
    role: LogRole,
  ) {
    this.#run = run
    this.#role = role
    for (const [source, { records, index }] of role.before) {
      this.#records.set(source, records)
      this.#last_records.set(source, { index, repeats: 0 })
    }
    this.#entries = checks.entries
    this.#totals = checks.totals
    this.#seals = checks.seal
    this.#files = new FilesRead(checks, role.files)
  }

  /**
   * A row was read: its record's number within its source is the next one. In a re-run it is behind the one before, and so is the
   * row that is repeated.
   */
  record({ source, index, repeats }: OriginFact, where: Place, ways: Ways): void {
    if (ways.kind(source) !== 'source')
      this.#entries.add(`${where}: it comes from ${ways.name(source)}, which is no source`)
    if (this.unread.has(source)) this.#entries.add(`${where}: ${ways.name(source)} was not to be read any further`)
    const records = (this.#records.get(source) ?? 0) + 1
    this.#records.set(source, records)
    if ((this.reruns === null) !== (repeats === null))
      this.#entries.add(
        `${where}: ${repeats === null ? "it doesn't say which row it repeats" : 'it repeats a row, and the run none'}`,
      )
    const last = this.#last_records.get(source) ?? { index: 0, repeats: 0 }
    this.#last_records.set(source, { index, repeats: repeats ?? 0 })
    const dealt = this.#role.dealt.get(source)
    if (dealt !== undefined) {
      const wrong = dealt.take(index)
      if (wrong !== null || index <= last.index)
        this.#entries.add(
          `${where}: it is record ${grouped(index)} of ${ways.name(source)}, which ${wrong === 'unknown' ? 'was not dealt' : wrong === 'twice' ? 'is another row, too' : `comes before record ${grouped(last.index)}`}`,
        )
    } else if (this.reruns === null && index !== last.index + 1)
      this.#entries.add(
        `${where}: it is record ${grouped(index)} of ${ways.name(source)}, where ${grouped(last.index + 1)} comes next`,
      )
    if (this.reruns !== null && (index <= last.index || (repeats ?? 0) <= last.repeats))
      this.#entries.add(`${where}: what it repeats comes before what ${ways.name(source)} has given already`)
  }

  /** Whether records of a source can follow, from this number on, of which nothing needs to be said. */
  goesOn(source: number, index: number, ways: Ways): boolean {
    const is_open = this.seal === null && !this.#stopped && this.reruns === null && this.#role.mayHave('subject')
    const last = this.#last_records.get(source)?.index ?? 0
    if (this.#role.dealt.has(source)) return false
    return is_open && ways.kind(source) === 'source' && !this.unread.has(source) && index === last + 1
  }

  /** So many such records were read, the last of them with this number. */
  recordAll(source: number, count: number, index: number): void {
    this.#records.set(source, (this.#records.get(source) ?? 0) + count)
    this.#last_records.set(source, { index, repeats: 0 })
  }

  /** Read so far, by source. */
  get records(): ReadonlyMap<number, number> {
    return this.#records
  }

  /** As the latest commit has them. */
  get cursors(): Iterable<CursorFact> {
    return this.#cursors.values()
  }

  /** By each sink that publishes anything; none if nothing was published. */
  get published(): readonly PublishedFact[] {
    return this.#published ?? []
  }

  /** Before any entry: what must not follow a seal or a stop. */
  before(seq: number, kind: RunEntry['k'] | 'subject'): void {
    if (this.seal !== null) this.#seals.add(`${entryName(seq)} follows the seal`)
    if (this.#stopped && kind !== 'resume')
      this.#entries.add(`${entryName(seq)} follows a stop, and no resumption stands between`)
    if (kind === 'resume') this.#stopped = false
    if (seq === 0 && kind !== this.#role.first) this.#entries.add('entry 0 does not open the run')
    if (!this.#role.mayHave(kind)) this.#entries.add(`${entryName(seq)} is none that such a log can have`)
  }

  /** `ways` are those of entry 0. `complete`: all entries so far could be read, so that totals can be compared. */
  fold(seq: number, facts: RunEntry, { ways, called }: Witnesses, recount: Recount, complete: boolean): void {
    const where = new Place(seq)
    switch (facts.k) {
      case 'open':
        if (seq !== 0) this.#entries.add(`${where} opens the run once more`)
        this.reruns = facts.reruns ?? null
        if (facts.run !== this.#run) this.#entries.add(`${where} opens run ${facts.run}`)
        if ((facts.splits ?? 0) !== this.#role.splits)
          this.#entries.add(
            `${where} says that the run has ${counted(facts.splits ?? 0, 'split')}, and log 0 says ${this.#role.splits}`,
          )
        for (const problem of ways.problems()) this.#entries.add(`${where}: ${problem}`)
        this.#files.open(where, facts, ways)
        return
      case 'file':
        return this.#file(where, facts, ways, complete)
      case 'calls':
        return this.#calls(where, facts, ways, recount, called)
      case 'commit':
        return this.#commit(where, facts, ways, recount, complete)
      case 'stop':
        this.#stopped = true
        return
      case 'resume':
        if (facts.epoch <= this.#last_epoch)
          this.#entries.add(`${where} resumes with epoch ${facts.epoch}, after ${this.#last_epoch}`)
        this.#last_epoch = facts.epoch
        this.resumed.push({ epoch: facts.epoch, t: facts.t })
        for (const source of facts.cut) {
          if (ways.kind(source) !== 'source')
            this.#entries.add(`${where} cuts ${ways.name(source)}, which is no source`)
          this.unread.add(source)
        }
        return
      case 'publish':
        this.#published = facts.artifacts
        this.#checkSinks(where, facts.artifacts, ways, recount, complete)
        return
      case 'seal':
      case 'close':
        return this.#seal(where, facts, ways, recount, complete)
      case 'part':
        for (const problem of this.#role.begins(seq, facts)) this.#entries.add(problem)
        return
      // What they say of splits is looked at with these (split-run.ts).
      case 'cut':
        this.cuts.push(facts)
        return this.#dealt(where, facts.source, ways)
      case 'parts':
        return
    }
  }

  /** In the log of a coordinator files of what was dealt are, each before it says so; the records are rows of splits. */
  #file(where: Place, facts: FileFact, ways: Ways, complete: boolean): void {
    const { source } = facts
    const rows = complete ? (this.#records.get(source) ?? 0) : Number.POSITIVE_INFINITY
    if (this.#role.sum === null) return this.#files.take(where, facts, rows, ways)
    const dealt = this.#role.dealt.get(source)
    if (dealt === undefined || this.cuts.some(each => each.source === source))
      this.#entries.add(`${where} is none that such a log can have`)
    else this.#files.take(where, facts, dealt.count, ways)
  }

  #dealt(where: Place, source: number, ways: Ways): void {
    const dealt = this.#role.dealt.get(source)
    if (dealt === undefined) return
    for (const problem of this.#files.unfinished(source, dealt.count, false, ways))
      this.#totals.add(`${where}: ${ways.name(source)} was dealt, and ${problem}`)
  }

  /** A source's own calls: of one source that has the service, one after the other, none before an earlier record than the last. */
  #calls(
    where: Place,
    { from, x }: Extract<RunEntry, { k: 'calls' }>,
    ways: Ways,
    recount: Recount,
    called: Numbering,
  ): void {
    const calls = x.map(each => call(each, ''))
    const source = calls[0]?.node ?? 0
    for (const each of calls) {
      const { node, service, ordinal, attempt } = each
      called.add(each.call)
      recount.call(each)
      if (node !== source || ways.kind(node) !== 'source' || service > ways.services(node))
        this.#entries.add(`${where} has a call of ${ways.name(node)}, which can't have made it`)
      const last = this.#asked.get(source) ?? NO_CALL
      const again = from === last.from && !isAnswered(last)
      const nth = from === last.from ? last.ordinal + (again ? 0 : 1) : 1
      if (each.call <= last.call || from < last.from || (last.call === 0 && from > 1) || ordinal !== nth)
        this.#entries.add(`${where} has call ${grouped(each.call)} out of order`)
      // One that was throttled, or met a service that was down, is made once more in the same attempt.
      const most = last.attempt + (last.status === CALL_THROTTLED ? 0 : 1)
      if (again ? attempt < last.attempt || attempt > most : attempt !== 1)
        this.#entries.add(
          `${where} has attempt ${grouped(attempt)} of call ${grouped(each.call)}, and not the one before`,
        )
      this.#asked.set(source, { ...each, from })
      if (isAnswered(each)) this.#answered.add(source)
    }
  }

  #commit(
    where: Place,
    facts: Extract<RunEntry, { k: 'commit' }>,
    ways: Ways,
    recount: Recount,
    complete: boolean,
  ): void {
    this.#commits++
    if (facts.commit !== this.#commits)
      this.#entries.add(`${where} is commit ${facts.commit}, where ${this.#commits} comes next`)
    this.#commits = facts.commit
    if (complete) for (const problem of recount.problems(facts.totals, ways)) this.#totals.add(`${where}: ${problem}`)
    this.#checkCursors(where, facts.cursors, ways, complete ? recount : null)
    // A coordinator puts together what its splits have written, bit by bit.
    this.#checkSinks(where, facts.receipts, ways, recount, complete && this.#role.sum === null)
    // A file that is made once more at the end can be shorter than what was gathered for it.
    const may_shrink = facts.cursors.every(({ source, done }) => done || this.unread.has(source))
    for (const receipt of facts.receipts) {
      const had = this.#receipts.get(receipt.sink)?.bytes ?? 0
      if (!may_shrink && receipt.bytes < had)
        this.#totals.add(
          `${where}: sink ${ways.name(receipt.sink)} has ${grouped(receipt.bytes)} bytes, after ${grouped(had)}`,
        )
      this.#receipts.set(receipt.sink, receipt)
    }
  }

  /** Each source once, in order; as many records as there are rows of it. */
  #checkCursors(where: Place, cursors: readonly CursorFact[], ways: Ways, recount: Recount | null): void {
    this.#checkOrder(
      where,
      'source',
      cursors.map(each => each.source),
      ways,
    )
    for (const cursor of cursors) {
      const { source, records, done, bytes = 0 } = cursor
      const rows = this.#records.get(source) ?? 0
      if (recount?.isNews(`source ${source}`, [records], [rows]) === true) {
        this.#totals.add(
          `${where}: ${ways.name(source)} has been read for ${counted(records, 'record', 'records')}, and there are ${counted(rows, 'row', 'rows')} of it`,
        )
      }
      const before = this.#cursors.get(source)
      const had = before?.bytes ?? 0
      if (bytes < had)
        this.#totals.add(
          `${where}: ${ways.name(source)} has been read for ${grouped(bytes)} bytes, after ${grouped(had)}`,
        )
      if (before?.done === true && (!done || records !== before.records)) {
        this.#totals.add(`${where}: ${ways.name(source)} continues after its end`)
      }
      if (records > 0 && this.reruns === null && ways.services(source) > 0 && !this.#answered.has(source))
        this.#totals.add(`${where}: ${ways.name(source)} has records, and was answered nothing`)
      this.#cursors.set(source, cursor)
    }
  }

  /** Rows in a sink's receipt are the tokens whose ending names it, counted independently. */
  #checkSinks(where: Place, receipts: readonly ReceiptFact[], ways: Ways, recount: Recount, complete: boolean): void {
    this.#checkOrder(
      where,
      'sink',
      receipts.map(each => each.sink),
      ways,
    )
    if (!complete) return
    for (const { sink, rows } of receipts) {
      const ended = recount.endingsIn(sink)
      if (recount.isNews(`sink ${sink}`, [rows], [ended])) {
        this.#totals.add(
          `${where}: sink ${ways.name(sink)} has written ${counted(rows, 'row', 'rows')}, and ${counted(ended, 'token', 'tokens')} ended in it`,
        )
      }
    }
  }

  #checkOrder(where: Place, kind: 'source' | 'sink', numbers: readonly number[], ways: Ways): void {
    const all = ways.nodes.flatMap((node, i) => (node.kind === kind ? [i + 1] : []))
    if (numbers.length !== all.length || numbers.some((each, i) => each !== all[i])) {
      this.#totals.add(`${where} does not speak of each ${kind} once, in order`)
    }
  }

  /** What an entry names are values, each in one place; what they say fits what the entry says. */
  values(seq: number, { facts, ...own }: Pick<DecodedRunEntry, 'facts'> & Commits, ways: Ways): void {
    const where = new Place(seq)
    for (const problem of this.#names.take(facts, own, ways)) this.#entries.add(`${where}: ${problem}`)
    if (facts.k !== 'publish') return
    for (const problem of artifactProblems(facts, this.run_values, ways)) this.#totals.add(`${where}: ${problem}`)
  }

  #seal(where: Place, facts: EndFacts, ways: Ways, recount: Recount, complete: boolean): void {
    this.seal = facts
    if (!complete) return
    for (const problem of recount.problems(facts.totals, ways)) this.#totals.add(`${where}: ${problem}`)
    const expected = sealedStatus(recount)
    if (facts.k === 'seal' && facts.status !== 'abandoned' && facts.status !== expected) {
      this.#seals.add(`${where} seals the run as ${facts.status}, and its endings make it ${expected}`)
    }
    // What isn't read any further has been read as far as it was.
    const read = [...this.#cursors.values()].filter(({ source, done }) => !done || !this.unread.has(source))
    for (const problem of this.#role.ends(where, facts, read, ways)) this.#seals.add(problem)
    if (recount.born !== recount.ended) {
      this.#seals.add(
        `${where} seals the run, and ${counted(recount.born - recount.ended, 'token has', 'tokens have')} no ending`,
      )
    }
    // Those of a coordinator are in the logs of its splits.
    const ends = facts.k === 'close' ? 'closes the split' : 'seals the run'
    for (const { source, records } of this.#role.sum === null ? this.#cursors.values() : [])
      for (const problem of this.#files.unfinished(source, records, this.unread.has(source), ways))
        this.#totals.add(`${where} ${ends}, and ${problem}`)
    if (facts.k === 'close') return
    this.#checkPublished(where, ways)
    if (facts.status === 'abandoned') return
    for (const { source, done } of this.#cursors.values()) {
      if (!done) this.#seals.add(`${where} seals the run, and ${ways.name(source)} has not been read to its end`)
    }
    if (this.#published === null && this.#commits > 0)
      this.#seals.add(`${where} seals the run, and nothing says what was published`)
  }

  /** What was published is what the last commit's receipts say. */
  #checkPublished(where: Place, ways: Ways): void {
    for (const { sink, rows, bytes, files } of this.#published ?? []) {
      const receipt = this.#receipts.get(sink)
      // What was gathered for several files isn't as long as they are.
      const other_bytes = files === undefined && receipt?.bytes !== bytes
      if (receipt !== undefined && (receipt.rows !== rows || other_bytes)) {
        this.#seals.add(
          `${where}: ${ways.name(sink)} was published with ${grouped(rows)} rows and ${grouped(bytes)} bytes, and its last receipt has ${grouped(receipt.rows)} and ${grouped(receipt.bytes)}`,
        )
      }
    }
  }
}

function sealedStatus({ rows, failures, abandoned }: Recount): SealedStatus {
  if (abandoned > 0) return 'abandoned'
  if (rows === 0) return 'empty'
  return failures > 0 ? 'completed_with_failures' : 'completed'
}
