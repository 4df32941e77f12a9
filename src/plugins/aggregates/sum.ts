/**
 * Sums of doubles that don't depend on the order: the exact sum, rounded once to the nearest double.
 *
 * J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates (1997), as Python's
 * `math.fsum` has it.
 */

/** Infinite if the sum is beyond the largest double. 0 for no values; never −0. */
export function exactSum(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    sum += value
    // Whole numbers are added exactly as long as they and their sums are within 2^53.
    if (!Number.isSafeInteger(value) || !Number.isSafeInteger(sum)) return sumOfParts(values)
  }
  return sum
}

/** By a power of two, so that nothing is rounded, and fewer than 2^64 values can't overflow on the way. */
const SHRINK = 2 ** -64

function sumOfParts(values: ArrayLike<number>): number {
  const parts = partsOf(values, 1) ?? partsOf(balanced(values), 1)
  const sum = parts === null ? rounded(partsOf(values, SHRINK) ?? [Number.NaN]) / SHRINK : rounded(parts)
  return sum + 0
}

/** Positive and negative values by turns, so that sums on the way are no larger than the largest value or the sum itself. */
function balanced(values: ArrayLike<number>): readonly number[] {
  const sorted = Array.from(values).sort((a, b) => a - b)
  const order: number[] = []
  let [first, last, sum] = [0, sorted.length - 1, 0]
  while (first <= last) {
    const next = sum > 0 ? sorted[first++]! : sorted[last--]!
    sum += next
    order.push(next)
  }
  return order
}

/** Doubles of growing size that don't overlap, and whose exact sum is that of the values; null if it overflows. */
function partsOf(values: ArrayLike<number>, factor: number): readonly number[] | null {
  const parts: number[] = []
  // Counted here: cutting the list for each value takes more time than the sum.
  let count = 0
  for (let i = 0; i < values.length; i++) {
    let high = values[i]! * factor
    let kept = 0
    for (let j = 0; j < count; j++) {
      const part = parts[j]!
      const larger = Math.abs(high) < Math.abs(part) ? part : high
      const smaller = larger === high ? part : high
      high = larger + smaller
      const low = smaller - (high - larger)
      if (low !== 0) parts[kept++] = low
    }
    if (!Number.isFinite(high)) return null
    parts[kept] = high
    count = kept + 1
  }
  parts.length = count
  return parts
}

/** The sum of such parts to the nearest double, ties to even. */
function rounded(parts: readonly number[]): number {
  let next = parts.length - 1
  let high = parts[next] ?? 0
  let low = 0
  while (next > 0 && low === 0) {
    const larger = high
    const part = parts[--next]!
    high = larger + part
    low = part - (high - larger)
  }
  // Half of a unit was rounded to even, but what is left says on which side of the half the sum is.
  const rest = parts[next - 1] ?? 0
  if ((low < 0 && rest < 0) || (low > 0 && rest > 0)) {
    const twice = low * 2
    const other = high + twice
    if (other - high === twice) return other
  }
  return high
}
