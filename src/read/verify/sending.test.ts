import { expect, test } from 'vitest'
import {
  CALL_ERROR,
  CALL_OK,
  CALL_REFUSED,
  type CallFact,
  type IntentFact,
  VISIT_ERROR,
  type VisitFact,
} from '../../format/entry.ts'
import { IN_DOUBT } from '../../model/outcome.ts'
import { type Answered, incompleteRequests, Sending } from './sending.ts'

const intent = (token: number, rows = 3): IntentFact => ({
  ...{ token, node: 4, attempt: 1, request: 1 },
  together: { first: 11, place: token - 10, rows },
})
const ALL = [intent(11), intent(12), intent(13)]
const answered = (...statuses: Answered['status'][]): Answered[] =>
  statuses.map((status, i) => ({ intent: intent(11 + i), status }))
const problems = (announced: readonly IntentFact[], came: readonly Answered[]) => [
  ...incompleteRequests(announced, came),
]
const REQUEST = 'of the 3 rows of the request of token 11 at node 4'

test('rows of one request are announced together', () => {
  expect(problems(ALL, [])).toEqual([])
  expect(problems(ALL.slice(1), [])).toEqual([`${REQUEST}, which is about to be made, 2 say so`])
  expect(problems([...ALL, intent(12)], [])).toEqual([`${REQUEST}, which is about to be made, 4 say so`])
})

test('and answered together', () => {
  expect(problems([], answered(CALL_OK, CALL_OK, CALL_OK))).toEqual([])
  expect(problems([], answered(CALL_ERROR, CALL_ERROR, CALL_ERROR))).toEqual([])
  expect(problems([], answered(CALL_OK, CALL_OK))).toEqual([`${REQUEST}, 2 say how it ended`])
  expect(problems([], answered(CALL_OK, CALL_ERROR, CALL_OK))).toEqual([
    `${REQUEST}, some say that it was answered, and others that it failed`,
  ])
})

test('a row may be refused of a request that was taken, and of no other', () => {
  expect(problems([], answered(CALL_OK, CALL_REFUSED, CALL_OK))).toEqual([])
  expect(problems([], answered(CALL_ERROR, CALL_REFUSED, CALL_ERROR))).toEqual([
    `${REQUEST}, some say that it was answered, and others that it failed`,
  ])
})

test('that a row was refused says what became of it in all requests', () => {
  const sending = new Sending()
  const doubt = { node: 4, attempt: 1, request: 1, status: CALL_ERROR } as CallFact
  const later = { ...intent(12), attempt: 2 }
  const left = { status: VISIT_ERROR, edge: 3, error: { code: 'BAD', value: 2 } } as VisitFact
  const tell = (status: CallFact['status']) => [
    ...sending.intend(intent(12)),
    ...sending.answer(doubt, []),
    ...sending.visit({ ...left, edge: 0, error: { code: IN_DOUBT, value: 2 } } as VisitFact, 'there'),
    ...sending.intend(later),
    ...sending.answer({ ...doubt, attempt: 2, status }, []),
    ...sending.visit(left, 'there'),
  ]
  expect(tell(CALL_ERROR)).toEqual(['it may have been taken there, and leaves it'])
  sending.clear()
  expect(tell(CALL_REFUSED)).toEqual([])
})

test('how a request ended is reported with what announced it', () => {
  const came: Answered[] = []
  const sending = new Sending()
  const call = { node: 4, attempt: 1, request: 1, status: CALL_OK } as CallFact
  expect([...sending.intend(intent(12))]).toEqual([])
  expect([...sending.answer(call, came)]).toEqual([])
  expect(came).toEqual([{ intent: intent(12), status: CALL_OK }])
})
