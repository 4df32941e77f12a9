/** Where texts go that nobody needs for now: on a disk, where there is one. */

/** Texts by their numbers. Each is put there by who verifies, and seen by nobody else. */
export interface Shelf {
  /** In place of what was there. @throws CustodyError CUSTODY_SPILL. */
  put(number: number, text: string): void
  /** It is gone then; null if it isn't there. @throws CustodyError CUSTODY_SPILL. */
  take(number: number): string | null
  /** It stays; null if it isn't there. @throws CustodyError CUSTODY_SPILL. */
  look(number: number): string | null
  /** In order of their numbers; nothing is put or taken meanwhile. @throws CustodyError CUSTODY_SPILL. */
  all(): Iterable<readonly [number: number, text: string]>
  /** Never throws. */
  close(): void
}

/** For whoever has no disk to offer. */
export class MemoryShelf implements Shelf {
  readonly #texts = new Map<number, string>()

  put(number: number, text: string): void {
    this.#texts.set(number, text)
  }

  take(number: number): string | null {
    const text = this.look(number)
    this.#texts.delete(number)
    return text
  }

  look(number: number): string | null {
    return this.#texts.get(number) ?? null
  }

  all(): Iterable<readonly [number: number, text: string]> {
    return [...this.#texts].sort(([a], [b]) => a - b)
  }

  close(): void {
    this.#texts.clear()
  }
}
