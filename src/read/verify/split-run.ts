/**
 * What a run with splits must be, whoever has its logs: each split's log like that of a run by itself, and then its coordinator's, whose totals
 * are what they add up to, and whose seal commits to the last entry of each. Records that splits read are those that the input was cut to,
 * without gaps; or those that were dealt to them, each to one.
 *
 * SPLIT-RUN-1. Splits are looked at in their order, each before its coordinator, of whose own entries some are read before them all.
 */
import type { RunEntry } from '../../format/entry.ts'
import { leafHash } from '../../format/hash.ts'
import type { RangeFact } from '../../format/split-entry.ts'
import { Frontier } from '../../format/tree.ts'
import { counted, grouped } from '../../model/number-text.ts'
import { DecodeError, decodeRunEntry } from '../decode.ts'
import { Check, entryName } from './check.ts'
import { DealtRecords } from './dealt-records.ts'
import type { FilesOfSplit, LogRole } from './log-role.ts'
import { ProgressCheck, type Said } from './progress.ts'
import { Recount } from './recount.ts'
import { CoordinatorRole, SplitRole } from './split-role.ts'
import type { WalkedRun } from './walked-run.ts'

/** What was found of a split by itself. */
export type FoundSplit = Pick<
  WalkedRun,
  'entries' | 'readable' | 'complete' | 'recount' | 'records' | 'end' | 'last_leaf' | 'earliest'
>

type Cut = Extract<RunEntry, { k: 'cut' }>

interface RangeOfPart {
  readonly cut: Cut
  readonly range: RangeFact
  /** Files of the source that end in ranges before it. */
  readonly files_before: number
}

export class SplitRun {
  readonly check = new Check('splits')
  readonly #run: string
  readonly #splits: number
  /** Leaf hash and facts of the coordinator's entry 0; null if that can't be read. */
  #opening: { readonly leaf: string; readonly facts: Extract<RunEntry, { k: 'open' }> } | null = null
  readonly #cuts: Cut[] = []
  /** By part, in the order of sources; null until all cuts are known. */
  #ranges: ReadonlyMap<number, readonly RangeOfPart[]> | null = null
  /** By source that was dealt. */
  readonly #dealt = new Map<number, DealtRecords>()
  /** What the coordinator says of its splits, by part, with ascending sizes. */
  readonly #heads = new Map<number, Said[]>()
  readonly #sum = new Recount()
  /** By source: what all splits have read. */
  readonly #records = new Map<number, number>()
  /** Of their last entries. */
  readonly #tree = new Frontier()
  /** Whether each so far is closed. */
  #all_closed = true

  /** `splits`: how many log 0 says that it has. */
  constructor(run: string, splits: number) {
    this.#run = run
    this.#splits = splits
  }

  /** The coordinator's own entries, in order, before the splits; they are looked at as entries afterwards. */
  ofCoordinator(seq: number, body: string): void {
    let facts: RunEntry
    try {
      ;({ facts } = decodeRunEntry(seq, body))
    } catch (error) {
      if (error instanceof DecodeError) return
      throw error
    }
    if (facts.k === 'open' && seq === 0) this.#opening = { leaf: leafHash(body), facts }
    if (facts.k === 'cut') this.#cut(facts)
    if (facts.k !== 'parts') return
    for (const { part, size, root } of facts.heads) {
      const before = this.#heads.get(part) ?? []
      if (part > this.#splits) this.check.add(`${entryName(seq)} tells of split ${part}, and there is none`)
      if (size <= (before.at(-1)?.size ?? 0))
        this.check.add(
          `${entryName(seq)} says that split ${part} has ${counted(size, 'entry', 'entries')}, and it had as many before`,
        )
      else this.#heads.set(part, [...before, { seq, size, root, t: facts.t }])
    }
  }

  /** How many entries of splits are bound where so many of the coordinator's are. */
  boundWith(coordinators: number): number {
    const said = this.#heads.values().map(each => each.findLast(({ seq }) => seq < coordinators)?.size ?? 0)
    return said.reduce((sum, each) => sum + each, 0)
  }

  #cut(facts: Cut): void {
    this.#cuts.push(facts)
    const { before, records } = facts.ranges.at(-1) ?? { before: 0, records: 0 }
    if (facts.dealt !== undefined)
      this.#dealt.set(facts.source, new DealtRecords(facts.dealt.by, this.#splits, before + records))
  }

