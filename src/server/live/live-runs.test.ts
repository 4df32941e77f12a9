import { describe, expect, test } from 'vitest'
import type { Answering } from '../answering.ts'
import { EVERY_MS, LiveRuns, MOST_LISTENERS } from './live-runs.ts'

const RUN = '01a201c3-9d2f-7000-8000-000000000000'

/** A ledger of one run whose counts the test sets, asked on ticks that the test makes. */
class World {
  mark: string | null = 'first'
  read = 0
  failure: Error | null = null
  asked = 0
  readonly timers = new Set<() => void>()
  readonly live: LiveRuns

  constructor() {
    const counts = () => ({
      run: RUN,
      name: 'flow',
      status: 'running',
      rows: { read: this.read },
      tokens: {},
      failed_rows: 0,
    })
    const ask = async (kind: string) => {
      this.asked += 1
      if (this.failure !== null) throw this.failure
      return kind === 'runs' ? { runs: [counts(), { run: 'unreadable', problem: 'x' }], next_cursor: null } : counts()
    }
    this.live = new LiveRuns({
      // cast: only what is looked at is there.
      answers: { ask } as unknown as Answering,
      mark: async () => this.mark,
      every: (ms, work) => {
        expect(ms).toBe(EVERY_MS)
        this.timers.add(work)
        return () => this.timers.delete(work)
      },
    })
  }

  async tick(times = 1): Promise<void> {
    await settled()
    for (let i = 0; i < times; i++) {
      for (const work of this.timers) work()
      await settled()
    }
  }

  /** Somebody who listens: what they got, and how they go away. */
  listen(how: 'run' | 'all' = 'run') {
    const got: string[] = []
    const going = new AbortController()
    const send = (event: string, data: unknown) => {
      const { rows, error } = data as { rows?: { read: number }; error?: { code: string } }
      got.push(`${event} ${rows?.read ?? error?.code}`)
    }
    const over = how === 'run' ? this.live.followRun(RUN, send, going.signal) : this.live.followAll(send, going.signal)
    return { got, over, go: () => going.abort() }
  }
}

/** All that waits for nothing but its turn has had it. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve()
}

describe('a run that is followed', () => {
  test('is reported once for each change, to all who listen, and at once to those who come later', async () => {
    const world = new World()
    const first = world.listen()
    await world.tick()
    world.read = 10
    world.mark = 'second'
    await world.tick(2)
    const later = world.listen()
    await world.tick()
    expect([first.got, later.got]).toEqual([['counts 0', 'counts 10'], ['counts 10']])
    expect(world.timers.size).toBe(1)
  })

  test('isn’t asked for while the ledger stays as it is, but each two seconds: a process that has gone writes nothing', async () => {
    const world = new World()
    world.listen()
    await world.tick(8)
    expect(world.asked).toBe(5)
    world.mark = null
    await world.tick(4)
    expect(world.asked).toBe(9)
  })

  test('is asked for by nobody when nobody listens', async () => {
    const world = new World()
    const [one, other] = [world.listen(), world.listen()]
    await world.tick()
    one.go()
    await one.over
    expect([world.timers.size, world.live.listeners]).toEqual([1, 1])
    other.go()
    await other.over
    expect([world.timers.size, world.live.listeners]).toEqual([0, 0])
  })

  test('and can’t be read: that is reported once, and then what is there again', async () => {
    const world = new World()
    const { got } = world.listen()
    await world.tick()
    world.failure = new Error('of the disk')
    world.mark = 'second'
    await world.tick(3)
    world.failure = null
    world.read = 5
    await world.tick(5)
    expect(got).toEqual(['counts 0', 'failed CUSTODY_INTERNAL', 'counts 5'])
  })
})

test('all runs: those that can be read, and each that changes', async () => {
  const world = new World()
  const { got } = world.listen('all')
  await world.tick()
  world.read = 3
  world.mark = 'second'
  await world.tick()
  expect(got).toEqual(['run 0', 'run 3'])
})

test('only so many listen', () => {
  const { live, listen } = {
    live: new World().live,
    listen: (world: LiveRuns) => world.followRun(RUN, () => undefined, new AbortController().signal),
  }
  for (let i = 0; i < MOST_LISTENERS; i++) {
    live.refuseOneTooMany()
    void listen(live)
  }
  expect(() => live.refuseOneTooMany()).toThrow(expect.objectContaining({ code: 'CUSTODY_TOO_MANY' }))
})
