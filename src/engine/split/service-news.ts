/** What splits say of services: each finds out by itself that one keeps calls waiting, and people hear of it once. */
import type { ServiceState } from '../calls/service-state.ts'

type Waits = Exclude<ServiceState, { kind: 'back' }>

const untilOf = (state: Waits) => (state.kind === 'down' ? state.next_try_us : state.until_us)

export class ServiceNews {
  readonly #tell: (state: ServiceState) => void
  /** By service, the pause that was said last, unless it is known to be over. */
  readonly #paused = new Map<string, Waits>()
  /** Waits for `per_minute`: a run may have one each minute. */
  readonly #paced = new Set<string>()

  constructor(tell: (state: ServiceState) => void) {
    this.#tell = tell
  }

  hear(state: ServiceState): void {
    if (this.#isNews(state)) this.#tell(state)
  }

  #isNews(state: ServiceState): boolean {
    const { service } = state
    if (state.kind === 'back') return this.#paused.delete(service)
    if (state.kind === 'paced') {
      const kind = JSON.stringify([service, state.assumed])
      return this.#paced.size < this.#paced.add(kind).size
    }
    const before = this.#paused.get(service)
    if (before?.kind === state.kind && state.now_us < untilOf(before)) return false
    this.#paused.set(service, state)
    return true
  }
}
