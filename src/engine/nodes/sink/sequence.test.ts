/** Sinks that send one request at a time, on the clock; rows that are refused of a request that was taken; and who sends. */
import { describe, expect, test } from 'vitest'
import { BUSY, Hook, LOST, NO, OK, pipeline } from '../../../../test/support/hook.ts'
import { transformOf } from '../../../../test/support/rig.ts'
import type { CallFact, EndingFact } from '../../../format/entry.ts'
import type { Sent } from '../../../sdk/spec.ts'

/** Up to 4 rows go together, one request at a time. */
function hookFor(answer: Hook['answer'] = () => OK): Hook {
  const hook = new Hook()
  hook.batch = { rows: 4, wait_ms: 10_000 }
  hook.idempotent = true
  hook.sequential = true
  hook.answer = answer
  return hook
}

const FOURS = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
]
/** The second and the last of four rows are refused. */
const WITHOUT: Sent = {
  ...OK,
  refused: new Map([
    [1, { code: 'BAD', message: 'it is there' }],
    [3, { code: 'BAD', message: 'so is this', response: { key: 4 } }],
  ]),
} as Sent

describe('one request at a time', () => {
  test('in the order of rows', async () => {
    const hook = hookFor()
    const rig = hook.on(pipeline(11))
    await rig.run()
    expect(hook.most_at_once).toBe(1)
    expect(hook.requests).toEqual([...FOURS, [9, 10, 11]])
  })

  test('those that follow wait while one is in its backoff', async () => {
    const hook = hookFor((n, times) => (n === 1 && times < 3 ? BUSY : OK))
    const rig = hook.on(pipeline(8))
    await rig.run()
    expect(hook.requests).toEqual([FOURS[0], FOURS[0], ...FOURS])
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('and go on when that has failed for good', async () => {
    const hook = hookFor(n => (n === 1 ? NO : OK))
    const rig = hook.on(pipeline(8))
    await rig.run()
    expect(hook.requests).toEqual(FOURS)
    expect(rig.endings()).toMatchObject({ 4: 'FAILED/sink_rejected@hook', 5: 'COMPLETED/flow@hook' })
  })

  test('after a crash in a backoff, too', async () => {
    const hook = hookFor((n, times) => (n === 1 && times === 1 ? BUSY : OK))
    const rig = hook.on(pipeline(8))
    await hook.crashAndResume(500)
    expect(hook.requests).toEqual([FOURS[0], ...FOURS])
    expect(hook.begun.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2])
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('of a sink that isn’t idempotent, what is in doubt after a crash keeps nobody waiting', async () => {
    const hook = hookFor()
    hook.idempotent = false
    const rig = hook.on(pipeline(8))
    await hook.crashAndResume(50)
    expect(hook.requests).toEqual(FOURS)
    expect(rig.endings()).toMatchObject({ 4: 'FAILED/in_doubt@hook', 5: 'COMPLETED/flow@hook' })
  })
})

describe('rows that are refused of a request that was taken', () => {
  test('go where on_error leads, each with its own error', async () => {
    const hook = hookFor(n => (n === 1 ? WITHOUT : OK))
    const rig = hook.on(pipeline(6))
    const { summary } = await rig.run()
    expect(rig.endings()).toMatchObject({
      ...{ 1: 'COMPLETED/flow@hook', 2: 'FAILED/sink_rejected@hook' },
      ...{ 3: 'COMPLETED/flow@hook', 4: 'FAILED/sink_rejected@hook', 5: 'COMPLETED/flow@hook' },
    })
    expect(rig.column('refused', '_error')).toMatchObject([{ message: 'it is there' }, { message: 'so is this' }])
    expect(summary.sinks.hook?.rows).toBe(4)
    expect(rig.facts<CallFact>('calls').map(({ status }) => status)).toEqual([0, 5, 0, 5, 0, 0])
  })

  test('aren’t in doubt, whatever became of requests before', async () => {
    const hook = hookFor((n, times) => (n !== 1 ? OK : times === 1 ? LOST : WITHOUT))
    const rig = hook.on(pipeline(4))
    await rig.run()
    expect(Object.values(rig.endings())).toEqual([
      ...['COMPLETED/flow@hook', 'FAILED/sink_rejected@hook'],
      ...['COMPLETED/flow@hook', 'FAILED/sink_rejected@hook'],
    ])
    const crashed = hookFor(() => WITHOUT)
    const again = crashed.on(pipeline(4))
    await crashed.crashAndResume(50)
    expect(crashed.requests).toHaveLength(2)
    expect(again.endings()).toEqual(rig.endings())
  })

  test.each([
    ['another row', { ...OK, refused: new Map([[4, { code: 'BAD', message: '' }]]) }],
    ['a code of its own', { ...OK, refused: new Map([[0, { code: 'UNHEARD_OF', message: '' }]]) }],
  ])('a sink that refuses %s has a defect', async (_, answer) => {
    const rig = hookFor(() => answer as Sent).on(pipeline(4))
    expect((await rig.run()).error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'hook' } })
  })
})

describe('an outage that no row can have to do with', () => {
  const DOWN: Sent = { ...LOST, outage: 'surely' } as Sent

  test('uses up no attempt: the request is made again when the service is back', async () => {
    const hook = hookFor((_, times) => (times < 7 ? DOWN : OK))
    const rig = hook.on(pipeline(4))
    await rig.run()
    expect(hook.requests).toHaveLength(7)
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('leaves its rows in doubt if they are turned away later', async () => {
    const hook = hookFor((_, times) => (times < 3 ? DOWN : NO))
    const rig = hook.on(pipeline(4))
    await rig.run()
    expect(rig.endings()).toMatchObject({ 1: 'FAILED/in_doubt@hook' })
    const crashed = hookFor((_, times) => (times < 2 ? DOWN : NO))
    const again = crashed.on(pipeline(4))
    await crashed.crashAndResume(500)
    expect(again.endings()).toEqual(rig.endings())
    expect(again.facts<EndingFact>('endings')[0]?.error?.code).toBe('IN_DOUBT')
  })

  test('stops the run when it has lasted too long, with its rows open', async () => {
    const hook = hookFor(() => DOWN)
    const rig = hook.on(pipeline(4))
    const { summary, error } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_SERVICE_DOWN' })
    expect(summary).toMatchObject({ status: 'failed', tokens: { open: 4 } })
    hook.answer = () => OK
    await rig.resume(1_000)
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('of a visit is an outage like others', async () => {
    let calls = 0
    const ask = transformOf(
      'asking',
      async (row, { call }) => {
        const result = await call('bank', { request: null }, async () =>
          ++calls < 6
            ? { kind: 'failure', code: 'BAD', message: 'gone', retryable: true, outage: 'surely' }
            : { kind: 'answer', response: 1 },
        )
        return result.kind === 'error' ? result : { kind: 'row', row }
      },
      { services: () => ['bank'] },
    )
    const text = pipeline(1, '', 'ask').replace(
      'sinks:',
      'nodes:\n  ask: { transform: asking, on_error: discard, to: hook }\nsinks:',
    )
    const rig = hookFor().on(text, [ask])
    await rig.run()
    expect(calls).toBe(6)
    expect(rig.endings()).toEqual({ 1: 'COMPLETED/flow@hook' })
  })
})
