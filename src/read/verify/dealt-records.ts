/** Records of a source that were dealt to splits, as far as these have them: each is in one split, and none is another's as well. */
export class DealtRecords {
  /** The field whose value says to which split. */
  readonly by: string
  readonly splits: number
  readonly count: number
  /** A bit for each. */
  readonly #seen: Uint8Array

  /** `count`: how many there are, numbered from 1. */
  constructor(by: string, splits: number, count: number) {
    this.by = by
    this.splits = splits
    this.count = count
    this.#seen = new Uint8Array(Math.ceil(count / 8))
  }

  /** What is wrong with a row that is this record; null if nothing is. */
  take(index: number): 'unknown' | 'twice' | null {
    const [place, bit] = [(index - 1) >> 3, 1 << ((index - 1) & 7)]
    const byte = this.#seen[place]
    if (index > this.count || byte === undefined) return 'unknown'
    if ((byte & bit) !== 0) return 'twice'
    this.#seen[place] = byte | bit
    return null
  }
}
