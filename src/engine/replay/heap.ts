/** A binary heap: the least of what was added is at hand. */
export class Heap<T extends object> {
  readonly #items: T[] = []
  readonly #isBefore: (a: T, b: T) => boolean

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore
  }

  get least(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      const above = items[up]
      if (above === undefined || !this.#isBefore(item, above)) break
      items[at] = above
      at = up
    }
    items[at] = item
  }

  /** Takes the least out. */
  drop(): void {
    const items = this.#items
    const item = items.pop()
    if (item === undefined || items.length === 0) return
    let at = 0
    for (;;) {
      const down = 2 * at + 1
      const [left, right] = [items[down], items[down + 1]]
      if (left === undefined) break
      const turns_right = right !== undefined && this.#isBefore(right, left)
      const below = turns_right ? right : left
      if (!this.#isBefore(below, item)) break
      items[at] = below
      at = turns_right ? down + 1 : down
    }
    items[at] = item
  }
}
