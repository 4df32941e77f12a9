/** Which values log 0 says were erased. */
import type { Erased } from '../format/ledger-entry.ts'
import { counted, grouped } from '../model/number-text.ts'

export class Erasures {
  /** By log: whole entries, in order and apart from each other. */
  readonly #ranges = new Map<number, (readonly [first: number, last: number])[]>()
  /** `log seq place` */
  readonly #single = new Set<string>()
  readonly #logs = new Set<number>()

  /** @returns what is wrong with it; null if nothing. `size`: entries of the log. */
  add(log: number, erased: Erased, size: number): string | null {
    if (erased.length === 0) return 'it names nothing'
    let before = -1
    for (const [first = 0, last = -1, ...places] of erased) {
      if (first <= before || last < first || last >= size)
        return `it names entries ${grouped(first)} to ${grouped(last)}, and they aren’t such of a run with ${counted(size, 'entry', 'entries')}, in order`
      if (places.length > 0 && (first !== last || places.some((each, i) => each <= (places[i - 1] ?? 0))))
        return `it names values ${places.join(', ')} of entry ${grouped(first)}, which aren’t such of one entry, in order`
      before = last
    }
    const whole = erased.flatMap(([first = 0, last = 0, ...places]) =>
      places.length === 0 ? [[first, last] as const] : [],
    )
    this.#logs.add(log)
    if (whole.length > 0) this.#ranges.set(log, joined([...(this.#ranges.get(log) ?? []), ...whole]))
    for (const [seq, , ...places] of erased) for (const place of places) this.#single.add(`${log} ${seq} ${place}`)
    return null
  }

  /** Whether values of a log were erased. */
  hasAny(log: number): boolean {
    return this.#logs.has(log)
  }

  /** `place`: from 1, among the values of the entry. */
  has(log: number, seq: number, place: number): boolean {
    if (!this.#logs.has(log)) return false
    return this.#hasEntry(log, seq) || this.#single.has(`${log} ${seq} ${place}`)
  }

  /** Whether all values of these entries were erased, by one word. */
  hasRange(log: number, first: number, last: number): boolean {
    return (this.#ranges.get(log) ?? []).some(([from, to]) => from <= first && last <= to)
  }

  #hasEntry(log: number, seq: number): boolean {
    const ranges = this.#ranges.get(log) ?? []
    let [from, to] = [0, ranges.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((ranges[middle]?.[1] ?? 0) < seq) from = middle + 1
      else to = middle
    }
    return (ranges[from]?.[0] ?? Number.POSITIVE_INFINITY) <= seq
  }
}

function joined(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const apart: (readonly [number, number])[] = []
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const before = apart.at(-1)
    if (before === undefined || before[1] < first) apart.push([first, last])
    else apart.splice(-1, 1, [before[0], Math.max(before[1], last)])
  }
  return apart
}
