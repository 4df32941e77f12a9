/**
 * What is calculated with the values of a field: doubles, or decimals where the schema says so, whose sums and means are exact.
 */
import { Decimal, sumOfDecimals } from '../../model/decimal.ts'
import type { Json } from '../../model/row.ts'
import { decimalSchema, exactType, type FieldSchema, type JsonSchema } from '../../model/schema.ts'
import { type Deviation, type Statistic, type StatisticValues, statisticsOf, tooLarge } from './statistics.ts'

export interface Amounts {
  /** Whether a value, neither null nor missing, is a number of this kind. */
  accepts(value: Json): boolean
  /** Of values that are such; or which result can't be held. */
  statistics(values: readonly Json[], deviation: Deviation): StatisticValues | { readonly beyond: Statistic }
  /** One of these; undefined if it can't be held, though others of them may. */
  statistic(values: readonly Json[], name: Combined): Json | undefined
  /** Schemas of what is made of them. */
  readonly schemas: {
    /** Of a sum, the least and the greatest. */
    readonly alike: JsonSchema
    readonly mean: JsonSchema
  }
}

export type Combined = 'sum' | 'mean' | 'min' | 'max'

/** By what is known of the field. */
export function amountsOf({ schema }: FieldSchema): Amounts {
  const exact = exactType(schema)
  return exact?.type === 'decimal' ? decimals(exact.scale) : doubles(schema.type === 'integer' ? 'integer' : 'number')
}

const NUMBER: JsonSchema = { type: 'number' }

const doubles = (type: 'integer' | 'number'): Amounts => ({
  accepts: value => typeof value === 'number',
  statistics(values, deviation) {
    const numbers = numbersIn(values)
    const statistics = statisticsOf(numbers, deviation)
    const beyond = tooLarge(statistics, numbers)
    return beyond === null ? statistics : { beyond }
  },
  statistic(values, name) {
    const numbers = numbersIn(values)
    const statistics = statisticsOf(numbers, 'sample')
    const { sum } = statistics
    // A mean that was made of a sum beyond all numbers isn't one.
    const from_nothing = name === 'mean' && sum !== null && !Number.isFinite(sum)
    return from_nothing || tooLarge(statistics, numbers) === name ? undefined : statistics[name]
  },
  schemas: { alike: { type }, mean: NUMBER },
})

const numbersIn = (values: readonly Json[]): readonly number[] => values.filter(value => typeof value === 'number')

const decimals = (scale: number | null): Amounts => ({
  accepts: value => decimalOf(value) !== null,
  statistics(values, deviation) {
    return decimalStatistics(decimalsIn(values), deviation, scale ?? 0)
  },
  statistic(values, name) {
    const amounts = decimalsIn(values)
    if (name === 'min' || name === 'max') return extreme(amounts, name)?.toString() ?? null
    const sum = sumOfDecimals(amounts, scale ?? 0)
    const count = Decimal.of(amounts.length)
    if (name === 'sum') return sum?.toString()
    return count === null || count.isZero() ? null : sum?.dividedBy(count)?.toString()
  },
  schemas: { alike: decimalSchema(scale), mean: decimalSchema(null) },
})

const decimalsIn = (values: readonly Json[]): readonly Decimal[] => values.map(decimalOf).filter(each => each !== null)

function extreme(amounts: readonly Decimal[], which: 'min' | 'max'): Decimal | undefined {
  const [first, ...rest] = amounts
  const sign = which === 'min' ? -1 : 1
  return rest.reduce((best, each) => (best !== undefined && each.compare(best) * sign > 0 ? each : best), first)
}

/** A plugin may have put a number where a decimal was. */
export function decimalOf(value: Json | undefined): Decimal | null {
  if (typeof value === 'string') return Decimal.parse(value)
  return typeof value === 'number' ? Decimal.of(value) : null
}

/** `scale`: of the sum of none. */
function decimalStatistics(
  amounts: readonly Decimal[],
  deviation: Deviation,
  scale: number,
): StatisticValues | { readonly beyond: Statistic } {
  const sum = sumOfDecimals(amounts, scale)
  if (sum === null) return { beyond: 'sum' }
  const sorted = amounts.toSorted((a, b) => a.compare(b))
  const [min, max] = [sorted[0], sorted.at(-1)]
  const count = amounts.length
  if (min === undefined || max === undefined)
    return { count, sum: `${sum}`, mean: null, min: null, max: null, stddev: null, p50: null, p95: null }
  const mean = sum.dividedBy(Decimal.of(count) ?? min)
  const [p50, p95] = [percentile(sorted, 50), percentile(sorted, 95)]
  if (mean === null || p50 === null || p95 === null) return { beyond: 'mean' }
  // A root is no decimal.
  const { stddev } = statisticsOf(
    sorted.map(each => each.toNumber()),
    deviation,
  )
  return { count, sum: `${sum}`, mean: `${mean}`, min: `${min}`, max: `${max}`, stddev, p50: `${p50}`, p95: `${p95}` }
}

/** As that of doubles, and exact: the share between two ranks is one of hundredths. Null if it has too many digits. */
function percentile(sorted: readonly Decimal[], percent: number): Decimal | null {
  const hundredths = (sorted.length - 1) * percent
  const [low, high] = [sorted[Math.floor(hundredths / 100)], sorted[Math.ceil(hundredths / 100)]]
  const share = Decimal.parse(`0.${`${hundredths % 100}`.padStart(2, '0')}`)
  if (low === undefined || high === undefined || share === null) return null
  const distance = high.minus(low)?.times(share)
  return (distance === null || distance === undefined ? null : low.plus(distance))?.trimmed(low.scale) ?? null
}
