/** What is wrong with requests is found, and what is promised to happen isn't wrong. */
import { describe, expect, test } from 'vitest'
import type { Heard } from './far-side.ts'
import { accountOf, type Disturbance } from './far-side-account.ts'

const LIMITS = { register: { concurrency: 2, per_minute: 3 } }

function heard(number: number, began_ms: number, more: Partial<Heard> = {}): Heard {
  const question = `step0 ${number}`
  return {
    ...{ number, service: 'register', who: 'alpha', question, key: `key ${question}`, body: question, met: 'answer' },
    ...{ began_ms, ended_ms: began_ms + 100, is_answered: true, ...more },
  }
}

const recorded = ({ number, question }: Heard) => ({ part: 1, question, is_settled: true, number })
const at = (from_ms: number, who: string | null = 'alpha'): Disturbance => ({
  who,
  from_ms,
  to_ms: from_ms,
  how: 'other',
})

/** `known`: of which requests there is a record. */
function account(all: readonly Heard[], known: readonly Heard[], disturbances: readonly Disturbance[] = []) {
  return accountOf(all, known.map(recorded), LIMITS, disturbances)
}

const FAR_APART = [heard(1, 0), heard(2, 100_000), heard(3, 200_000)] as const
const [first, second, third] = FAR_APART

describe('what is on record', () => {
  test('was heard, and all that was heard is on record', () => {
    expect(account(FAR_APART, FAR_APART)).toEqual({
      ...{ problems: [], requests: 3, under_way: 0, not_durable: 0, beyond_places: 0, beyond_minute: 0, late: 0 },
    })
  })

  test('though nobody heard it, or twice', () => {
    expect(account([first], [first, second]).problems).toEqual([expect.stringContaining('was not heard')])
    expect(account([first], [first, first]).problems).toContainEqual(expect.stringContaining('has two answers'))
  })

  test('is all but what a machine had under way to which something happened', () => {
    expect(account(FAR_APART, [first, third]).problems).toEqual([expect.stringContaining('nothing had happened')])
    const { problems, not_durable } = account(FAR_APART, [first, third], [at(100_050)])
    expect({ problems, not_durable }).toEqual({ problems: [], not_durable: 1 })
    expect(account(FAR_APART, [first, third], [at(100_050, 'beta')]).problems.length).toBe(1)
    expect(account(FAR_APART, [first, third], [at(100_050, null)]).problems).toEqual([])
  })

  test('is what a machine asked in vain to which nothing happened, and not what another one had under way', () => {
    const question = { question: 'step0 1', body: 'step0 1', key: 'key step0 1' }
    const cut_short = heard(1, 0, { ...question, is_answered: false })
    const in_vain = heard(2, 50_000, { ...question, who: 'beta', is_answered: false, met: 'break' })
    const again = heard(3, 60_000, { ...question, who: 'beta' })
    const all = [cut_short, in_vain, again]
    const on_record = [{ ...recorded(in_vain), number: null, is_settled: false }, recorded(again)]
    const { problems, under_way } = accountOf(all, on_record, LIMITS, [at(50)])
    expect({ problems, under_way }).toEqual({ problems: [], under_way: 1 })
  })

  test('is not what came later alone', () => {
    const again = heard(4, 101_000, { question: 'step0 2', body: 'step0 2', key: 'key step0 2', who: 'beta' })
    const later = heard(5, 100_200)
    const all = [first, second, later, again]
    expect(account(all, [first, later, again], [at(109_000)]).problems).toEqual([
      expect.stringContaining('with nothing in between'),
    ])
    expect(account(all, [first, again], [at(109_000)]).problems).toEqual([])
  })
})

test('a request has one key, and a key is that of one request', () => {
  const same = (more: Partial<Heard>) => [first, { ...third, question: first.question, ...more }]
  const { key, body } = first
  const wrong = (more: Partial<Heard>) => account(same(more), [], [at(0), at(200_000)]).problems.length
  expect([{ key, body }, { key, body: 'other' }, { body }, {}].map(wrong)).toEqual([0, 1, 1, 0])
})

describe('limits are kept', () => {
  const three = [heard(1, 0), heard(2, 10), heard(3, 20)]

  test('by machines to which nothing happens', () => {
    expect(account(three, three).problems).toEqual([expect.stringContaining('one of 3, where 2 may be')])
    const in_turn = [heard(1, 0), heard(2, 100), heard(3, 200), heard(4, 300)]
    expect(account(in_turn, in_turn).problems).toEqual([expect.stringContaining('one of 4, where 3 may be')])
  })

  test('but by the places of a machine to which something happened', () => {
    const { problems, beyond_places } = account(three, three, [at(0)])
    expect({ problems, beyond_places }).toEqual({ problems: [], beyond_places: 1 })
    const five = [...three, heard(4, 30), heard(5, 40)]
    expect(account(five, five, [at(0)]).problems).toContainEqual(expect.stringContaining('one of 5, where 2 may be'))
  })

  test('by a machine that is cut off, but for what it was about to send', () => {
    const cut_off: Disturbance = { who: 'alpha', from_ms: 0, to_ms: 5_000, how: 'cut_off' }
    const late = [heard(1, 1_100), heard(2, 2_100), heard(3, 3_100)]
    expect(account(late, late, [cut_off])).toMatchObject({ late: 3, problems: [expect.stringContaining('sent 3')] })
    const in_time = [heard(1, 900), heard(2, 2_000), heard(3, 6_000)]
    expect(account(in_time, in_time, [cut_off])).toMatchObject({ late: 1, problems: [] })
    const asleep: Disturbance = { ...cut_off, how: 'asleep' }
    expect(account(in_time, in_time.slice(0, 2), [asleep])).toMatchObject({ late: 1, problems: [] })
    // It was killed then, and what it had under way is lost by that.
    expect(account(in_time, in_time.slice(0, 2), [asleep, at(6_050)])).toMatchObject({ late: 0, problems: [] })
  })
})
