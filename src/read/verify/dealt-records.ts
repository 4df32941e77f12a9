/** Records of a source that were dealt to splits, as far as these have them: each is in one split, and none is another's as well. */
import { NumberSet } from './number-set.ts'

export class DealtRecords {
  /** The field whose value says to which split. */
  readonly by: string
  readonly splits: number
  /** As it is said, whether or not they are there. */
  readonly count: number
  readonly #seen = new NumberSet()

  /** `count`: how many there are, numbered from 1. */
  constructor(by: string, splits: number, count: number) {
    this.by = by
    this.splits = splits
    this.count = count
  }

  /** What is wrong with a row that is this record; null if nothing is. */
  take(index: number): 'unknown' | 'twice' | null {
    if (index > this.count) return 'unknown'
    if (this.#seen.has(index)) return 'twice'
    this.#seen.add(index)
    return null
  }
}
