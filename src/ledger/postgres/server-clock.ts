/**
 * The time of a database server as a process has it that writes there: what the server said when it was last asked, and what has passed since on this
 * machine's monotonic clock. So machines whose times of day are wrong, or are set, record and judge by one clock.
 *
 * SERVER-CLOCK-1. It is never ahead of the server's: what passed is counted from when the answer was here, and the server had read its clock before. So an
 *     entry never says a time that hasn't come yet, and a lease never seems longer than it is; behind it is by what the answer took.
 * SERVER-CLOCK-2. The server is asked over each new connection, since another server may be at its other end. It is asked again when what it said is a
 *     minute old, since clocks drift, and when the machine's time of day has parted from its monotonic clock, as it does where a machine sleeps. Beside
 *     that the time of day counts for nothing.
 * SERVER-CLOCK-3. The threads of a process that write one ledger have one such clock: what one of them hears counts for all.
 *
 * It goes back where the server's does. Whoever records sees to it that no log does (RUN-CLOCK-1, LOG-ZERO-3).
 */
import type { StoreClock } from '../store.ts'
import type { Connection } from './connection.ts'
import { QUERIES } from './queries.ts'

/** A machine's two clocks, in whole microseconds. */
export interface MachineClocks {
  /** Since some moment that all threads of this process share. It stands still while the machine sleeps. */
  monotonic_us(): number
  /** The time of day. */
  day_us(): number
}

const MACHINE: MachineClocks = {
  // Not `performance`, which begins anew in each thread.
  monotonic_us: () => Number(process.hrtime.bigint() / 1000n),
  day_us: () => Date.now() * 1000,
}

const OLD_US = 60_000_000
/** Well below a lease, and more than a time of day is slewed by within a minute. */
const PARTED_US = 1_000_000

export class ServerClock implements Pick<StoreClock, 'now_us' | 'shared'> {
  readonly shared: SharedArrayBuffer
  /** What the server's clock is ahead of the monotonic one. */
  readonly #ahead_us: BigInt64Array
  readonly #machine: MachineClocks
  /** What the machine's clocks were when this thread heard the server. */
  #heard: { readonly monotonic_us: number; readonly day_us: number } | null = null

  /** `shared`: of another thread that writes the same ledger. */
  constructor(shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT), machine = MACHINE) {
    this.shared = shared
    this.#ahead_us = new BigInt64Array(shared)
    this.#machine = machine
  }

  /** Of use once a server was heard. */
  now_us(): number {
    return this.#machine.monotonic_us() + Number(Atomics.load(this.#ahead_us, 0))
  }

  /** Asks the server at the other end. */
  async hear(connection: Pick<Connection, 'all'>): Promise<void> {
    const [said] = await connection.all<{ now_us: number }>(QUERIES.now)
    const monotonic_us = this.#machine.monotonic_us()
    Atomics.store(this.#ahead_us, 0, BigInt(said!.now_us - monotonic_us))
    this.#heard = { monotonic_us, day_us: this.#machine.day_us() }
  }

  /** Whether the server is to be asked again (SERVER-CLOCK-2). */
  get isDoubtful(): boolean {
    if (this.#heard === null) return true
    const passed_us = this.#machine.monotonic_us() - this.#heard.monotonic_us
    const parted_us = this.#machine.day_us() - this.#heard.day_us - passed_us
    return passed_us >= OLD_US || Math.abs(parted_us) > PARTED_US
  }
}
