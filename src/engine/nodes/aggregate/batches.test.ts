import { describe, expect, test } from 'vitest'
import { aggregateOf, Rig } from '../../../../test/support/rig.ts'
import type { VisitFact } from '../../../format/entry.ts'

/** Rows `n: 1, 2, …`, each that many ms after the one before, into one aggregate. */
function pipeline(trigger: string, delays_ms: readonly number[], more = ''): string {
  const chunks = delays_ms.map((after_ms, i) => `{after_ms: ${after_ms}, rows: [{n: ${i + 1}}]}`)
  return `
name: batches
sources:
  numbers: { plugin: feed, options: { chunks: [${chunks.join(', ')}] }, on_invalid: discard, to: hold }
nodes:
  hold: { aggregate: gather, trigger: ${trigger}, on_error: discard, to: out${more} }
sinks:
  out: { plugin: keep, on_error: discard }
`
}

/** Triggers, members and ages in ms of all batches. */
async function batchesOf(trigger: string, delays_ms: readonly number[]) {
  const rig = new Rig(pipeline(trigger, delays_ms))
  const { error } = await rig.run()
  expect(error).toBeNull()
  return closedBatches(rig)
}

function closedBatches(rig: Rig) {
  const ages = new Map<number, number>()
  for (const draft of rig.ledger.subjects())
    for (const { token, status, duration_us } of draft.visits)
      if (status === 0) ages.set(token, Math.round(duration_us / 1000))
  const members = rig.facts<{ members: readonly number[] }>('groups_closed').map(each => each.members[0] as number)
  return rig.verdicts().map((verdict, i) => [verdict, rig.column('out', 'ns')[i], ages.get(members[i] as number)])
}

describe('max_age', () => {
  test('fires while the source is idle, counted from the first member', async () => {
    expect(await batchesOf('{ max_age: 10s }', [0, 6_000, 60_000])).toEqual([
      ['max_age', [1, 2], 10_000],
      ['end_of_input', [3], 0],
    ])
  })

  test('begins anew with each batch', async () => {
    expect(await batchesOf('{ max_age: 10s }', [0, 9_999, 2, 9_998, 5])).toEqual([
      ['max_age', [1, 2], 10_000],
      ['max_age', [3, 4], 10_000],
      ['end_of_input', [5], 0],
    ])
  })

  test('no timer outlives its batch: the one of a batch that count closed does not close the next', async () => {
    expect(await batchesOf('{ count: 2, max_age: 10s }', [0, 4_000, 4_000, 9_000, 60_000])).toEqual([
      ['count', [1, 2], 4_000],
      ['count', [3, 4], 9_000],
      ['end_of_input', [5], 0],
    ])
  })
})

describe('when', () => {
  test('is looked at with each arrival', async () => {
    expect(await batchesOf(`{ when: 'batch.count >= 3' }`, [0, 100, 100, 100])).toEqual([
      ['when', [1, 2, 3], 200],
      ['end_of_input', [4], 0],
    ])
  })

  test('is looked at each second while nothing comes', async () => {
    expect(await batchesOf(`{ when: 'batch.age_seconds > 2.5' }`, [0, 100, 60_000])).toEqual([
      ['when', [1, 2], 3_000],
      ['end_of_input', [3], 0],
    ])
  })

  test('what holds only at an arrival closes the batch then', async () => {
    expect(
      await batchesOf(`{ when: 'batch.age_seconds > 1.2 && batch.age_seconds < 1.4' }`, [0, 1_300, 60_000]),
    ).toEqual([
      ['when', [1, 2], 1_300],
      ['end_of_input', [3], 0],
    ])
  })

  test('an expression that fails does not hold', async () => {
    expect(await batchesOf(`{ when: '10 / (batch.count - 1) > 5' }`, [0, 100])).toEqual([['when', [1, 2], 100]])
  })
})

