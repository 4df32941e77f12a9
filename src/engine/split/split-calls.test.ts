import { expect, test } from 'vitest'
import type { Plan } from '../../plan/plan.ts'
import { SplitCalls } from './split-calls.ts'
import type { SplitRequest } from './split-session.ts'

test('all splits have the minutes of a service together, and each service its own', async () => {
  const plan = { limits: { spend_usd: null, services: new Map(), file: null } } as unknown as Plan
  const calls = new SplitCalls({ plan, run: 'a run', ledger: undefined as never })
  const [one, other] = [await calls.besides(1), await calls.besides(2)]
  expect(other.paceOf('a', 5)).toBe(one.paceOf('a', 5))
  expect(other.paceOf('b', 5)).not.toBe(one.paceOf('a', 5))
  expect([one.cost_nusd, other.cost_nusd, calls.lost_usd]).toEqual([0, 0, 0])
})

test('what others have cost is looked up once of each, however many splits there are', async () => {
  const cost_nusd = new Map([
    [1, 5],
    [2, 7],
    [3, 11],
  ])
  const asked: string[] = []
  const splitsOf = () => ({
    heads: async () => {
      asked.push('heads')
      return [1, 2].map(part => ({ part, size: 1, root: '', t: 0 }))
    },
    see: async (part: number) => {
      asked.push(`see ${part}`)
      return { on_record: cost_nusd.get(part) ?? 0, lost: 0 }
    },
  })
  const plan = { limits: { spend_usd: 1, services: new Map(), file: null } } as unknown as Plan
  // cast: of a ledger nothing else is asked.
  const calls = new SplitCalls({ plan, run: 'a run', ledger: { splitsOf } as unknown as SplitRequest['ledger'] })
  const of = async (part: number) => (await calls.besides(part)).cost_nusd
  // 2 was begun by another process, and goes on now.
  expect([await of(2), asked.splice(0)]).toEqual([5, ['heads', 'see 1']])
  expect([await of(3), asked.splice(0)]).toEqual([12, ['see 2']])
  expect([await of(4), asked.splice(0)]).toEqual([23, ['see 3']])
})
