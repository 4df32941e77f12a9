/** Logs of runs with splits: of the coordinator, which has no rows, and of a split, which has a range of each source. */
import type { CursorFact, RunEntry } from '../../format/entry.ts'
import type { RangeFact } from '../../format/split-entry.ts'
import type { Topology } from '../../format/topology.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { entryName, type Place } from './check.ts'
import type { EndFacts, LogRole } from './log-role.ts'
import type { Recount } from './recount.ts'
import type { Ways } from './ways.ts'

interface SplitsTogether extends Pick<LogRole, 'dealt'> {
  readonly root: Hash | null
  readonly all_read: boolean
  readonly bytes: ReadonlyMap<number, number>
}

export class CoordinatorRole implements LogRole {
  readonly first = 'open'
  readonly part = 0
  readonly topology: Topology = { nodes: [], edges: [] }
  readonly sum: Recount
  readonly before: LogRole['before']
  readonly files: LogRole['files'] = new Map()
  readonly dealt: LogRole['dealt']
  readonly splits: number
  /** Of the tree of the splits' last entries; null as long as one of them isn't closed. */
  readonly #root: Hash | null

  /** Whether splits have read all that the input was cut to. */
  readonly #all_read: boolean
  /** By source that was dealt: its bytes. */
  readonly #bytes: ReadonlyMap<number, number>

  /** `records`: that all splits have read, by source. */
  constructor(
    splits: number,
    sum: Recount,
    records: ReadonlyMap<number, number>,
    { root, all_read, bytes, dealt }: SplitsTogether,
  ) {
    this.splits = splits
    this.#root = root
    this.#all_read = all_read
    this.#bytes = bytes
    this.dealt = dealt
    this.sum = sum
    this.before = new Map([...records].map(([source, count]) => [source, { records: count, index: count }]))
  }

  mayHave(kind: RunEntry['k'] | 'subject'): boolean {
    return !['subject', 'part', 'close'].includes(kind)
  }

  begins(): Iterable<string> {
    return []
  }

  *ends(where: Place, facts: EndFacts, cursors: Iterable<CursorFact>, ways: Ways): Iterable<string> {
    if (facts.k === 'close') return
    const { parts, status } = facts
    for (const { source, bytes = 0 } of cursors) {
      const dealt = this.#bytes.get(source) ?? bytes
      if (bytes !== dealt)
        yield `${where}: ${grouped(bytes)} bytes of ${ways.name(source)} were read, and ${grouped(dealt)} were dealt`
    }
    if (parts?.size !== this.splits || parts.root !== this.#root) yield `${where} seals other splits than there are`
    if (!this.#all_read && status !== 'abandoned')
      yield `${where} seals the run, and its splits have not read all that they were cut to`
  }
}

/** What a split is to be, as its coordinator has it. */
export interface SplitFacts {
  readonly run: string
  readonly part: number
  /** Leaf hash and topology of the coordinator's entry 0. */
  readonly opening: Hash
  readonly topology: Topology
  /** By source: what it is to read; absent: nothing, or all of it (`whole`). */
  readonly ranges: ReadonlyMap<number, RangeFact>
  /** Sources that it reads whole. */
  readonly whole: ReadonlySet<number>
  /** By source with a list of files. */
  readonly files: LogRole['files']
  readonly dealt: LogRole['dealt']
}

export class SplitRole implements LogRole {
  readonly first = 'part'
  readonly part: number
  readonly splits = 0
  readonly sum = null
  readonly before: LogRole['before']
  readonly files: LogRole['files']
  readonly dealt: LogRole['dealt']
  readonly topology: Topology
  readonly #facts: SplitFacts

  constructor(facts: SplitFacts) {
    this.#facts = facts
    this.part = facts.part
    this.topology = facts.topology
    this.files = facts.files
    this.dealt = facts.dealt
    this.before = new Map(
      [...facts.ranges].map(([source, { before }]) => [
        source,
        { records: 0, index: facts.dealt.has(source) ? 0 : before },
      ]),
    )
  }

  mayHave(kind: RunEntry['k'] | 'subject'): boolean {
    return !['open', 'publish', 'seal', 'cut', 'parts'].includes(kind)
  }

  *begins(seq: number, { run, part, opening }: Extract<RunEntry, { k: 'part' }>): Iterable<string> {
    const of = this.#facts
    const where = entryName(seq)
    if (seq !== 0) yield `${where} begins the split once more`
    if (run !== of.run || part !== of.part)
      yield `${where} begins split ${grouped(part)} of run ${run}, and is in the log of split ${grouped(of.part)}`
    if (opening !== of.opening) yield `${where} names another entry 0 of its run`
  }

  /** It is closed when it has read what it was to read. */
  *ends(where: Place, _facts: EndFacts, cursors: Iterable<CursorFact>, ways: Ways): Iterable<string> {
    for (const { source, records, done, bytes } of cursors) {
      const range = this.#facts.ranges.get(source)
      const name = ways.name(source)
      if (!done) yield `${where} closes the split, and ${name} has not been read to its end`
      if (range === undefined && !this.#facts.whole.has(source) && records > 0)
        yield `${where}: ${name} was read, and was to be read in other splits`
      if (range === undefined || (range.records === records && (bytes === undefined || bytes === range.bytes))) continue
      yield `${where}: of ${name} ${counted(records, 'record')} in ${grouped(bytes ?? 0)} bytes were read, and it was cut to ${grouped(range.records)} in ${grouped(range.bytes)}`
    }
  }
}