describe('count and end of input', () => {
  test('count is the one recorded where several triggers hold', async () => {
    expect(await batchesOf(`{ count: 2, when: 'batch.count >= 2', max_age: 1s }`, [0, 1_000])).toEqual([
      ['count', [1, 2], 1_000],
    ])
  })

  test('without any trigger a batch takes all that comes', async () => {
    expect(await batchesOf('{ count: 100 }', [0, 1, 1])).toEqual([['end_of_input', [1, 2, 3], 2]])
  })

  test('the end of input closes at once, however much time a timer would have left', async () => {
    const rig = new Rig(pipeline('{ max_age: 1h }', [0, 5]))
    const began_us = rig.clock.now_us()
    await rig.run()
    expect(rig.verdicts()).toEqual(['end_of_input'])
    expect(rig.clock.now_us() - began_us).toBeLessThan(200_000)
  })

  test('no batch without members is closed', async () => {
    expect(await batchesOf('{ count: 2 }', [0, 0])).toEqual([['count', [1, 2], 0]])
    expect(await batchesOf('{ count: 2 }', [])).toEqual([])
  })
})

describe('while the run is down its clock stands still', () => {
  test('max_age continues from where it stood', async () => {
    const rig = new Rig(pipeline('{ max_age: 10s }', [0, 60_000]))
    await rig.run({ stop_after_ms: 4_000 })
    expect(rig.verdicts()).toEqual([])
    const resumed_us = rig.clock.now_us() + 3_600_000_000
    const closed_us: number[] = []
    const { summary } = await rig.resume(3_600_000, {
      onProgress: () => {
        if (rig.verdicts().length > closed_us.length) closed_us.push(rig.clock.now_us() - resumed_us)
      },
    })
    expect(summary.status).toBe('completed')
    expect(rig.verdicts()).toEqual(['max_age', 'end_of_input'])
    // What is left of 10 s after 4, and up to 100 ms until the commit.
    expect(closed_us[0]).toBeGreaterThanOrEqual(6_000_000)
    expect(closed_us[0]).toBeLessThanOrEqual(6_100_000)
  })

  test('over any number of stops', async () => {
    const rig = new Rig(pipeline('{ max_age: 10s }', [0, 60_000]))
    await rig.run({ stop_after_ms: 3_000 })
    await rig.resume(100_000, { stop_after_ms: 3_000 })
    await rig.resume(100_000, { stop_after_ms: 3_000 })
    expect(rig.verdicts()).toEqual([])
    await rig.resume(100_000, { stop_after_ms: 1_200 })
    expect(rig.verdicts()).toEqual(['max_age'])
  })

  test('`when` sees the same age', async () => {
    const rig = new Rig(pipeline(`{ when: 'batch.age_seconds >= 5' }`, [0, 60_000]))
    await rig.run({ stop_after_ms: 3_500 })
    await rig.resume(3_600_000, { stop_after_ms: 1_400 })
    expect(rig.verdicts()).toEqual([])
    await rig.resume(3_600_000, { stop_after_ms: 500 })
    expect(rig.verdicts()).toEqual(['when'])
  })

  test('a batch that was open for long looks at `when` once when it is resumed, not once for each second', async () => {
    const rig = new Rig(pipeline(`{ when: 'batch.age_seconds >= 100000' }`, [0, 90_000_000, 100]))
    await rig.run({ stop_after_ms: 80_000_000 })
    let wakes = 0
    const { clock } = rig
    await rig.resume(1_000, {
      stop_after_ms: 10,
      onRestored: () => {
        const wake = rig.clock.wake.bind(rig.clock)
        rig.clock.wake = (...args) => {
          wakes++
          return wake(...args)
        }
      },
    })
    expect(rig.clock).not.toBe(clock)
    expect(wakes).toBeLessThan(20)
  })
})

