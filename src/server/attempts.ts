/** How often somebody may try to sign in: a few times at once, and then one try each few seconds. */

export const MOST_AT_ONCE = 10
export const EACH_MS = 3_000
/** Addresses that are remembered: one that is forgotten may try again, and somebody with more of them has other means. */
const MOST_ADDRESSES = 10_000

interface Bucket {
  left: number
  at_ms: number
}

export class Attempts {
  private readonly now_ms: () => number
  private readonly buckets = new Map<string, Bucket>()

  constructor(now_ms: () => number) {
    this.now_ms = now_ms
  }

  /** Milliseconds until the next try is allowed; 0: this one is, and is counted. */
  wait(address: string): number {
    const now_ms = this.now_ms()
    const bucket = this.buckets.get(address) ?? { left: MOST_AT_ONCE, at_ms: now_ms }
    bucket.left = Math.min(MOST_AT_ONCE, bucket.left + (now_ms - bucket.at_ms) / EACH_MS)
    bucket.at_ms = now_ms
    this.buckets.delete(address)
    this.buckets.set(address, bucket)
    for (const oldest of this.buckets.keys()) {
      if (this.buckets.size <= MOST_ADDRESSES) break
      this.buckets.delete(oldest)
    }
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) * EACH_MS)
    bucket.left -= 1
    return 0
  }

  /** The last one was no attempt at guessing. */
  forgive(address: string): void {
    const bucket = this.buckets.get(address)
    if (bucket !== undefined) bucket.left = Math.min(MOST_AT_ONCE, bucket.left + 1)
  }
}
