/** Rows that stand close together, so that they are read by one question. */

/** Rows between two that are asked for which are read along, rather than by another question. */
const GAP = 3

/** First and last of each stretch of ascending numbers, which spans `most` numbers at most. */
export function stretchesOf(rows: readonly number[], most = Number.POSITIVE_INFINITY): readonly Stretch[] {
  const found: [number, number][] = []
  for (const row of rows) {
    const last = found.at(-1)
    if (last !== undefined && row - last[1] <= GAP + 1 && row - last[0] < most) last[1] = row
    else found.push([row, row])
  }
  return found
}

type Stretch = readonly [first: number, last: number]
