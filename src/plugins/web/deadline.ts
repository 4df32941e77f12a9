/**
 * When a request is given up: when its time is over, or the run can't wait for it any longer. `AbortSignal.any` with
 * `AbortSignal.timeout` would say the same, at several times the price: each leaves weak references to the garbage collector.
 */

/** Those that a signal stops. A signal looks through all its listeners for each that comes or goes, so it gets one. */
const STOPPED_BY = new WeakMap<AbortSignal, Set<Deadline>>()

function stoppedBy(stop: AbortSignal): Set<Deadline> {
  const known = STOPPED_BY.get(stop)
  if (known !== undefined) return known
  const all = new Set<Deadline>()
  STOPPED_BY.set(stop, all)
  stop.addEventListener(
    'abort',
    () => {
      for (const each of [...all]) each.pass('stopped')
    },
    { once: true },
  )
  return all
}

export class Deadline {
  readonly #timer: NodeJS.Timeout
  readonly #others: Set<Deadline>
  #passed: 'time' | 'stopped' | null = null
  #give_up: (() => void) | null = null

  /** `timeout_ms` begins now. Whoever makes one calls `end`. */
  constructor(stop: AbortSignal, timeout_ms: number) {
    // What it limits keeps the process alive: the timer needn't.
    this.#timer = setTimeout(() => this.pass('time'), timeout_ms).unref()
    this.#others = stoppedBy(stop)
    this.#others.add(this)
    if (stop.aborted) this.pass('stopped')
  }

  /** Why there is no time left; null: there is. What came first counts. */
  get passed(): 'time' | 'stopped' | null {
    return this.#passed
  }

  /** Has `give_up` called when there is no time left, at once if that is so already, until `unwatch`. */
  watch(give_up: () => void): void {
    if (this.#passed === null) this.#give_up = give_up
    else give_up()
  }

  unwatch(): void {
    this.#give_up = null
  }

  /** There is no time left. */
  pass(why: 'time' | 'stopped'): void {
    const give_up = this.#give_up
    this.#passed ??= why
    this.end()
    give_up?.()
  }

  /** All is there. */
  end(): void {
    clearTimeout(this.#timer)
    this.#others.delete(this)
    this.#give_up = null
  }
}
