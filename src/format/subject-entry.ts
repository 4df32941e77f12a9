/**
 * Entries of rows and batches, described: each key with its elements and its meaning. Section 4 of docs/ledger-format.md and the views
 * are made from it, encoder and decoders tested against it (test/entry-shapes.test.ts).
 */
import { counted, HASH, hex, type Key, key, listOf, maybe, type Shape, whole } from './description.ts'
import { LISTS, ROW, TIME } from './subject-lists.ts'

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
  r: maybe(ROW, 'row number: the subject is a row. Exactly one of `b` and `r` is there'),
  s: maybe(
    LISTS.s,
    "origin: …; `index` is the number of the record within its source, from 1, `line` 0 if it has none. In a row's first entry only; in a batch's `[aggregate, which of its batches it is from 1, 0]`",
  ),
  t: key(TIME, 'time'),
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

/** Keys of which exactly one is there, and keys that are there together or not at all. */
export const CONDITIONS = {
  one_of: [
    ['b', 'r'],
    ['c', 'z'],
  ],
  together: [['c', 'w']],
} as const satisfies { readonly [rule: string]: ReadonlyArray<readonly [SubjectKey, SubjectKey]> }