  /** How the log of a split, of so many entries, is to be looked at. */
  ofSplit(part: number, entries: number): { readonly role: LogRole; readonly progress: ProgressCheck } {
    const ranges = new Map<number, RangeFact>()
    const whole = new Set<number>()
    const files = new Map<number, FilesOfSplit>()
    for (const cut of this.#cuts) {
      const { source } = cut
      if (cut.whole !== part) continue
      whole.add(source)
      const count = this.#filesOf(cut)
      if (count !== null) files.set(source, { count, files_before: 0, records_before: 0, ends: count })
    }
    for (const { cut, range, files_before } of this.#rangesOf(part)) {
      const { source } = cut
      ranges.set(source, range)
      const count = this.#filesOf(cut)
      const { before: records_before, files: ends = 0 } = range
      if (count !== null) files.set(source, { count, files_before, records_before, ends })
    }
    const topology = this.#opening?.facts.topology ?? { nodes: [], edges: [] }
    const dealt = this.#dealt
    const facts = { run: this.#run, part, opening: this.#opening?.leaf ?? '', topology, ranges, whole, files, dealt }
    const progress = new ProgressCheck(this.#heads.get(part) ?? [], 'its coordinator’s log', entries - 1)
    return { role: new SplitRole(facts), progress }
  }

  /** How many files a source has on its list that splits read; null if it has none, or was dealt: its coordinator has them then. */
  #filesOf({ source, dealt }: Cut): number | null {
    return dealt === undefined ? this.#listed(source) : null
  }

  /** What a split reads of sources that were cut or dealt. There may be very many splits: each range is looked at once. */
  #rangesOf(part: number): readonly RangeOfPart[] {
    if (this.#ranges === null) {
      const found = new Map<number, RangeOfPart[]>()
      for (const cut of this.#cuts) {
        let files_before = 0
        for (const range of cut.ranges) {
          const of_part = found.get(range.part) ?? []
          of_part.push({ cut, range, files_before })
          found.set(range.part, of_part)
          files_before += range.files ?? 0
        }
      }
      this.#ranges = found
    }
    return this.#ranges.get(part) ?? []
  }

