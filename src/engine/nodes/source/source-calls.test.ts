/** Sources that ask services, in runs on a virtual clock: what is on record, what is asked again, and what a replay is given. */
import { describe, expect, test } from 'vitest'
import { Rig, sourceOf } from '../../../../test/support/rig.ts'
import type { RunEntry } from '../../../format/entry.ts'
import { CustodyError } from '../../../model/error.ts'
import type { CallAnswer } from '../../../sdk/call.ts'
import type { ResumePoint, SourceContext, SourceItem } from '../../../sdk/spec.ts'

const PIPELINE = `
name: pages
defaults: { on_error: discard, on_invalid: discard }
retry: { attempts: 3, backoff: 1s, factor: 2 }
sources:
  orders: { plugin: pages, options: {}, to: slow }
nodes:
  slow: { transform: wait, options: { ms: 10 }, to: all }
sinks:
  all: { plugin: keep, options: {} }
`

/** Three pages of four rows each, whatever else happens. */
class FarSide {
  readonly asked: number[] = []
  readonly answer: (page: number, nth: number) => CallAnswer | Promise<CallAnswer>

  constructor(answer: FarSide['answer'] = page => rowsOf(page)) {
    this.answer = answer
  }

  spec() {
    const read = (from: ResumePoint | null, context: SourceContext) => this.#read(from, context)
    return sourceOf('pages', read, { determinism: 'external', services: () => ['desk'] })
  }

  async *#read(from: ResumePoint | null, { call }: SourceContext): AsyncGenerator<SourceItem[]> {
    let { page, taken } = from === null ? { page: 1, taken: 0 } : (from.position as { page: number; taken: number })
    for (; page <= 3; page++, taken = 0) {
      const now = page
      const result = await call('desk', { request: { page } }, async () => {
        this.asked.push(now)
        return this.answer(now, this.asked.filter(each => each === now).length)
      })
      if (result.kind === 'error') throw new CustodyError('CUSTODY_SOURCE', result.message)
      const rows = result.response as readonly { readonly n: number }[]
      yield rows
        .slice(taken)
        .map((row, i) => ({ kind: 'row', line: 0, row: { ...row }, position: { page: now, taken: taken + i + 1 } }))
    }
  }
}

const rowsOf = (page: number): CallAnswer => ({
  kind: 'answer',
  response: [1, 2, 3, 4].map(n => ({ n: (page - 1) * 4 + n, ms: 10 })),
})
const failed = (retryable: boolean, more: Partial<CallAnswer> = {}): CallAnswer =>
  ({ kind: 'failure', code: 'BUSY', message: 'not now', retryable, ...more }) as CallAnswer
const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]

type Calls = Extract<RunEntry, { k: 'calls' }>
const callsOf = (rig: Rig): Calls[] =>
  rig.ledger.entries_kept.flatMap(({ draft }) => ('entry' in draft && draft.entry.k === 'calls' ? [draft.entry] : []))
/** Of each call the record before which it was made, its attempt, its place, and its status. */
const calledBy = (rig: Rig) => callsOf(rig).flatMap(({ from, x }) => x.map(each => [from, each[3], each[4], each[6]]))

test('each answer is an entry of the run, and counts among its calls', async () => {
  const side = new FarSide()
  const rig = new Rig(PIPELINE, [side.spec()])
  const { error, summary } = await rig.run()
  expect(error).toBeNull()
  expect(rig.column('all', 'n')).toEqual(ALL)
  expect(side.asked).toEqual([1, 2, 3])
  expect(calledBy(rig)).toEqual([
    [1, 1, 1, 0],
    [5, 1, 1, 0],
    [9, 1, 1, 0],
  ])
  expect(summary.calls).toMatchObject({ made: 3 })
})

test('what failed is asked again as `retry` says, and both are on record', async () => {
  const side = new FarSide((page, nth) => (page === 2 && nth < 3 ? failed(true) : rowsOf(page)))
  const rig = new Rig(PIPELINE, [side.spec()])
  expect((await rig.run()).error).toBeNull()
  expect(side.asked).toEqual([1, 2, 2, 2, 3])
  expect(calledBy(rig).slice(1, 4)).toEqual([
    [5, 1, 1, 1],
    [5, 2, 1, 1],
    [5, 3, 1, 0],
  ])
})

test('a service that asks to be left alone uses up no attempt', async () => {
  const busy = failed(true, { throttled: true, retry_after_ms: 5000 })
  const side = new FarSide((page, nth) => (page === 2 && nth < 6 ? busy : rowsOf(page)))
  const rig = new Rig(PIPELINE, [side.spec()])
  const began_us = rig.clock.now_us()
  expect((await rig.run()).error).toBeNull()
  expect(rig.clock.now_us() - began_us).toBeGreaterThan(5 * 5_000_000)
  expect(
    calledBy(rig)
      .slice(1, 7)
      .map(each => each[3]),
  ).toEqual([2, 2, 2, 2, 2, 0])
})

