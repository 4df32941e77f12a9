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
const ENDS: readonly RunEntry['k'][] = ['commit', 'stop', 'resume', 'parts', 'part', 'close']

export class ProgressCheck {
  /** Of the tree before the last entry, if that is wanted. */
  root_before_last: Hash | null = null
  /** Whether a commit ended before the last entry. */
  committed_before_last = false
  readonly #said: readonly Said[]
  readonly #where: string
  /** Entries before the last one; NaN if nothing is asked of them. */
  readonly #before_last: number
  readonly #by_size: ReadonlyMap<number, Said>
  /** At which sizes the tree's root is wanted, ascending. */
  readonly #wanted: readonly number[]
  #next = 0
  readonly #problems: string[] = []
  readonly #ends = new Set<number>()
  /** Of the run's own entries so far, the latest time. */
  #latest_us = Number.NEGATIVE_INFINITY

  /** `where`: whose entries `said` are. `before_last`: how many entries come before the last one; absent: nothing is asked of them. */
  constructor(said: readonly Said[], where = 'log 0', before_last = Number.NaN) {
    this.#said = said
    this.#where = where
    this.#before_last = before_last
    this.#by_size = new Map(said.map(each => [each.size, each]))
    const sizes = new Set([...this.#by_size.keys(), ...(before_last > 0 ? [before_last] : [])])
    this.#wanted = [...sizes].toSorted((a, b) => a - b)
  }

  /** The number of entries at which the tree's root is wanted next; Infinity if at none. */
  get next(): number {
    return this.#wanted[this.#next] ?? Number.POSITIVE_INFINITY
  }

  /** The tree has `next` leaves. */
  reached(root: Hash): void {
    if (this.next === this.#before_last) this.root_before_last = root
    const said = this.#by_size.get(this.next)
    this.#next++
    if (said !== undefined && said.root !== root)
      this.#problems.push(
        `the first ${counted(said.size, 'entry isn’t', 'entries aren’t')} those that ${this.#nameOf(said)} has`,
      )
  }

  /** An entry of the run itself, in their order. */
  took(seq: number, { k, t }: Pick<RunEntry, 'k' | 't'>): void {
    this.#latest_us = Math.max(this.#latest_us, t)
    if (seq + 1 === this.#before_last) this.committed_before_last = ENDS.includes(k)
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