  /** How many files a source has on its list; null if it has none. */
  #listed(source: number): number | null {
    return this.#opening?.facts.files?.find(each => each.source === source)?.count ?? null
  }

  /** What was found of the next one; null: nobody has begun it. */
  take(part: number, found: FoundSplit | null, progress: ProgressCheck): void {
    const check = this.check.about(`split ${part}`)
    const closed = found?.end?.k === 'close' ? found.end : null
    if (closed === null) this.#all_closed = false
    if (found === null) {
      if (this.#heads.has(part)) check.add('its coordinator knows of entries, and there are none')
      return
    }
    if (found.complete) for (const problem of progress.finish(found.entries, found.readable)) check.add(problem)
    const { earliest } = found
    if (earliest !== null && earliest.t < (this.#opening?.facts.t ?? 0))
      check.add(`${entryName(earliest.seq)} tells of a time before the run was opened`)
    this.#sum.addSplit(found.recount)
    for (const [source, count] of found.records) this.#records.set(source, (this.#records.get(source) ?? 0) + count)
    for (const cut of this.#cuts) {
      const { source, dealt } = cut
      const { records = 0 } = this.#rangesOf(part).find(each => each.cut === cut)?.range ?? {}
      const rows = found.records.get(source) ?? 0
      if (dealt !== undefined && rows > records)
        check.add(`it has ${counted(rows, 'row')} of node ${source}, and was dealt ${counted(records, 'record')}`)
    }
    this.#tree.append(found.last_leaf)
    if (closed === null) return
    if (closed.size !== found.entries - 1)
      check.add(`its last entry says that ${grouped(closed.size)} come before it, and ${grouped(found.entries - 1)} do`)
    else if (closed.root !== progress.root_before_last)
      check.add('its last entry has another root than the entries before it give')
    if (found.readable && !progress.committed_before_last) check.add('no commit ended before its last entry')
  }

  /** How its log is to be looked at, when all splits were. */
  coordinator(): LogRole {
    this.#checkCuts()
    const root = this.#all_closed ? this.#tree.root() : null
    const all_read = this.#cuts.every(({ source, ranges, whole }) => {
      const { before, records } = ranges.at(-1) ?? { before: 0, records: 0 }
      return whole !== undefined || (this.#records.get(source) ?? 0) === before + records
    })
    const bytes = new Map(
      this.#cuts.flatMap(({ source, dealt }) => (dealt === undefined ? [] : [[source, dealt.bytes]])),
    )
    return new CoordinatorRole(this.#splits, this.#sum, this.#records, {
      ...{ root, all_read, bytes, dealt: this.#dealt },
    })
  }

  /** Ranges of a source follow each other without gaps, in order of their splits. */
  #checkCuts(): void {
    const { check } = this
    const seen = new Set<number>()
    const [first] = this.#cuts
    for (const { source, ranges, whole, positions, dealt, input } of this.#cuts) {
      if (dealt?.by !== first?.dealt?.by || dealt?.epoch !== first?.dealt?.epoch)
        check.add(`node ${source} was dealt by another field than the others, at another time, or was cut`)
      if (dealt !== undefined && (positions !== undefined || ranges.some(({ line }) => line !== 0)))
        check.add(`node ${source} was dealt, and has places of ranges`)
      if (seen.has(source)) check.add(`node ${source} was cut twice`)
      seen.add(source)
      if ((input !== undefined) !== (dealt !== undefined) || (dealt !== undefined && whole !== undefined))
        check.add(`it is not said how node ${source} was read when it was dealt`)
      if (whole !== undefined && (ranges.length > 0 || whole > this.#splits))
        check.add(`node ${source} is whole, and was cut`)
      const count = dealt === undefined ? this.#listed(source) : null
      const files = ranges.reduce((sum, range) => sum + (range.files ?? 0), 0)
      if (files > (count ?? 0)) check.add(`more files of node ${source} end in ranges than are on its list`)
      if (ranges.some(range => (range.files === undefined) !== (count === null)))
        check.add(`the ranges of node ${source} don’t say how many files end in them, or it has no list`)
      let before = 0
      let part = 0
      for (const range of ranges) {
        if (range.part <= part || range.part > this.#splits)
          check.add(`the ranges of node ${source} are not in order of splits`)
        if (range.before !== before)
          check.add(
            `the range of node ${source} in split ${range.part} begins behind ${counted(range.before, 'record')}, and ${grouped(before)} come before it`,
          )
        part = range.part
        before = range.before + range.records
      }
    }
  }
}

/** What the checks of splits found, for those of their coordinator by the same names; it says which split it is. */
export class ChecksOfSplits {
  readonly #found = new Map<string, Check>()

  add(part: number, checks: readonly Check[]): void {
    for (const check of checks) {
      const all = this.#found.get(check.name) ?? check.anew()
      this.#found.set(check.name, all)
      all.take(check, `split ${part}`)
    }
  }

  /** `own`: the coordinator's. */
  with(own: readonly Check[]): readonly Check[] {
    for (const check of own) {
      const other = this.#found.get(check.name)
      if (other !== undefined) check.take(other)
    }
    return own
  }
}