test.each([
  [true, [1, 2, 2, 2]],
  [false, [1, 2]],
])('what can’t be had stops the run, which goes on there (retryable: %s)', async (retryable, asked) => {
  let down = true
  const side = new FarSide(page => (page === 2 && down ? failed(retryable) : rowsOf(page)))
  const rig = new Rig(PIPELINE, [side.spec()])
  const { error } = await rig.run()
  expect(error).toMatchObject({ code: 'CUSTODY_SOURCE', message: 'not now' })
  expect(side.asked).toEqual(asked)
  down = false
  expect((await rig.resume(1000)).error).toBeNull()
  expect(side.asked).toEqual([...asked, 2, 3])
  expect(rig.column('all', 'n')).toEqual(ALL)
})

test('a run that goes on asks nothing of which the answer is on record, whenever it was stopped', async () => {
  for (let after_ms = 0; after_ms < 120; after_ms += 7) {
    const side: FarSide = new FarSide(async page => {
      await again.clock.sleep(20_000)
      return rowsOf(page)
    })
    const again: Rig = new Rig(PIPELINE, [side.spec()])
    let { error, summary } = await again.run({ stop_after_ms: after_ms })
    for (let left = 20; summary.status === 'cancelled' && left > 0; left--)
      ({ error, summary } = await again.resume(1000, { stop_after_ms: after_ms + 15 }))
    expect(error).toBeNull()
    expect([after_ms, summary.status]).toEqual([after_ms, 'completed'])
    expect(again.column('all', 'n')).toEqual(ALL)
    expect(side.asked).toEqual([1, 2, 3])
  }
})

test('with a limit nothing is asked that isn’t wanted', async () => {
  const side = new FarSide()
  const rig = new Rig(PIPELINE, [side.spec()])
  expect((await rig.run({ limit: 1 })).error).toBeNull()
  expect(side.asked).toEqual([1])
  expect(rig.column('all', 'n')).toEqual([1])
})

test('what was asked and isn’t wanted any more is on record all the same', async () => {
  const side: FarSide = new FarSide(async page => {
    await rig.clock.sleep(page === 2 ? 500_000 : 1)
    return rowsOf(page)
  })
  const rig: Rig = new Rig(PIPELINE, [side.spec()])
  expect((await rig.run({ limit: 3 })).error).toBeNull()
  expect(side.asked).toEqual([1, 2])
  expect(calledBy(rig)).toHaveLength(2)
  expect(rig.column('all', 'n')).toEqual([1, 2, 3])
})

describe('a replay', () => {
  test('asks nobody, and passes over what had failed', async () => {
    const side = new FarSide((page, nth) => (page === 2 && nth < 3 ? failed(true) : rowsOf(page)))
    const before = new Rig(PIPELINE, [side.spec()])
    await before.run()
    const gone = new FarSide(() => Promise.reject(new Error('gone')))
    const rig = new Rig(PIPELINE, [gone.spec()])
    expect((await rig.run({ on_record: await before.onRecord() })).error).toBeNull()
    expect(gone.asked).toEqual([])
    expect(rig.column('all', 'n')).toEqual(ALL)
    expect(calledBy(rig).map(each => each[3])).toEqual([3, 3, 3])
  })

  test('stops where something is asked for that isn’t on record', async () => {
    const side = new FarSide()
    const before = new Rig(PIPELINE, [side.spec()])
    await before.run({ limit: 2 })
    const rig = new Rig(PIPELINE, [new FarSide().spec()])
    const { error } = await rig.run({ on_record: await before.onRecord() })
    expect(error).toMatchObject({ code: 'CUSTODY_REPLAY_MISS', where: { node: 'orders' } })
  })
})

test.each([
  ['another service', async ({ call }: SourceContext) => call('other', { request: 1 }, async () => rowsOf(1)), /other/],
  [
    'two at once',
    async ({ call }: SourceContext) =>
      Promise.all([1, 2].map(page => call('desk', { request: page }, async () => rowsOf(page)))),
    /while another call of it is under way/,
  ],
])('a source that calls %s has a defect', async (_what, ask, message) => {
  const bad = sourceOf(
    'pages',
    // biome-ignore lint/correctness/useYield: it never comes so far.
    async function* (_from, context) {
      await ask(context)
    },
    { determinism: 'external', services: () => ['desk'] },
  )
  const { error } = await new Rig(PIPELINE, [bad]).run()
  expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', message: expect.stringMatching(message) })
})
