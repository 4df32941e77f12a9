/** How many different values a column has: those of few exactly, whether none stands twice within a budget of memory. */

const MOST_VALUES = 40
const MOST_UNITS = 60

/** Values and how often each stands, as long as there are few; then those that came first are still counted. */
export class FewValues {
  readonly counts = new Map<string, number>()
  /** Whether these are all. */
  complete = true

  add(value: string): void {
    const count = this.counts.get(value)
    if (count !== undefined) this.counts.set(value, count + 1)
    else if (this.counts.size < MOST_VALUES && value.length <= MOST_UNITS) this.counts.set(value, 1)
    else this.complete = false
  }

  /** The most frequent one. */
  get top(): { readonly value: string; readonly count: number } | null {
    let best: { value: string; count: number } | null = null
    for (const [value, count] of this.counts) if (best === null || count > best.count) best = { value, count }
    return best
  }
}

/** Values that all columns of a file together may remember. */
const REMEMBERED = 2_000_000

export class Budget {
  left: number

  constructor(values = REMEMBERED) {
    this.left = values
  }
}

/**
 * Whether no value stands twice. Values are remembered by 53 bits of a hash: of a million columns of a million values each some fifty would be
 * taken for ones that aren’t unique. When the budget is spent, what follows is compared with what is remembered, and no more is.
 */
export class Uniqueness {
  /** Whether a value stood twice. */
  twice = false
  /** Records whose values are remembered. */
  remembered = 0
  /** Whether all were. */
  complete = true
  readonly #budget: Budget
  #table = new Float64Array(1024)

  constructor(budget: Budget) {
    this.#budget = budget
  }

  add(value: string): void {
    if (this.twice) return
    const hash = hashOf(value)
    const place = this.#placeOf(hash)
    if (this.#table[place] === hash) return this.#forget()
    if (this.#budget.left <= 0) {
      this.complete = false
      return
    }
    this.#table[place] = hash
    this.remembered += 1
    this.#budget.left -= 1
    if (this.remembered * 2 > this.#table.length) this.#grow()
  }

  /** Gives back what is remembered: nobody needs to know any more. */
  #forget(): void {
    this.twice = true
    this.#budget.left += this.remembered
    this.#table = new Float64Array(0)
  }

  #placeOf(hash: number): number {
    const mask = this.#table.length - 1
    for (let place = hash % this.#table.length; ; place = (place + 1) & mask) {
      const there = this.#table[place]
      if (there === 0 || there === hash) return place
    }
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Float64Array(old.length * 2)
    for (const hash of old) if (hash !== 0) this.#table[this.#placeOf(hash)] = hash
  }
}

/** From 1 to 2^53 − 1; two streams of multiplications over the units, mixed at the end. */
function hashOf(value: string): number {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0) || 1
}
