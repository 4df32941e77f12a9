/**
 * Which fault a request meets, and how long its answer takes: a pure function of the seed, the request, and how often this
 * very request was let through before. The order in which requests arrive has no part in it, so runs can be repeated.
 */
import { sha256Hex } from '../model/sha256.ts'
import { FAULT_KINDS, type FaultKind } from './faults.ts'
import type { ChaosSettings } from './options.ts'
import { Random } from './random.ts'

export interface Decision {
  readonly fault: FaultKind | null
  /** In [0, 1): where a body is cut, which status is taken. */
  readonly detail: number
  readonly latency_ms: number
}

export type Behaviour = Pick<ChaosSettings, 'seed' | 'faults' | 'faulty_attempts' | 'latency'>

/** What makes a request the same as another: method, path with query, and all bytes of the body. */
export function requestKey(method: string, path: string, body: Uint8Array): string {
  return sha256Hex(Buffer.concat([Buffer.from(`${method} ${path}\n`), body]))
}

/** `attempt` counts from 1. */
export function decide(behaviour: Behaviour, key: string, attempt: number): Decision {
  const random = new Random(`${behaviour.seed} ${key} ${attempt}`)
  // Always three draws in this order: the latency doesn't depend on the faults, nor the other way round.
  const [drawn, detail, late] = [random.next(), random.next(), random.next()]
  const spared = behaviour.faulty_attempts !== null && attempt > behaviour.faulty_attempts
  const fault = spared ? null : faultAt(behaviour.faults, drawn)
  return { fault, detail, latency_ms: latencyAt(behaviour.latency, late) }
}

/** Each kind owns a stretch of [0, 1) as long as its probability. */
function faultAt(rates: Behaviour['faults'], drawn: number): FaultKind | null {
  let end = 0
  for (const kind of FAULT_KINDS) {
    end += rates[kind]
    if (drawn < end) return kind
  }
  return null
}

/** A latency between least and most; a draw beyond, in 2 % of all cases, gives the most. */
const EXPONENTIAL_MEAN = 1 / 4

function latencyAt({ min_ms, max_ms, distribution }: Behaviour['latency'], drawn: number): number {
  const share = distribution === 'uniform' ? drawn : Math.min(1, -Math.log(1 - drawn) * EXPONENTIAL_MEAN)
  return min_ms + share * (max_ms - min_ms)
}
