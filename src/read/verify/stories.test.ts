import { expect, test } from 'vitest'
import type { IntentFact, SubjectEntry } from '../../format/entry.ts'
import { Sending } from './sending.ts'
import { MemoryShelf } from './shelf.ts'
import { Stories } from './stories.ts'
import { SubjectState } from './subject.ts'

const rowOf = (row: number): SubjectEntry['subject'] => ({ kind: 'row', row })
const stories = (kept_whole: number) => new Stories(rowOf, kept_whole, new MemoryShelf())

test('those that were followed last stay as they are, and what is known of the others is the same', () => {
  const all = stories(2)
  const begun = [1, 2, 3, 4, 5].map(number => {
    const state = all.begin(number)
    state.seq = 10 * number
    all.rest(number)
    return state
  })
  expect([1, 2, 3, 4, 5].map(number => all.get(number) === begun[number - 1])).toEqual([
    false,
    false,
    false,
    true,
    true,
  ])
  expect([...all.open()].map(state => [state.subject, state.seq])).toEqual(
    [1, 2, 3, 4, 5].map(number => [rowOf(number), 10 * number]),
  )
})

test('one that has become a text is followed on, and what has ended is unknown', () => {
  const all = stories(0)
  all.begin(7)
  all.rest(7)
  const state = all.get(7)
  if (state !== undefined) state.seq = 3
  expect(all.get(7)).toBe(state)
  all.rest(7)
  expect(all.get(7)).not.toBe(state)
  expect(all.get(7)?.seq).toBe(3)
  all.end(7)
  expect(all.get(7)).toBeUndefined()
  expect([...all.open()]).toEqual([])
})

test('what a subject knows is all in its facts', () => {
  const state = new SubjectState(rowOf(1))
  const ending = { code: 'NO', value: 2 }
  const last = [3, 1, 1, 0, 0, ending] as const
  const intent: IntentFact = { token: 4, node: 3, attempt: 2, request: 1, together: null }
  const facts = [
    ...[9, 1, true, [['ab', 'cd', 'ef'], [[{ a: 1, b: 'x' }], [1, { b: 'y' }, ['a']], 0], 1]],
    [[[4, 3, 2, 1, 5, 6, 7, 7, 8, 3, 9], [true, false], ending, last, { intent, in_doubt: true, together: null }]],
    [{ group: 2, kind: 2, node: 6, expected: 2, verdict: null, quorum: true, arrived: 1, places: [[4, 0]] }],
    ...[[1], [2]],
  ]
  const restored = new SubjectState(rowOf(1), JSON.parse(JSON.stringify(facts)))
  expect(restored.facts).toEqual(facts)
  expect([...restored.unfinished()]).toEqual(['token 4 has no ending', 'group 2 never closed'])
  expect(restored.values.get(2)).toEqual({ b: 'y' })
  expect(restored.values.isMissing(3)).toBe(true)
  expect(state.facts).toEqual([-1, 0, false, [[], [], 0], [], [], [], []])
})

test('whether anything was sent, and with which rows, outlasts the text', () => {
  const restored = (sending: Sending) => {
    const again = new Sending()
    if (sending.facts !== null) again.restore(JSON.parse(JSON.stringify(sending.facts)))
    return again
  }
  const intent = (rows: number): IntentFact => ({
    ...{ token: 1, node: 3, attempt: 1, request: 1 },
    together: { first: 1, place: 1, rows },
  })
  const sending = restored(new Sending())
  expect(sending.in_doubt).toBe(false)
  expect([...sending.intend(intent(2))]).toEqual([])
  expect(restored(sending).in_doubt).toBe(true)
  expect([...restored(sending).intend(intent(3))]).toEqual(['with other rows than before'])
})
