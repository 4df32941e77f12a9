/** Rows that are sent in one request, on the clock: which go together, and that they stay together. */
import { describe, expect, test } from 'vitest'
import { BUSY, Hook, LOST, NO, OK, pipeline } from '../../../../test/support/hook.ts'
import { transformOf } from '../../../../test/support/rig.ts'
import type { CallFact, IntentFact } from '../../../format/entry.ts'

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** Up to 4 rows go together, and wait 10 s for each other. */
function hookFor(answer: Hook['answer'] = () => OK): Hook {
  const hook = new Hook()
  hook.batch = { rows: 4, wait_ms: 10_000 }
  hook.answer = answer
  return hook
}

/** Rows that come in their time. */
function coming(...chunks: ReadonlyArray<readonly [after_ms: number, ...numbers: number[]]>): string {
  const fed = chunks.map(([after_ms, ...rows]) => ({ after_ms, rows: rows.map(n => ({ n })) }))
  return pipeline(0).replace('chunks: [{ rows: [] }]', `chunks: ${JSON.stringify(fed)}`)
}

describe('rows go together', () => {
  test('as many as a request may have, and the rest when no more can come', async () => {
    const hook = hookFor()
    const { summary } = await hook.on(pipeline(10)).run()
    expect(hook.requests).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ])
    expect(hook.begun.map(({ at_ms }) => at_ms)).toEqual(new Array(10).fill(0))
    expect(summary).toMatchObject({ status: 'completed', sinks: { hook: { rows: 10 } } })
  })

  test('until the first has waited long enough', async () => {
    const hook = hookFor()
    const rig = hook.on(coming([0, 1], [9_000, 2], [2_000, 3], [9_000, 4]))
    await rig.run()
    expect(hook.requests).toEqual([
      [1, 2],
      [3, 4],
    ])
    // The last goes when the input has ended.
    expect(hook.begun.map(({ at_ms }) => at_ms)).toEqual([10_000, 10_000, 20_000, 20_000])
  })

  test('and wait for those that are still to come, no longer than that', async () => {
    const text = pipeline(3, '', 'odd').replace(
      'sinks:',
      `nodes:
  odd: { gate: 'row.n % 2 == 1', routes: { true: hook, false: slow }, on_error: discard }
  slow: { transform: slow, on_error: discard, to: hook }
sinks:`,
    )
    const run = async (slow_ms: number) => {
      const hook = hookFor()
      const slow = transformOf('slow', async row => {
        await hook.rig.clock.sleep(slow_ms * 1000)
        return { kind: 'row', row }
      })
      await hook.on(text, [slow]).run()
      return hook.requests
    }
    expect(await run(3_000)).toEqual([[1, 2, 3]])
    expect(await run(15_000)).toEqual([[1], [2, 3]])
  })

  test('and count as one for the service’s limits', async () => {
    const hook = hookFor()
    const rig = hook.on(pipeline(12, 'limits: { services: { far: { concurrency: 1, per_minute: 2 } } }'))
    await rig.run()
    expect(hook.most_at_once).toBe(1)
    expect(hook.begun.filter(({ at_ms }) => at_ms < 60_000)).toHaveLength(8)
    expect(hook.requests).toHaveLength(3)
  })

  test('but not on the record: each has its own request, answer and ending there', async () => {
    const hook = hookFor()
    const rig = hook.on(pipeline(5))
    await rig.run()
    const intents = rig.facts<IntentFact>('intents')
    expect(intents.map(({ token, request, together }) => [token, request, together])).toEqual([
      ...numbers(1, 4).map(place => [place, 2, { first: 1, place, rows: 4 }]),
      [5, 2, null],
    ])
    expect(rig.facts<CallFact>('calls').map(({ call, token, status }) => [call, token, status])).toEqual(
      numbers(1, 5).map(each => [each, each, 0]),
    )
    const [, , third] = rig.ledger.subjects().filter(({ subject, intents: [own] }) => subject.kind === 'row' && own)
    expect(third?.values.map(each => each.kind === 'full' && each.text)).toContain('{"n":3}')
    expect(hook.begun.every(({ recorded }) => recorded)).toBe(true)
  })

  test('in no batch with one that no request can be made of', async () => {
    const hook = hookFor()
    hook.request = row =>
      row.n === 2 ? { kind: 'error', code: 'BAD', message: 'no address', retryable: false } : { n: row.n! }
    const rig = hook.on(pipeline(5))
    await rig.run()
    expect(hook.requests).toEqual([[1, 3, 4, 5]])
    expect(rig.endings()[2]).toBe('FAILED/sink_rejected@hook')
  })
})

