/** Parts of random models: what services allow, amounts and what is done with them, keys of joins. */
import type { Calculation, DecimalOperation, Limits } from './model.ts'
import type { Random } from './random.ts'

export const SERVICES = ['oracle', 'sibyl'] as const

export function generateLimits(random: Random, troubled: boolean): Limits {
  const services: Record<string, Limits['services'][string]> = {}
  for (const service of SERVICES)
    services[service] = {
      ...(random.chance(0.6) && { concurrency: random.between(1, 9) }),
      ...(random.chance(0.3) && { per_minute: random.between(15, 60) }),
      // The first outage pauses it, so that none is ever a row's own.
      ...(troubled && { give_up_after_ms: random.between(1, 600) * 1000, max_wait_ms: random.between(5, 900) * 1000 }),
    }
  return { services, spend_usd: random.chance(0.4) ? random.between(0, 150) / 1000 : null }
}

/** Few, so that they meet, and written in many ways, all of which have a place in two digits behind the point. */
export const AMOUNTS: readonly (string | number)[] = [
  ...['0.10', '0.1', 0.1, '00.1', '1e-1', '0.3', 0.3, '0.30000', '-0', '-0.05', '2', 2, '2.00'],
  ...['1e2', '3903.70', 3903.7, '-3903.7', '10.00', '9', '9007199254740993.01', '12345678901234567890123.45'],
]

const CALCULATIONS: readonly Calculation[] = [
  ...(['add', 'triple', 'tax', 'third', 'quarter', 'cents', 'negate', 'less_n', 'compare'] as const),
]

export function generateCalculation(random: Random): DecimalOperation {
  return random.chance(0.3)
    ? { op: 'coerce', scale: random.between(0, 4) }
    : { op: 'calculate', does: random.pick(CALCULATIONS) }
}

type JoinKeys = readonly (readonly [left: readonly string[], right: readonly string[]])[]

export const JOIN_KEYS: JoinKeys = [
  [['n'], ['n']],
  [['n'], ['n']],
  [['n'], ['a']],
  [
    ['half', 'n'],
    ['half', 'n'],
  ],
  [
    ['a', 'n'],
    ['b', 'n'],
  ],
  [['about'], ['about']],
]

/** With amounts, which match by value. */
export const AMOUNT_KEYS: JoinKeys = [
  [['amount'], ['amount']],
  [
    ['amount', 'half'],
    ['amount', 'half'],
  ],
  ...JOIN_KEYS,
]
