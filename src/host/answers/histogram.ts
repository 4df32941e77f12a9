/**
 * Durations, however many, in little memory: counted in classes whose width is at most 1/64 of what is in them.
 *
 * HISTOGRAM-1. A quantile is never less than the exact one, and greater by 1/64 of that at most.
 */

/** Below this each whole number is a class of its own; above, each doubling has half as many. */
const EXACT = 128
const HALF = EXACT / 2

export class Histogram {
  readonly #counts = new Map<number, number>()
  count = 0
  max = 0

  /** `value`: whole, not negative. */
  add(value: number): void {
    const place = classOf(value)
    this.#counts.set(place, (this.#counts.get(place) ?? 0) + 1)
    this.count++
    this.max = Math.max(this.max, value)
  }

  /** The smallest value that this share of all aren't greater than; 0 of none. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.count))
    let seen = 0
    for (const place of [...this.#counts.keys()].sort((a, b) => a - b)) {
      seen += this.#counts.get(place) ?? 0
      if (seen >= wanted) return Math.min(this.max, lastOf(place))
    }
    return 0
  }
}

function classOf(value: number): number {
  let [scale, of] = [0, value]
  while (of >= EXACT) {
    of = Math.floor(of / 2)
    scale++
  }
  return scale * HALF + of
}

/** The largest value of a class. */
function lastOf(place: number): number {
  if (place < EXACT) return place
  const scale = Math.floor(place / HALF) - 1
  return (place - scale * HALF + 1) * 2 ** scale - 1
}
