/** The rows of open tokens, one after the other, and how many each has: eight bytes for each token, since sorts and joins may hold millions. */

const LEAST = 64

export class OpenRows {
  #rows = new Float64Array(LEAST)
  #size = 0

  /** The row of a token. */
  add(row: number): void {
    if (this.#size === this.#rows.length) {
      const rows = new Float64Array(2 * this.#size)
      rows.set(this.#rows)
      this.#rows = rows
    }
    this.#rows[this.#size++] = row
  }

  /** By their numbers. */
  *[Symbol.iterator](): Iterator<readonly [row: number, open: number]> {
    const rows = this.#rows.subarray(0, this.#size).sort()
    let open = 0
    for (const [i, row] of rows.entries()) {
      open++
      if (rows[i + 1] === row) continue
      yield [row, open]
      open = 0
    }
  }
}