describe('a batch whose plugin asks for another attempt', () => {
  const flaky = (failures: number) =>
    aggregateOf('flaky', (rows, { attempt }) =>
      attempt <= failures
        ? { kind: 'error', code: 'BUSY', message: 'busy', retryable: true }
        : { kind: 'rows', rows: [{ ns: rows.map(row => row.n ?? null) }] },
    )
  const text = (attempts: number) =>
    pipeline('{ count: 2 }', [0, 10], `, retry: { attempts: ${attempts}, backoff: 1s, factor: 2 }`).replace(
      'gather',
      'flaky',
    )

  test('waits its backoff, and is processed again with the same members', async () => {
    const rig = new Rig(text(3), [flaky(2)])
    const began_us = rig.clock.now_us()
    await rig.run()
    expect(rig.column('out', 'ns')).toEqual([[1, 2]])
    expect(rig.clock.now_us() - began_us).toBeGreaterThanOrEqual(3_000_000)
    expect(rig.endings()).toEqual({
      1: 'CONSUMED_IN_BATCH/batch@hold',
      2: 'CONSUMED_IN_BATCH/batch@hold',
      3: 'COMPLETED/flow@out',
    })
  })

  test('fails with all its members after the last attempt', async () => {
    const rig = new Rig(text(2), [flaky(2)])
    const { summary } = await rig.run()
    expect(rig.endings()).toEqual({ 1: 'FAILED/batch_failed@hold', 2: 'FAILED/batch_failed@hold' })
    expect(summary.status).toBe('completed_with_failures')
  })

  test('goes on where it was stopped in its backoff', async () => {
    const rig = new Rig(text(3), [flaky(2)])
    await rig.run({ stop_after_ms: 1_500 })
    await rig.resume(100_000)
    expect(rig.column('out', 'ns')).toEqual([[1, 2]])
    expect(rig.verdicts()).toEqual(['count'])
  })
})

describe('while its machine sleeps the clock of the run stands still', () => {
  const EIGHT_HOURS_US = 8 * 3_600_000_000
  const ages = (rig: Rig) =>
    rig
      .facts<VisitFact>('visits')
      .flatMap(({ status, duration_us, stood_us }) => (stood_us === 0 || status !== 0 ? [] : [[duration_us, stood_us]]))

  test('max_age is what it was awake; stamps are of the day', async () => {
    const rig = new Rig(pipeline('{ max_age: 10s }', [0, 60_000]))
    rig.clock.wake(4_000_000, () => rig.clock.sleepDeeply(EIGHT_HOURS_US))
    const began_us = rig.clock.wall_us()
    await rig.run()
    expect(rig.verdicts()).toEqual(['max_age', 'end_of_input'])
    expect(ages(rig)).toEqual([[10_000_000, EIGHT_HOURS_US]])
    const last = rig.ledger.subjects().at(-1)
    expect(last?.time_us).toBeGreaterThanOrEqual(began_us + EIGHT_HOURS_US + 60_000_000)
  })

  test('and when the run is resumed, too', async () => {
    const rig = new Rig(pipeline('{ max_age: 10s }', [0, 60_000]))
    rig.clock.wake(2_000_000, () => rig.clock.sleepDeeply(EIGHT_HOURS_US))
    await rig.run({ stop_after_ms: 4_000 })
    await rig.resume(100_000, { stop_after_ms: 5_900 })
    expect(rig.verdicts()).toEqual([])
    await rig.resume(100_000, { stop_after_ms: 200 })
    expect(rig.verdicts()).toEqual(['max_age'])
    expect(ages(rig)).toEqual([[10_000_000, EIGHT_HOURS_US + 200_000_000]])
  })

  test('a clock that is set back makes nothing younger', async () => {
    const rig = new Rig(pipeline('{ max_age: 10s }', [0, 60_000]))
    rig.clock.wake(4_000_000, () => rig.clock.set(-EIGHT_HOURS_US))
    await rig.run()
    expect(rig.verdicts()).toEqual(['max_age', 'end_of_input'])
    expect(ages(rig)).toEqual([])
  })
})

