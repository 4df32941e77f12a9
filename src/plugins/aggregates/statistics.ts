/**
 * Statistics of numbers. None depends on the order of the values; what isn't defined (the least of no values) is null.
 */
import type { Json } from '../../model/row.ts'
import { exactSum } from './sum.ts'

export const STATISTICS = ['count', 'sum', 'mean', 'min', 'max', 'stddev', 'p50', 'p95'] as const
export type Statistic = (typeof STATISTICS)[number]
export type Statistics = { readonly [name in Statistic]: number | null }

/** As a row holds them. */
export type StatisticValues = { readonly [name in Statistic]: Json }

/** Divided by n − 1, or by n. */
export type Deviation = 'sample' | 'population'

const NONE: Statistics = { count: 0, sum: 0, mean: null, min: null, max: null, stddev: null, p50: null, p95: null }

/** Statistics of finite numbers. A result may be one that JSON or the ledger can't hold: see `tooLarge`. */
export function statisticsOf(values: readonly number[], deviation: Deviation): Statistics {
  const count = values.length
  if (count === 0) return NONE
  const sorted = Float64Array.from(values).sort()
  const min = sorted[0]! + 0
  const max = sorted[count - 1]! + 0
  const sum = exactSum(sorted)
  // The sum was rounded, so the quotient may lie outside by a unit.
  const mean = Math.min(max, Math.max(min, sum / count)) + 0
  const stddev = deviationOf(sorted, mean, deviation)
  return { count, sum, mean, min, max, stddev, p50: percentile(sorted, 50), p95: percentile(sorted, 95) }
}

/** The first result that can't be held: a sum beyond 2^53 − 1 of whole numbers within, or one that overflows. */
export function tooLarge(statistics: Statistics, values: readonly number[]): Statistic | null {
  const { sum } = statistics
  if (sum !== null && !Number.isSafeInteger(sum) && values.every(Number.isSafeInteger)) return 'sum'
  for (const name of STATISTICS) {
    const value = statistics[name]
    if (value !== null && !Number.isFinite(value)) return name
  }
  return null
}

/** Squares of spreads within these limits neither overflow nor vanish. */
const LEAST_SPREAD = 1e-100
const LARGEST_SPREAD = 1e100
const LARGEST_SCALE = 2 ** 1023

/** Two passes, with the correction for a mean that was rounded. Null for the sample deviation of one value. */
function deviationOf(sorted: Float64Array, mean: number, deviation: Deviation): number | null {
  const count = sorted.length
  const divisor = deviation === 'sample' ? count - 1 : count
  if (divisor === 0) return null
  const spread = Math.min(sorted[count - 1]! - sorted[0]!, LARGEST_SCALE)
  if (spread === 0) return 0
  const scale = spread < LEAST_SPREAD || spread > LARGEST_SPREAD ? 2 ** Math.floor(Math.log2(spread)) : 1
  // Each by itself: their difference may overflow.
  const distances = sorted.map(value => value / scale - mean / scale)
  const rest = exactSum(distances)
  const squares = exactSum(distances.map(distance => distance * distance))
  return Math.sqrt(Math.max(0, squares - (rest * rest) / count) / divisor) * scale
}

/** Linear between the two nearest ranks: rank (n − 1) · percent / 100 from 0, as Excel's PERCENTILE.INC and NumPy have it. */
function percentile(sorted: Float64Array, percent: number): number {
  const rank = ((sorted.length - 1) * percent) / 100
  const index = Math.floor(rank)
  const low = sorted[index]!
  const high = sorted[index + 1] ?? low
  if (low === high) return low + 0
  const share = rank - index
  const distance = high - low
  const value = Number.isFinite(distance) ? low + distance * share : low * (1 - share) + high * share
  return Math.min(high, value) + 0
}
