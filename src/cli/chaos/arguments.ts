/** Arguments that only `custody chaos-llm` has. Each reader throws what commander reports as a wrong argument. */
import { InvalidArgumentError } from 'commander'
import { FAULT_KINDS, type FaultKind } from '../../chaos/faults.ts'
import type { ChaosOptions } from '../../chaos/options.ts'
import { nearest } from '../../config/nearest.ts'
import { parseDuration } from '../../model/duration.ts'

/** `200ms`, or `50ms-400ms`. */
export function latencyOf(text: string): NonNullable<ChaosOptions['latency']> {
  const [min_ms, max_ms = min_ms, ...more] = text.split('-').map(each => parseDuration(each.trim()))
  if (typeof min_ms !== 'number' || typeof max_ms !== 'number' || more.length > 0 || min_ms > max_ms)
    throw new InvalidArgumentError('It must be a duration, as in 200ms, or two, as in 50ms-400ms.')
  return { min_ms, max_ms }
}

export type FaultRates = { readonly [kind in FaultKind]?: number }

/** `rate_limited=0.05,reset=0.01`; `all=0.01` stands for every kind that isn't named. */
export function faultsOf(text: string): FaultRates {
  const rates: { [kind in FaultKind]?: number } = {}
  let others: number | null = null
  for (const part of text.split(',')) {
    const [name = '', rate = '', ...more] = part.split('=').map(each => each.trim())
    const probability = more.length === 0 && /^\d*\.?\d+$/.test(rate) ? Number(rate) : -1
    if (!(probability >= 0 && probability <= 1))
      throw new InvalidArgumentError(`Write ${isKind(name) ? name : 'NAME'}=P with P from 0 to 1, as in reset=0.02.`)
    if (name === 'all') others = probability
    else if (isKind(name)) rates[name] = probability
    else throw new InvalidArgumentError(noFault(name))
  }
  if (others !== null) for (const kind of FAULT_KINDS) rates[kind] ??= others
  return rates
}

function isKind(name: string): name is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(name)
}

/** With a guess as commander words it, which is then shown as the hint. */
function noFault(name: string): string {
  const near = nearest(name, FAULT_KINDS)
  const guess = near === null ? `; there are ${FAULT_KINDS.join(', ')}` : `\n(Did you mean ${near}?)`
  return `There is no fault ${JSON.stringify(name)}${guess}`
}

/** `20` requests, or `5s`. */
export function burstOf(text: string): NonNullable<ChaosOptions['burst']> {
  if (/^[1-9]\d{0,8}$/.test(text)) return { requests: Number(text) }
  const duration_ms = parseDuration(text)
  if (duration_ms === null || duration_ms === 0)
    throw new InvalidArgumentError('It must be a number of requests, as in 20, or a duration, as in 5s.')
  return { duration_ms }
}
