/**
 * Entries of rows and batches, described: each key with its elements and its meaning. Section 4 of docs/ledger-format.md and the views
 * are made from it, encoder and decoders tested against it (test/entry-shapes.test.ts).
 */
import {
  CODE,
  counted,
  HASH,
  hex,
  type Key,
  key,
  listOf,
  maybe,
  orNone,
  type Shape,
  tail,
  tupleOf,
  WORD,
  whole,
} from './description.ts'

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

/** For the page: what the lists of a key are, and what is to be said of their elements. */
const many = (is: Shape, says: string, of_elements = ''): Key<true> => maybe(listOf(is, 1), `${says}: …${of_elements}`)

/** All keys. Lists are left out if they are empty; which other keys may be missing, `CONDITIONS` says. */
export const SUBJECT_ENTRY = {
  b: maybe(whole('batch'), 'batch number: the subject is a batch'),
  c: maybe(listOf(HASH, 1), 'commitments to the values that are new in this entry'),
  d: many(
    LISTS.d,
    'groups that close',
    "; `detail` is a value's number or 0; members of merges and batches, in order of arrival; of a join the left token, and the right ones that no group before had",
  ),
  e: many(LISTS.e, 'endings'),
  f: maybe(whole('value'), 'number of the value that tells how the fields of rows under way stand: section 6'),
  g: many(LISTS.g, 'groups that open', '; kinds are 0 fork, 1 expand, 2 merge, 3 batch, 4 join'),
  h: many(
    LISTS.h,
    'holds',
    '; the ordinal is the place among those that came to the group, from 0; at a join or a sort the group is 0, and the ordinal the place among all that came there',
  ),
  l: many(LISTS.l, 'releases', '; a sort passes a token on, and the place is that in its order, from 1'),
  n: many(LISTS.n, 'births'),
  o: key(counted(), "number of the subject's tokens that are open after this entry"),
  p: maybe(whole('entry', 0), "seq of the subject's previous entry; left out in its first one"),
  r: maybe(whole('row'), 'row number: the subject is a row. Exactly one of `b` and `r` is there'),
  s: maybe(
    LISTS.s,
    "origin: …; `index` is the number of the record within its source, from 1, `line` 0 if it has none. In a row's first entry only; in a batch's `[aggregate, which of its batches it is from 1, 0]`",
  ),
  t: key(whole('time', 0), 'time'),
  u: maybe(
    listOf(whole('group'), 1),
    'those groups of `d`, merges all, that would have waited for more branches, had their time not been up',
  ),
  v: many(LISTS.v, 'visits'),
  w: maybe(whole('value'), 'number of the first value in `c`; exactly if `c` is there'),
  x: many(LISTS.x, 'calls'),
  y: many(LISTS.y, 'intents'),
  z: maybe(hex(16), "nonce, 32 hex digits; exactly if `c` isn't there"),
} as const satisfies { readonly [key: string]: Key }

export type SubjectKey = keyof typeof SUBJECT_ENTRY
export type ListKey = keyof typeof LISTS

/** Keys of which exactly one is there, and keys that are there together or not at all. */
export const CONDITIONS = {
  one_of: [
    ['b', 'r'],
    ['c', 'z'],
  ],
  together: [['c', 'w']],
} as const satisfies { readonly [rule: string]: ReadonlyArray<readonly [SubjectKey, SubjectKey]> }
