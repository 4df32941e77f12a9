/** Clocks that jump under a run, and its lease. */
import type { RecordedTime } from '../../../src/engine/ports/ports.ts'
import type { SessionClock } from '../../../src/engine/ports/run-clock.ts'
import { but, type Defect, inConstructor, inMethod } from '../defect.ts'

const runClock = () => import('../../../src/engine/ports/run-clock.ts')
const committer = () => import('../../../src/engine/run/committer.ts')
const scheduler = () => import('../../../src/engine/run/scheduler.ts')

const SECOND_US = 1_000_000
/** By the clock of a session, that of its ledger. */
const times = new WeakMap<SessionClock, RecordedTime>()

export const CLOCK_DEFECTS: readonly Defect[] = [
  {
    name: 'what a machine slept is time of the run',
    shape: 'timed-clocks-crashes',
    changes: [inMethod(runClock, 'SessionClock', 'ran_us', () => (from_us, to_us) => Math.max(0, to_us - from_us))],
  },
  {
    name: 'stamps stay behind when the machine has slept',
    shape: 'groups-clocks-crashes',
    changes: [
      inMethod(runClock, 'SessionClock', 'now_us', (now_us, { jumps }) => () => {
        const at_us = now_us()
        return jumps.reduce((left_us, [from_us, to_us]) => left_us - (to_us - from_us), at_us)
      }),
    ],
  },
  {
    name: 'a jump of the clock isn’t on record',
    shape: 'timed-clocks-crashes',
    changes: [
      inConstructor(
        committer,
        'Committer',
        make => (parts, from) => make({ ...parts, clock: but(parts.clock, { jumps: [] }) }, from),
      ),
    ],
  },
  {
    name: 'stamps follow a clock that is set back',
    shape: 'groups-clocks-crashes',
    changes: [
      inConstructor(runClock, 'SessionClock', make => (clock, time, ...rest) => {
        const made = make(clock, time, ...rest)
        times.set(made, time)
        return made
      }),
      inMethod(runClock, 'SessionClock', 'now_us', (now_us, self) => () => {
        const at_us = now_us()
        const time_us = times.get(self)?.now_us() ?? at_us
        return at_us - time_us > SECOND_US ? time_us : at_us
      }),
    ],
  },
  {
    name: 'whoever is woken up puts off to renew the lease',
    shape: 'timed-calls-clocks-crashes',
    changes: [
      // It seems to have been renewed just now.
      inConstructor(
        scheduler,
        'Scheduler',
        make => parts => make({ ...parts, clock: but(parts.clock, { monotonic_us: () => 0 }) }),
      ),
    ],
  },
]
