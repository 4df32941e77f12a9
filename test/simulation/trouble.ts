/**
 * Times in which a service answers nobody: it is down, turns everybody away, or refuses who asks. Whatever it does then is no row's own
 * doing, so rows end as if there had been no such time.
 */
import type { CallFailure } from '../../src/sdk/call.ts'
import type { Random } from './random.ts'

interface BadTime {
  readonly from_us: number
  readonly to_us: number
  readonly kind: 'down' | 'busy' | 'refuses'
}

/** Longer than any of it: then somebody has fixed everything. */
const SECOND_US = 1_000_000

export class Trouble {
  readonly #random: Random
  readonly #times = new Map<string, readonly BadTime[]>()
  /** Nothing is wrong any more. */
  over = false

  /** Of some services, from `now_us` on. */
  constructor(random: Random, services: readonly string[], now_us: number) {
    this.#random = random
    for (const service of services) {
      const kinds = (['down', 'busy', 'refuses', 'down'] as const).filter(() => random.chance(0.5))
      let from_us = now_us + random.below(2 * SECOND_US)
      const times = kinds.map((kind): BadTime => {
        const to_us = from_us + random.between(SECOND_US / 10, (kind === 'refuses' ? 3 : 90) * SECOND_US)
        const time = { from_us, to_us, kind }
        from_us = to_us + random.below(5 * SECOND_US)
        return time
      })
      this.#times.set(service, times)
    }
  }

  /** How a call fails that comes back now; null if it doesn't. */
  at(service: string, now_us: number): CallFailure | null {
    if (this.over) return null
    const time = this.#times.get(service)?.find(({ from_us, to_us }) => now_us >= from_us && now_us < to_us)
    if (time === undefined) return null
    const random = this.#random
    const failure = { kind: 'failure', retryable: true, message: 'a bad time' } as const
    switch (time.kind) {
      case 'down':
        return { ...failure, code: 'SIM_DOWN', outage: true, ...(random.chance(0.5) ? { unbilled: true } : {}) }
      case 'busy': {
        const left_ms = (time.to_us - now_us) / 1000
        const asked_ms = random.chance(0.2)
          ? { retry_after_ms: Math.ceil(left_ms) }
          : { retry_after_ms: random.between(1, 3000) }
        return { ...failure, code: 'SIM_BUSY', throttled: true, unbilled: true, ...asked_ms }
      }
      case 'refuses':
        return { ...failure, code: 'SIM_REFUSED', retryable: false, stops: 'auth', unbilled: true }
    }
  }
}