describe('an answer goes for all rows of the request', () => {
  test('that they are refused', async () => {
    const hook = hookFor(n => (n === 1 ? NO : OK))
    const rig = hook.on(pipeline(6))
    await rig.run()
    expect(rig.column('refused', 'n')).toEqual([1, 2, 3, 4])
    expect(rig.endings()).toMatchObject({ 4: 'FAILED/sink_rejected@hook', 5: 'COMPLETED/flow@hook' })
  })

  test('that they may be taken later: they are sent again together, with the key of the first', async () => {
    const hook = hookFor((n, times) => (n === 1 && times < 3 ? BUSY : OK))
    const rig = hook.on(coming([0, 1, 2, 3, 4], [1_500, 5]))
    await rig.run()
    expect(hook.requests).toEqual([[1, 2, 3, 4], [1, 2, 3, 4], [5], [1, 2, 3, 4]])
    expect(new Set(hook.begun.map(({ n, key }) => `${n} ${key}`)).size).toBe(5)
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
    expect(rig.facts<IntentFact>('intents').filter(({ token }) => token === 3)).toMatchObject(
      [1, 2, 3].map(attempt => ({ attempt, together: { first: 1, place: 3, rows: 4 } })),
    )
  })

  test('that the service wants to be left alone', async () => {
    const hook = hookFor((_, times) => (times < 3 ? { ...BUSY, throttled: true, retry_after_ms: 20_000 } : OK))
    const rig = hook.on(pipeline(3))
    await rig.run()
    expect(hook.requests).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(rig.facts<CallFact>('calls').filter(({ status }) => status === 2)).toHaveLength(6)
  })

  test('that nobody knows', async () => {
    const hook = hookFor(n => (n === 1 ? LOST : OK))
    const rig = hook.on(pipeline(6))
    await rig.run()
    expect(hook.sent).toEqual(numbers(1, 6))
    expect(Object.values(rig.endings())).toEqual([
      ...new Array(4).fill('FAILED/in_doubt@hook'),
      ...new Array(2).fill('COMPLETED/flow@hook'),
    ])
  })
})

describe('after a crash', () => {
  // Requests are on record at 0 ms, and answered at 100 ms.
  test('a request without an answer leaves all its rows in doubt', async () => {
    const hook = hookFor()
    const rig = hook.on(pipeline(10, 'limits: { services: { far: { concurrency: 2 } } }'))
    await hook.crashAndResume(50)
    expect(hook.requests).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ])
    expect(Object.values(rig.endings())).toEqual([
      ...new Array(8).fill('FAILED/in_doubt@hook'),
      ...new Array(2).fill('COMPLETED/flow@hook'),
    ])
  })

  test('it is sent again as it was, if that does no harm: who went alone does so again', async () => {
    const hook = hookFor()
    hook.idempotent = true
    const rig = hook.on(coming([0, 1], [10_050, 2, 3, 4], [2_000, 5]))
    await hook.crashAndResume(10_060)
    expect(hook.requests).toEqual([[1], [1], [2, 3, 4, 5]])
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('rows that wait for the rest of their backoff are sent together again', async () => {
    const hook = hookFor((n, times) => (n === 1 && times === 1 ? BUSY : OK))
    hook.idempotent = true
    const rig = hook.on(pipeline(6))
    await hook.crashAndResume(500)
    expect(hook.requests).toEqual([
      [1, 2, 3, 4],
      [5, 6],
      [1, 2, 3, 4],
    ])
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('a row that no request can be made of any more is a defect of the sink', async () => {
    const hook = hookFor()
    hook.idempotent = true
    const rig = hook.on(pipeline(3))
    rig.clock.wake(50_000, () => {
      hook.request = () => ({ kind: 'error', code: 'BAD', message: 'changed', retryable: false })
    })
    const { error } = await hook.crashAndResume(60)
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'hook' } })
  })
})

describe('a stop', () => {
  test('sends nothing that still waits for others', async () => {
    const hook = hookFor()
    const rig = hook.on(coming([0, 1, 2], [20_000, 3]))
    const { summary } = await rig.run({ stop_after_ms: 5_000 })
    expect(summary).toMatchObject({ status: 'cancelled', tokens: { open: 2 } })
    expect(rig.facts<IntentFact>('intents')).toEqual([])
    await rig.resume(1_000)
    expect(hook.sent).toEqual([1, 2, 3])
  })

  test('for want of budget waits for rows that gather', async () => {
    const hook = hookFor()
    const text = pipeline(3, 'limits: { spend: { usd: 0.1 } }', 'odd').replace(
      'sinks:',
      `nodes:
  odd: { gate: 'row.n != 2', routes: { true: hook, false: dear }, on_error: discard }
  dear: { transform: dear, on_error: discard, to: hook }
sinks:`,
    )
    const dear = transformOf(
      'dear',
      async (row, { call }) => {
        const result = await call('bank', { request: null, at_most_usd: 1 }, async () => ({
          kind: 'answer',
          response: 1,
        }))
        return result.kind === 'error' ? result : { kind: 'row', row }
      },
      { services: () => ['bank'] },
    )
    const rig = hook.on(text, [dear])
    const { stopped_by } = await rig.run()
    expect(stopped_by).toBe('budget_exhausted')
    expect(hook.requests).toEqual([[1]])
  })
})
