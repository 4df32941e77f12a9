/** Sinks that send, on the clock: what is on record before what is sent, and what becomes of a row when nobody knows. */
import { describe, expect, test } from 'vitest'
import { BUSY, Hook, LOST, NO, OK, pipeline } from '../../../../test/support/hook.ts'
import { Power } from '../../../../test/support/power.ts'
import { type Rig, transformOf } from '../../../../test/support/rig.ts'
import type { CallFact, EndingFact, IntentFact, VisitFact } from '../../../format/entry.ts'
import { CustodyError } from '../../../model/error.ts'
import type { Sent } from '../../../sdk/spec.ts'

const rows = (rig: Rig) => rig.facts<EndingFact>('endings').length
const receipts = (rig: Rig) =>
  rig.ledger.entries_kept.flatMap(each =>
    each.kind === 'run' && each.draft.entry.k === 'commit' ? [each.draft.entry.receipts] : [],
  )

describe('a row that is sent', () => {
  test('is on record before, and counts in the sink’s receipt once it was accepted', async () => {
    const hook = new Hook()
    const rig = hook.on(pipeline(40))
    const { summary } = await rig.run()
    expect(hook.begun.every(each => each.recorded)).toBe(true)
    expect(hook.sent).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(hook.most_at_once).toBe(16)
    expect(summary).toMatchObject({ status: 'completed', sinks: { hook: { rows: 40 } } })
    expect(rig.endings()[1]).toBe('COMPLETED/flow@hook')
    expect(receipts(rig).at(-1)).toEqual([
      { sink: 2, rows: 40, bytes: 0 },
      { sink: 3, rows: 0, bytes: 0 },
    ])
    // In one entry: what came back, the visit and the ending.
    const drafts = rig.ledger.subjects().filter(({ subject }) => subject.kind === 'row' && subject.row === 1)
    expect(drafts.map(each => [each.intents.length, each.calls.length, each.endings.length])).toEqual([
      [1, 0, 0],
      [0, 1, 1],
    ])
    expect(rig.facts<CallFact>('calls')[0]).toMatchObject({ token: 1, node: 2, attempt: 1, ordinal: 1, status: 0 })
  })

  test('has a key that is the same for all attempts, and nobody else’s', async () => {
    const hook = new Hook()
    hook.answer = (_, times) => (times < 3 ? BUSY : OK)
    const rig = hook.on(pipeline(5))
    await rig.run()
    expect(rig.endings()).toMatchObject({ 1: 'COMPLETED/flow@hook', 5: 'COMPLETED/flow@hook' })
    expect(hook.begun).toHaveLength(15)
    expect(new Set(hook.begun.map(({ n, key }) => `${n} ${key}`)).size).toBe(5)
    expect(new Set(hook.begun.map(({ key }) => key)).size).toBe(5)
    // Each attempt has an intent of its own, for one and the same value.
    const intents = rig.facts<IntentFact>('intents').filter(({ token }) => token === 1)
    expect(intents.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(new Set(intents.map(({ request }) => request)).size).toBe(1)
  })

  test('lets others have their turn, but not at what lies behind on_error', async () => {
    const hook = new Hook()
    hook.answer = n => (n === 1 ? NO : OK)
    const text = pipeline(1, '', 'odd').replace(
      'sinks:',
      `nodes:\n  odd: { gate: 'row.n % 2 == 1', routes: { true: hook, false: refused }, on_error: discard }\nsinks:`,
    )
    const rig = hook.on(text.replace('[{"n":1}]', '[{"n":1},{"n":2},{"n":3}]'))
    await rig.run()
    expect(hook.begun.map(({ at_ms }) => at_ms)).toEqual([0, 0])
    expect(rig.column('refused', 'n')).toEqual([1, 2])
  })
})

describe('what isn’t accepted', () => {
  test('goes where on_error leads, as refused', async () => {
    const hook = new Hook()
    hook.answer = n => (n === 2 ? NO : n === 3 ? BUSY : OK)
    const rig = hook.on(pipeline(4))
    const { summary } = await rig.run()
    expect(hook.sent.filter(n => n === 3)).toHaveLength(3)
    expect(rig.endings()).toEqual({
      ...{ 1: 'COMPLETED/flow@hook', 2: 'FAILED/sink_rejected@hook' },
      ...{ 3: 'FAILED/sink_rejected@hook', 4: 'COMPLETED/flow@hook' },
    })
    expect(rig.column('refused', '_error')).toMatchObject([
      { code: 'BAD', node: 'hook' },
      { code: 'BUSY', node: 'hook' },
    ])
    expect(summary.sinks.hook?.rows).toBe(2)
  })

  test.each([false, true])('isn’t even sent, if no request can be made of it (retryable: %s)', async retryable => {
    const hook = new Hook()
    hook.request = row =>
      row.n === 1 ? { kind: 'error', code: 'BAD', message: 'no address', retryable } : { n: row.n! }
    const rig = hook.on(pipeline(2))
    await rig.run()
    expect(hook.sent).toEqual([2])
    expect(rig.endings()).toEqual({ 1: 'FAILED/sink_rejected@hook', 2: 'COMPLETED/flow@hook' })
  })

  test('because the service wants to be left alone is sent again in its time, each time on record', async () => {
    const hook = new Hook()
    hook.answer = (_, times) => (times < 3 ? { ...BUSY, throttled: true, retry_after_ms: 20_000 } : OK)
    const rig = hook.on(pipeline(1))
    await rig.run()
    const [first = 0, second = 0, third = 0] = hook.begun.map(({ at_ms }) => at_ms)
    expect(second - first).toBeGreaterThanOrEqual(20_000)
    expect(third - second).toBeGreaterThanOrEqual(20_000)
    expect(rig.facts<IntentFact>('intents').map(({ attempt }) => attempt)).toEqual([1, 1, 1])
    expect(rig.facts<CallFact>('calls').map(({ status }) => status)).toEqual([2, 2, 0])
    expect(rig.endings()).toEqual({ 1: 'COMPLETED/flow@hook' })
  })
})

describe('a row that may have been taken', () => {
  test('ends in doubt', async () => {
    const hook = new Hook()
    hook.answer = n => (n === 2 ? LOST : OK)
    const rig = hook.on(pipeline(3))
    const { summary } = await rig.run()
    expect(hook.sent).toEqual([1, 2, 3])
    expect(rig.endings()[2]).toBe('FAILED/in_doubt@hook')
    expect(rig.facts<EndingFact>('endings').find(({ token }) => token === 2)?.error?.code).toBe('IN_DOUBT')
    expect(summary).toMatchObject({ status: 'completed_with_failures', sinks: { hook: { rows: 2 } } })
  })

  test('is sent again with the same key, if that does no harm', async () => {
    const hook = new Hook()
    hook.idempotent = true
    hook.answer = (_, times) => (times < 2 ? LOST : OK)
    const rig = hook.on(pipeline(1))
    await rig.run()
    expect(hook.begun).toHaveLength(2)
    expect(hook.begun[0]?.key).toBe(hook.begun[1]?.key)
    expect(rig.endings()).toEqual({ 1: 'COMPLETED/flow@hook' })
  })

  test.each([
    ['nothing answers', [LOST, LOST, LOST]],
    ['a later request is refused', [LOST, NO]],
    ['a later one is refused for now, and the last', [LOST, BUSY, BUSY]],
  ])('stays in doubt if %s', async (_, answers) => {
    const hook = new Hook()
    hook.idempotent = true
    hook.answer = (_n, times) => answers[times - 1]!
    const rig = hook.on(pipeline(1))
    await rig.run()
    expect(hook.begun).toHaveLength(answers.length)
    expect(rig.endings()).toEqual({ 1: 'FAILED/in_doubt@hook' })
    expect(rig.facts<EndingFact>('endings')[0]?.error?.code).toBe('IN_DOUBT')
  })
})

describe('after a crash', () => {
  // Requests are on record at 0 ms, and answered at 100 ms.
  test('a request without an answer leaves its row in doubt', async () => {
    const hook = new Hook()
    const rig = hook.on(pipeline(20))
    await hook.crashAndResume(50)
    expect(hook.sent).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    const { 16: last_sent, 17: first_unsent } = rig.endings()
    expect([last_sent, first_unsent]).toEqual(['FAILED/in_doubt@hook', 'COMPLETED/flow@hook'])
    expect(receipts(rig).at(-1)?.[0]?.rows).toBe(4)
  })

  test('it is sent again with the same key, if that does no harm', async () => {
    const hook = new Hook()
    hook.idempotent = true
    const rig = hook.on(pipeline(20))
    await hook.crashAndResume(50)
    expect(hook.begun).toHaveLength(36)
    expect(new Set(hook.begun.map(({ n, key }) => `${n} ${key}`)).size).toBe(20)
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
    expect(rows(rig)).toBe(20)
  })

  test('it stays in doubt, if it is refused then', async () => {
    const hook = new Hook()
    hook.idempotent = true
    hook.answer = (_, times) => (times > 1 ? NO : OK)
    const rig = hook.on(pipeline(1))
    await hook.crashAndResume(50)
    expect(rig.endings()).toEqual({ 1: 'FAILED/in_doubt@hook' })
  })

  test('an answer that is on record counts, and nothing is sent again', async () => {
    const hook = new Hook()
    const rig = hook.on(pipeline(20, 'limits: { services: { far: { concurrency: 1 } } }'))
    // Answers come at 100, 200, 300 ms and are durable with the next intent.
    await hook.crashAndResume(350)
    expect(hook.sent).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    expect(Object.values(rig.endings()).filter(each => each === 'FAILED/in_doubt@hook')).toHaveLength(1)
    expect(rig.endings()[4]).toBe('FAILED/in_doubt@hook')
  })

  test('what was refused for now waits for the rest of its backoff', async () => {
    const hook = new Hook()
    hook.answer = (_, times) => (times < 2 ? BUSY : OK)
    const rig = hook.on(pipeline(1))
    await hook.crashAndResume(500)
    expect(rig.endings()).toEqual({ 1: 'COMPLETED/flow@hook' })
    // The process is gone when it would commit the next intent, at 1,100 ms, and was last heard of at 150 ms.
    expect(hook.begun.map(({ at_ms }) => at_ms)).toEqual([0, 2_100 + 950])
    expect(
      rig
        .facts<VisitFact>('visits')
        .filter(({ node }) => node === 2)
        .map(({ attempt }) => attempt),
    ).toEqual([1, 2])
  })

  test('giving the run up leaves in doubt what may have been taken', async () => {
    const hook = new Hook()
    const rig = hook.on(pipeline(20))
    rig.clock.wake(50_000, () => {
      rig.ledger.power = new Power(1)
    })
    await rig.run()
    rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    await rig.resume(1_000, { abandon: true })
    expect(rig.endings()).toMatchObject({ 1: 'FAILED/in_doubt@hook', 17: 'FAILED/abandoned@hook' })
  })
})

describe('giving up a run of which requests may be under way', () => {
  const abandoned = async (fenced: Hook['fenced']) => {
    const hook = new Hook()
    hook.fenced = fenced
    const rig = hook.on(pipeline(20))
    rig.clock.wake(50_000, () => {
      rig.ledger.power = new Power(1)
    })
    await rig.run()
    rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    return { result: await rig.resume(1_000, { abandon: true }), endings: rig.endings() }
  }

  test('has the far side take no more of them', async () => {
    const epochs: number[] = []
    const { result, endings } = await abandoned(epoch => epochs.push(epoch))
    expect(epochs).toEqual([2])
    expect(result).toMatchObject({ summary: { status: 'abandoned', tokens: { open: 0 } }, warnings: [] })
    expect(endings).toMatchObject({ 1: 'FAILED/in_doubt@hook' })
  })

  test('says so where that isn’t certain, and gives it up all the same', async () => {
    const { result, endings } = await abandoned(() => {
      throw new CustodyError('CUSTODY_SINK', 'nobody answers')
    })
    expect(result.summary.status).toBe('abandoned')
    expect(result.warnings).toEqual([expect.stringMatching(/^hook: .*may still come.*: nobody answers$/)])
    expect(endings).toMatchObject({ 1: 'FAILED/in_doubt@hook' })
  })

  test('asks nobody where none is', async () => {
    const epochs: number[] = []
    const hook = new Hook()
    hook.fenced = epoch => void epochs.push(epoch)
    const rig = hook.on(pipeline(40))
    await rig.run({ stop_after_ms: 50 })
    await rig.resume(1_000, { abandon: true })
    expect(rig.endings()).toMatchObject({ 40: 'FAILED/abandoned@hook' })
    expect(epochs).toEqual([])
  })
})

describe('a stop', () => {
  test('waits for what was sent, and sends nothing more', async () => {
    const hook = new Hook()
    hook.latency_ms = 3_000
    const rig = hook.on(pipeline(40))
    const { summary } = await rig.run({ stop_after_ms: 1_000 })
    expect(summary).toMatchObject({ status: 'cancelled', tokens: { ended: 16, open: 24 } })
    expect(rig.facts<IntentFact>('intents')).toHaveLength(16)
    await rig.resume(1_000)
    expect(hook.sent).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(new Set(Object.values(rig.endings()))).toEqual(new Set(['COMPLETED/flow@hook']))
  })

  test('doesn’t wait for ever: what nobody answered is in doubt then', async () => {
    const hook = new Hook()
    hook.latency_ms = 3_600_000
    const rig = hook.on(pipeline(1))
    await rig.run({ stop_after_ms: 1_000 })
    await rig.resume(1_000)
    expect(hook.begun).toHaveLength(1)
    expect(rig.endings()).toEqual({ 1: 'FAILED/in_doubt@hook' })
  })

  test('by another plugin’s defect waits for what was sent, too', async () => {
    const hook = new Hook()
    const text = pipeline(1, '', 'odd').replace(
      'sinks:',
      `nodes:
  odd: { gate: 'row.n % 2 == 1', routes: { true: hook, false: boom }, on_error: discard }
  boom: { transform: boom, on_error: discard, to: refused }
sinks:`,
    )
    let broken = true
    const boom = transformOf('boom', async row => {
      await hook.rig.clock.sleep(50_000)
      if (broken) throw new Error('boom')
      return { kind: 'row', row }
    })
    const rig = hook.on(text.replace('[{"n":1}]', '[{"n":1},{"n":2},{"n":3}]'), [boom])
    const { error } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', where: { node: 'boom' } })
    expect(rig.endings()).toEqual({ 1: 'ROUTED/gate@odd', 3: 'ROUTED/gate@odd' })
    broken = false
    await rig.resume(1_000)
    expect(hook.sent).toEqual([1, 3])
    expect(rig.column('refused', 'n')).toEqual([2])
  })

  test('by a defect of the sink leaves no answer, and the row in doubt', async () => {
    const hook = new Hook()
    hook.answer = n =>
      n === 1 ? ({ kind: 'rejected', code: 'UNHEARD_OF', message: '', retryable: false } as Sent) : OK
    const rig = hook.on(pipeline(1))
    const { error } = await rig.run()
    expect(error).toMatchObject({ code: 'CUSTODY_PLUGIN_DEFECT', message: /UNHEARD_OF/, where: { node: 'hook' } })
    hook.answer = () => OK
    await rig.resume(1_000)
    expect(rig.endings()).toEqual({ 1: 'FAILED/in_doubt@hook' })
  })
})
