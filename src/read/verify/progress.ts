/**
 * What log 0 said of a run while it was under way, or a coordinator of a split, against its log: it had as many entries, of that root, the last of them ended a
 * commit, and none tells of a later time.
 */
import type { RunEntry } from '../../format/entry.ts'
import { counted, grouped } from '../../model/number-text.ts'
import type { Hash } from '../../model/sha256.ts'
import { entryName } from './check.ts'

/** A `progress` of log 0. */
export interface Said {
  /** Its place in log 0. */
  readonly seq: number
  readonly size: number
  readonly root: Hash
  readonly t: number
}

/** Entries that stand last in a transaction. */
const ENDS: readonly RunEntry['k'][] = ['commit', 'stop', 'resume', 'part', 'close']

export class ProgressCheck {
  readonly #said: readonly Said[]
  readonly #where: string
  readonly #by_size: ReadonlyMap<number, Said>
  #next = 0
  readonly #problems: string[] = []
  readonly #ends = new Set<number>()
  /** Of the run's own entries so far, the latest time. */
  #latest_us = Number.NEGATIVE_INFINITY

  /** `said` with ascending sizes; `where`: whose entries these are. */
  constructor(said: readonly Said[], where = 'log 0') {
    this.#said = said
    this.#where = where
    this.#by_size = new Map(said.map(each => [each.size, each]))
  }

  /** The number of entries at which the tree's root is wanted next; Infinity if at none. */
  get next(): number {
    return this.#said[this.#next]?.size ?? Number.POSITIVE_INFINITY
  }

  /** The tree has `next` leaves. */
  reached(root: Hash): void {
    const said = this.#said[this.#next++]
    if (said !== undefined && said.root !== root)
      this.#problems.push(
        `the first ${counted(said.size, 'entry isn’t', 'entries aren’t')} those that ${this.#nameOf(said)} has`,
      )
  }

  /** An entry of the run itself, in their order. */
  took(seq: number, { k, t }: Pick<RunEntry, 'k' | 't'>): void {
    this.#latest_us = Math.max(this.#latest_us, t)
    const said = this.#by_size.get(seq + 1)
    if (said === undefined) return
    if (ENDS.includes(k)) this.#ends.add(said.seq)
    if (this.#latest_us > said.t)
      this.#problems.push(`${entryName(seq)} tells of a time after that of ${this.#nameOf(said)}`)
  }

  /** All entries were taken; `all`: each of them could be read. */
  finish(entries: number, all: boolean): readonly string[] {
    for (const said of this.#said) {
      if (said.size > entries)
        this.#problems.push(
          `the run had ${counted(said.size, 'entry', 'entries')} at ${this.#nameOf(said)}, and has ${grouped(entries)}: some were cut off`,
        )
      else if (all && !this.#ends.has(said.seq))
        this.#problems.push(`${this.#nameOf(said)} names ${grouped(said.size)} entries, and no commit ended there`)
    }
    return this.#problems
  }

  #nameOf({ seq }: Said): string {
    return `${entryName(seq)} of ${this.#where}`
  }
}
