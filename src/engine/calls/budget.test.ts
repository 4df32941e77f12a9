/** What calls may cost, in all, whatever their services say of it. */
import { describe, expect, test } from 'vitest'
import { Peer, type PeerLimits, askingPipeline as pipeline } from '../../../test/support/peer.ts'
import { Power } from '../../../test/support/power.ts'
import { transformOf } from '../../../test/support/rig.ts'
import type { Row } from '../../model/row.ts'
import type { CallAnswer } from '../../sdk/call.ts'
import type { VisitContext } from '../../sdk/spec.ts'
import { Budget } from './budget.ts'
import type { Spent } from './elsewhere.ts'

const limits = (of: PeerLimits) => `limits: ${JSON.stringify(of)}`
const BUSY: CallAnswer = { kind: 'failure', code: 'BUSY', message: 'busy', retryable: true }

describe('a budget', () => {
  const costly = (peer: Peer) => {
    peer.at_most_usd = 0.3
    peer.answer = n => ({ kind: 'answer', response: { said: n }, usage: { cost_usd: 0.2 } })
  }

  test('stops the run before a call that could exceed it, and the run resumes with more', async () => {
    const peer = new Peer()
    costly(peer)
    const rig = peer.on(pipeline(10, limits({ spend: { usd: 1.1 } })))
    const stopped = await rig.run()
    expect(stopped).toMatchObject({ error: null, stopped_by: 'budget_exhausted', next_call_usd: 0.3 })
    expect(stopped.summary.status).toBe('cancelled')
    // Four are begun at once and cost 0.8 then; a fifth could still be begun, and makes it 1.0.
    expect(peer.asked).toHaveLength(5)
    expect(stopped.summary.tokens).toEqual({ born: 10, ended: 5, open: 5 })
    expect(stopped.summary.calls?.cost_usd).toBeCloseTo(1, 9)
    rig.text = rig.text.replace('1.1', '40')
    const { summary } = await rig.resume(1_000)
    expect(summary.status).toBe('completed')
    expect(peer.asked).toHaveLength(10)
    expect(rig.column('out', 'n')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('counts what says nothing of its cost, or what none can be, with the most that it can be', async () => {
    for (const cost_usd of [undefined, Number.NaN, -1, 1e99, '0.1' as unknown as number]) {
      const peer = new Peer()
      peer.at_most_usd = 0.3
      const usage = { input_tokens: -5, output_tokens: 1.5, ...(cost_usd === undefined ? {} : { cost_usd }) }
      peer.answer = n =>
        Number(n) % 2 === 0 ? { ...BUSY, retryable: false } : { kind: 'answer', response: { said: n }, usage }
      const rig = peer.on(pipeline(20, limits({ spend: { usd: 1 } })))
      const { error, stopped_by, summary } = await rig.run()
      expect({ error, stopped_by }).toEqual({ error: null, stopped_by: 'budget_exhausted' })
      expect(peer.asked).toHaveLength(3)
      expect(summary.calls).toMatchObject({ made: 3, cost_usd: 0.9, input_tokens: 0, output_tokens: 4 })
    }
  })

  test('counts nothing for what was surely turned away', async () => {
    const peer = new Peer()
    peer.at_most_usd = 0.3
    peer.answer = n =>
      Number(n) < 10
        ? { ...BUSY, retryable: false, unbilled: true }
        : { kind: 'answer', response: { said: n }, usage: { cost_usd: 0.01 } }
    const { summary } = await peer.on(pipeline(20, limits({ spend: { usd: 1 } }))).run()
    expect(summary.tokens.open).toBe(0)
    expect(summary.calls?.cost_usd).toBeCloseTo(0.11, 9)
  })

  test('counts what was under way at a crash with the most that it can cost, however often that happens', async () => {
    const peer = new Peer()
    peer.at_most_usd = 0.3
    peer.latency_ms = 30_000
    peer.answer = n => ({ kind: 'answer', response: { said: n }, usage: { cost_usd: 0.3 } })
    const text = pipeline(20, limits({ spend: { usd: 1.5 }, services: { peer: { concurrency: 2 } } }))
    // The power fails when the row is recorded that comes late.
    const rig = peer.on(text.replace('}] }] }', '}] }, { after_ms: 12000, rows: [{ n: 21 }] }] }'))
    const crashSoon = () =>
      void rig.clock.wake(10_000_000, () => {
        rig.ledger.power = new Power(1)
      })
    crashSoon()
    await rig.run()
    rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    await rig.resume(2_000, { onRestored: crashSoon })
    rig.ledger.power = new Power(Number.POSITIVE_INFINITY)
    // Four were lost, and cost 1.2: one more fits.
    expect(peer.asked).toHaveLength(4)
    const last = await rig.resume(2_000)
    expect(peer.asked).toHaveLength(5)
    expect(last).toMatchObject({ stopped_by: 'budget_exhausted', lost_usd: 1.2, summary: { calls: { cost_usd: 0.3 } } })
    // What comes back is lost no more.
    expect(await rig.resume(2_000)).toMatchObject({ stopped_by: 'budget_exhausted', lost_usd: 1.2 })
    expect(peer.asked).toHaveLength(5)
  })

  test('says to others that what was lost is spent, and of what is under way that it may come back', () => {
    const said: Spent[] = []
    const elsewhere = { cost_nusd: 0, may_pay: true, spends: (spent: Spent) => void said.push(spent) }
    const budget = new Budget(1_000, 300, 200, elsewhere)
    budget.allows(80)
    budget.begin(80)
    budget.end(80, 50)
    expect(said).toEqual([
      { spent_nusd: 500, at_risk_nusd: 0, next_nusd: 0 },
      { spent_nusd: 500, at_risk_nusd: 0, next_nusd: 80 },
      { spent_nusd: 500, at_risk_nusd: 80, next_nusd: 0 },
      { spent_nusd: 550, at_risk_nusd: 0, next_nusd: 0 },
    ])
    // On record it is still unknown.
    expect(budget.at_risk_nusd).toBe(200)
  })

  test('lets pass what needs none', async () => {
    const peer = new Peer()
    costly(peer)
    const text = pipeline(20, limits({ spend: { usd: 0.3 } }), 'odd')
      .replace(
        'nodes:',
        `nodes:\n  odd: { gate: 'row.n % 2 == 1', routes: { true: ask, false: aside }, on_error: discard }`,
      )
      .replace('sinks:', 'sinks:\n  aside: { plugin: keep, on_error: discard }')
    const rig = peer.on(text)
    const { stopped_by } = await rig.run()
    expect(stopped_by).toBe('budget_exhausted')
    expect(rig.column('aside', 'n')).toHaveLength(10)
    expect(rig.column('out', 'n')).toEqual([1])
  })

  test('lets pass calls that cost nothing, and no others: what is cheap doesn’t keep the dear from their turn', async () => {
    const peer = new Peer()
    const most_usd = [0.3, 0.3, 0, 0.05, 0]
    const process = async (row: Row, { call }: VisitContext) => {
      const at_most_usd = most_usd[Number(row.n) - 1]!
      const result = await call('peer', { request: { n: row.n! }, at_most_usd }, () => peer.perform(row.n!))
      return result.kind === 'answer' ? ({ kind: 'row', row } as const) : result
    }
    peer.answer = n => ({ kind: 'answer', response: null, usage: { cost_usd: most_usd[Number(n) - 1]! } })
    const text = pipeline(5, limits({ spend: { usd: 0.4 }, services: { peer: { concurrency: 1 } } }))
    const rig = peer.on(text, transformOf('ask_peer', process, { services: () => ['peer'] }))
    expect(await rig.run()).toMatchObject({ stopped_by: 'budget_exhausted', summary: { tokens: { open: 4 } } })
    expect(peer.asked.map(({ n, at_ms }) => [n, Math.floor(at_ms / 100)])).toEqual([
      [1, 0],
      [3, 1],
      [5, 2],
    ])
    rig.text = rig.text.replace('0.4', '40')
    await rig.resume(1_000)
    expect(peer.asked.map(({ n }) => n)).toEqual([1, 3, 5, 2, 4])
  })

  test('that nothing can be bought with is reported at once', async () => {
    const peer = new Peer()
    costly(peer)
    const rig = peer.on(pipeline(3, limits({ spend: { usd: 0.1 } })))
    expect(await rig.run()).toMatchObject({ stopped_by: 'budget_exhausted', summary: { tokens: { open: 3 } } })
    expect(peer.asked).toEqual([])
  })

  test('isn’t kept where it isn’t known what a call may cost: that is refused', () => {
    const peer = new Peer()
    const unpriced = () => 'no price is known for the model x'
    const rig = peer.on(pipeline(3, limits({ spend: { usd: 1 } })), peer.transform(undefined, { unpriced }))
    expect(() => rig.plan()).toThrow('limits.spend can’t be kept at `ask`: no price is known for the model x')
  })
})
