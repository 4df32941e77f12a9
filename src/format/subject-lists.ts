/** The lists in entries of rows and batches, described: what the elements of each are (subject-entry.ts says what they mean, and has the other keys). */
import { CODE, counted, orNone, tail, tupleOf, WORD, whole } from './description.ts'

/** The number of a row. */
export const ROW = whole('row')
/** Of an entry. */
export const TIME = whole('time', 0)

/** Behind what an error may belong to. */
const ERROR = { code: CODE, value: whole('value') }

/** Lists of each key that holds lists; the elements by the names that the page gives them. */
export const LISTS = {
  d: tupleOf(
    { group: whole('group'), verdict: WORD, detail: orNone('value') },
    { rest: { name: 'member', is: whole('token') } },
  ),
  e: tupleOf(
    {
      token: whole('token'),
      fate: whole('outcome'),
      node: orNone('node'),
      sink: orNone('node'),
      group: orNone('group'),
    },
    { tails: [tail(ERROR, 'if the fate carries an error')] },
  ),
  g: tupleOf({ group: whole('group'), kind: whole('choice', 0, 4), node: whole('node'), expected: counted() }),
  h: tupleOf(
    { token: whole('token'), node: whole('node'), group: orNone('group'), ordinal: whole('place', 0) },
    { tails: [tail({ batch: whole('batch') }, 'at an aggregate: the batch that the group is')] },
  ),
  l: tupleOf({ token: whole('token'), node: whole('node'), place: whole('place') }),
  n: tupleOf(
    { token: whole('token') },
    {
      tails: [
        tail(
          { group: whole('group'), ordinal: whole('place', 0), value: whole('value') },
          "unless it is a row's first token",
        ),
      ],
      rest: { name: 'parent', is: whole('token') },
    },
  ),
  s: tupleOf(
    { source: whole('node'), index: whole('place'), line: orNone('place') },
    { tails: [tail({ repeats: whole('row') }, 'in a run that re-runs another: the row there that this one repeats')] },
  ),
  v: tupleOf(
    {
      ...{ token: whole('token'), node: whole('node'), attempt: whole('attempt'), status: whole('choice', 0, 3) },
      ...{ in: orNone('value'), out: orNone('value'), edge: orNone('edge') },
      ...{ start: whole('µs', Number.MIN_SAFE_INTEGER), duration: whole('µs', 0) },
    },
    {
      tails: [
        tail(ERROR, 'if status is 1 or 3', { if: { element: 'status', among: [1, 3] } }),
        tail({ stood: whole('µs') }, 'unless it is 0'),
      ],
    },
  ),
  x: tupleOf(
    {
      ...{ call: whole('call'), token: orNone('token'), node: whole('node'), attempt: whole('attempt') },
      ...{ ordinal: whole('place'), service: whole('place'), status: whole('choice', 0, 6) },
      ...{ request: whole('value'), response: whole('value') },
      ...{ start: whole('µs', Number.MIN_SAFE_INTEGER), duration: whole('µs', 0) },
    },
    {
      tails: [
        tail({ input: counted(), output: counted(), cost: whole('nusd', 0) }, 'unless all three are 0', {
          unless_all_0: true,
        }),
      ],
    },
  ),
  y: tupleOf(
    { token: whole('token'), node: whole('node'), attempt: whole('attempt'), request: whole('value') },
    {
      tails: [
        tail({ first: whole('token'), place: whole('place'), rows: counted(1) }, 'if the request has other rows, too'),
      ],
    },
  ),
} as const

export type ListKey = keyof typeof LISTS
