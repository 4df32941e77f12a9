/** Which cells of a row are merged with others. Rows are asked for in order, so that few ranges are looked at for each. */
import type { CellRange } from './cell-address.ts'

export class MergedCells {
  readonly #ranges: readonly CellRange[]
  #next = 0
  #open: CellRange[] = []

  /** @param ranges sorted by their first rows */
  constructor(ranges: readonly CellRange[]) {
    this.#ranges = ranges
  }

  /** Those that reach into a row; rows never go back. */
  at(row: number): readonly CellRange[] {
    for (
      let range = this.#ranges[this.#next];
      range !== undefined && range.top <= row;
      range = this.#ranges[this.#next]
    ) {
      this.#open.push(range)
      this.#next += 1
    }
    if (this.#open.some(({ bottom }) => bottom < row)) this.#open = this.#open.filter(({ bottom }) => bottom >= row)
    return this.#open
  }
}
