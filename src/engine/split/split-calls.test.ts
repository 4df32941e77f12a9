import { expect, test } from 'vitest'
import type { Plan } from '../../plan/plan.ts'
import { SplitCalls } from './split-calls.ts'

test('all splits have the minutes of a service together, and each service its own', async () => {
  const plan = { limits: { spend_usd: null, services: new Map(), file: null } } as unknown as Plan
  const calls = new SplitCalls({ plan, run: 'a run', ledger: undefined as never })
  const [one, other] = [await calls.besides(1), await calls.besides(2)]
  expect(other.paceOf('a', 5)).toBe(one.paceOf('a', 5))
  expect(other.paceOf('b', 5)).not.toBe(one.paceOf('a', 5))
  expect([one.cost_nusd, other.cost_nusd, calls.lost_usd]).toEqual([0, 0, 0])
})
