import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SessionClock } from '../../engine/ports/run-clock.ts'
import { ServerClock } from './server-clock.ts'

const SECOND_US = 1_000_000
const HOUR_US = 3_600 * SECOND_US
const START_US = 1_767_323_045_000_000

/** A machine and a server, whose clocks pass as time does, and are wrong as the test has it. */
class World {
  passed_us = 0
  /** What the machine's monotonic clock doesn't know of. */
  slept_us = 0
  /** What the machine's time of day is ahead. */
  ahead_us = 0
  /** What the server's time is ahead. */
  server_ahead_us = 0
  /** How long a question is on its way, and its answer. */
  readonly there_us: number
  readonly back_us: number
  readonly machine = {
    monotonic_us: () => 77 * SECOND_US + this.passed_us - this.slept_us,
    day_us: () => START_US + this.passed_us + this.ahead_us,
  }

  constructor(ahead_us = 0, [there_us, back_us]: readonly [number, number] = [2_000, 3_000]) {
    this.ahead_us = ahead_us
    this.there_us = there_us
    this.back_us = back_us
  }

  server_us(): number {
    return START_US + this.passed_us + this.server_ahead_us
  }

  sleep(us: number): void {
    this.passed_us += us
    this.slept_us += us
  }

  /** A connection to the server. */
  readonly connection = {
    all: async <T>() => {
      this.passed_us += this.there_us
      const said = [{ now_us: this.server_us() }]
      this.passed_us += this.back_us
      // cast: what the one question is answered.
      return said as T[]
    },
  }

  async heard(): Promise<ServerClock> {
    const clock = new ServerClock(undefined, this.machine)
    await clock.hear(this.connection)
    return clock
  }
}

test.each([-HOUR_US, 0, HOUR_US])(
  'SERVER-CLOCK-1: the time of a machine that is %i µs ahead is the server’s, less what the answer took',
  async ahead_us => {
    const world = new World(ahead_us)
    const clock = await world.heard()
    expect(clock.now_us()).toBe(world.server_us() - world.back_us)
    world.passed_us += 40 * SECOND_US
    expect(clock.now_us()).toBe(world.server_us() - world.back_us)
  },
)

test('a machine’s time of day that is set changes nothing, but that the server is to be asked again', async () => {
  const world = new World()
  const clock = await world.heard()
  expect(clock.isDoubtful).toBe(false)
  for (const by_us of [HOUR_US, -2 * HOUR_US]) {
    world.ahead_us += by_us
    expect(clock.now_us()).toBe(world.server_us() - world.back_us)
    expect(clock.isDoubtful).toBe(true)
  }
  await clock.hear(world.connection)
  expect([clock.isDoubtful, clock.now_us()]).toEqual([false, world.server_us() - world.back_us])
})

test('SERVER-CLOCK-2: it is asked again when what it said is old, and after the machine slept, and no sooner', async () => {
  const world = new World()
  const clock = await world.heard()
  world.passed_us += 59 * SECOND_US
  world.ahead_us += 0.9 * SECOND_US
  expect(clock.isDoubtful).toBe(false)
  world.passed_us += SECOND_US
  expect(clock.isDoubtful).toBe(true)
  await clock.hear(world.connection)
  world.sleep(20 * SECOND_US)
  expect(clock.now_us()).toBe(world.server_us() - world.back_us - 20 * SECOND_US)
  expect(clock.isDoubtful).toBe(true)
  await clock.hear(world.connection)
  expect(clock.now_us()).toBe(world.server_us() - world.back_us)
})

test('after a connection to a server whose time is behind it says that server’s', async () => {
  const world = new World()
  const clock = await world.heard()
  world.server_ahead_us -= HOUR_US
  await clock.hear(world.connection)
  expect(clock.now_us()).toBe(world.server_us() - world.back_us)
})

test('SERVER-CLOCK-3: what one thread hears counts for the other', async () => {
  const world = new World()
  const here = await world.heard()
  const there = new ServerClock(here.shared, world.machine)
  world.server_ahead_us += HOUR_US
  await there.hear(world.connection)
  expect(here.now_us()).toBe(world.server_us() - world.back_us)
})

/** What may happen between two entries. */
const event = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), us: fc.nat(5 * 60 * SECOND_US) }),
  fc.record({ kind: fc.constant('sleep' as const), us: fc.nat(HOUR_US) }),
  fc.record({ kind: fc.constant('set' as const), us: fc.integer({ min: -HOUR_US, max: HOUR_US }) }),
  fc.record({ kind: fc.constant('other_server' as const), us: fc.integer({ min: -HOUR_US, max: HOUR_US }) }),
  fc.record({ kind: fc.constant('connect' as const), us: fc.constant(0) }),
  // Another machine, with clocks of its own, continues the log.
  fc.record({ kind: fc.constant('resume' as const), us: fc.integer({ min: -HOUR_US, max: HOUR_US }) }),
)

/** Times of the entries of a log, the server's times as they were recorded, and what had passed. */
async function history(
  events: readonly { readonly kind: string; readonly us: number }[],
  way: readonly [number, number],
) {
  const world = new World(0, way)
  let clock = await world.heard()
  const entries: Array<{ readonly t: number; readonly server_us: number; readonly passed_us: number }> = []
  const session = (last_us: number) => {
    const began_us = clock.now_us()
    const timers = { monotonic_us: world.machine.monotonic_us, wake: () => () => undefined }
    return new SessionClock(timers, { began_us, now_us: () => clock.now_us() }, { last_us, stood: [] })
  }
  let own = session(0)
  const append = () => entries.push({ t: own.now_us(), server_us: world.server_us(), passed_us: world.passed_us })
  append()
  for (const { kind, us } of events) {
    if (kind === 'pass') world.passed_us += us
    if (kind === 'sleep') world.sleep(us)
    if (kind === 'set') world.ahead_us += us
    if (kind === 'other_server') world.server_ahead_us += us
    if (kind === 'connect' || kind === 'other_server') await clock.hear(world.connection)
    if (kind === 'resume') {
      world.ahead_us = us
      clock = await world.heard()
      own = session(entries.at(-1)?.t ?? 0)
    }
    // As each commit does.
    if (clock.isDoubtful) await clock.hear(world.connection)
    append()
  }
  return entries
}

test('times in a log never go back, and none is later than what a server had said and what has passed since', async () => {
  const ways = fc.tuple(fc.nat(300_000), fc.nat(300_000))
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 40 }), ways, async (events, way) => {
      let [last_us, most_us, before_us] = [0, 0, 0]
      for (const { t, server_us, passed_us } of await history(events, way)) {
        expect(t).toBeGreaterThanOrEqual(last_us)
        most_us = Math.max(most_us + passed_us - before_us, server_us)
        expect(t).toBeLessThanOrEqual(most_us)
        ;[last_us, before_us] = [t, passed_us]
      }
    }),
    { numRuns: 300 },
  )
})

test('with one server times are its own, whatever machines say: behind by what an answer took, and by what clocks may drift apart', async () => {
  const one = event.filter(({ kind }) => kind !== 'other_server')
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 40 }), async events => {
      for (const { t, server_us } of await history(events, [2_000, 3_000])) {
        expect(t).toBeLessThanOrEqual(server_us)
        expect(t).toBeGreaterThan(server_us - 2 * SECOND_US - 5_000)
      }
    }),
    { numRuns: 300 },
  )
})
