/** Numbers of rows, as the ranges that they make. */

/** From and to, both included. */
export type RowRange = [from: number, to: number]

/** `[[17, 66], [70, 70]]` of numbers in any order. */
export function rangesOf(rows: Iterable<number>): RowRange[] {
  const ranges: RowRange[] = []
  for (const row of [...new Set(rows)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === row - 1) last[1] = row
    else ranges.push([row, row])
  }
  return ranges
}

export function rowsIn(ranges: readonly RowRange[]): readonly number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
}