describe('a batch for each key', () => {
  /** Rows of a region each, into one aggregate. */
  function keyed(rows: readonly string[], { trigger = '{ count: 2 }', max_open = 100, pause_ms = 0 } = {}) {
    const chunks = rows.map((row, i) => `{after_ms: ${i === 0 ? 0 : pause_ms}, rows: [{n: ${i + 1}${row}}]}`)
    return `
name: keyed
sources:
  rows: { plugin: feed, options: { chunks: [${chunks.join(', ')}] }, on_invalid: discard, to: hold }
nodes:
  hold: { aggregate: gather, per: [region], max_open: ${max_open}, trigger: ${trigger}, on_error: bad, to: out }
sinks:
  out: { plugin: keep, on_error: discard }
  bad: { plugin: keep, on_error: discard }
`
  }
  const of = (...regions: (string | null)[]) => regions.map(each => (each === null ? '' : `, region: ${each}`))

  test('has triggers of its own, and those open at the end follow in the order of their first rows', async () => {
    const rig = new Rig(keyed(of('a', 'b', 'a', 'c', 'b', 'b', 'd', 'a')))
    await rig.run()
    expect(rig.column('out', 'ns')).toEqual([[1, 3], [2, 5], [4], [6], [7], [8]])
    expect(rig.verdicts()).toEqual(['count', 'count', ...new Array(4).fill('end_of_input')])
  })

  test('grows old by itself', async () => {
    const rig = new Rig(keyed(of('a', 'b', 'a', 'b'), { trigger: '{ max_age: 10s }', pause_ms: 6_000 }))
    await rig.run()
    // Of a from 0 to 10 s, of b from 6 to 16 s; those that follow begin at 12 and 18 s.
    expect(rig.column('out', 'ns')).toEqual([[1], [2], [3], [4]])
    expect(rig.verdicts()).toEqual(['max_age', 'max_age', 'end_of_input', 'end_of_input'])
  })

  test('null and missing are one key, and 1 and "1" are two', async () => {
    const rig = new Rig(keyed([...of(null), ', region: null', ', region: 1', ", region: '1'"], { trigger: '{}' }))
    await rig.run()
    expect(rig.column('out', 'ns')).toEqual([[1, 2], [3], [4]])
  })

  test('a row that would open one too many meets an error; one whose batch is open does not', async () => {
    const rig = new Rig(keyed(of('a', 'b', 'c', 'a', 'c'), { max_open: 2 }))
    const { summary } = await rig.run()
    expect(rig.column('out', 'ns')).toEqual([[1, 4], [2], [5]])
    expect(rig.column('bad', 'n')).toEqual([3])
    expect(rig.disk.get('bad')?.[0]?._error).toEqual({
      code: 'BATCHES_OPEN',
      node: 'hold',
      message:
        '`hold` has 2 batches open, as many as max_open allows, and none for this row’s key: let its trigger close them earlier, or raise max_open',
    })
    expect(summary.status).toBe('completed_with_failures')
    expect(Object.values(rig.endings())).toContain('ROUTED/error@hold')
  })

  test('one batch is the most that a max_open of 1 keeps, and the error says one', async () => {
    const rig = new Rig(keyed(of('a', 'b', 'a'), { max_open: 1 }))
    await rig.run()
    expect(rig.column('out', 'ns')).toEqual([[1, 3]])
    expect(rig.column('bad', 'n')).toEqual([2])
    expect(rig.disk.get('bad')?.[0]?._error).toHaveProperty('message', expect.stringContaining('has 1 batch open,'))
  })

  test('is found again by its key when the run is resumed, and so is what was refused', async () => {
    const rows = of('a', 'b', 'c', 'a', 'b', 'b')
    const whole = new Rig(keyed(rows, { max_open: 2, pause_ms: 1_000 }))
    await whole.run()
    for (const stop_after_ms of [500, 1_500, 2_500, 3_500, 4_500]) {
      const rig = new Rig(keyed(rows, { max_open: 2, pause_ms: 1_000 }))
      await rig.run({ stop_after_ms })
      await rig.resume(60_000)
      expect(rig.disk).toEqual(whole.disk)
      expect(rig.endings()).toEqual(whole.endings())
    }
  })
})
