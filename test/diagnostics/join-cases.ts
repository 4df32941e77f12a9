/** Bad files with a join. */
import { type BadFile, error, warning } from './case.ts'

const PAIR = `name: p
sources:
  orders:
    plugin: csv
    options: { path: orders.csv }
    schema: { mode: fixed, fields: { order: integer, customer: integer, note: string } }
    on_invalid: discard
    to: pair.left
  customers:
    plugin: csv
    options: { path: customers.csv }
    schema: { mode: fixed, fields: { id: integer, name: string } }
    on_invalid: discard
    to: pair.right
nodes:
  pair:
    join: { left: customer, right: id }
    routes: { matched: out, left: discard, right: discard }
    on_error: discard
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard }
`

export const JOIN_CASES: readonly BadFile[] = [
  {
    name: 'a join without the side by which rows come',
    text: PAIR,
    change: [['to: pair.left', 'to: «pair»']],
    expect: [error('BAD_TARGET', 'doesn’t say by which side rows come to it', 'write pair.left or pair.right')],
  },
  {
    name: 'a side that joins don’t have',
    text: PAIR,
    change: [['to: pair.left', 'to: «pair.lef»']],
    expect: [error('BAD_TARGET', 'not `lef`', 'did you mean pair.left?')],
  },
  {
    name: 'a side of what is no join',
    text: PAIR,
    change: [['left: discard', 'left: «out.left»']],
    expect: [error('BAD_TARGET', '`out` is a sink; only joins have a left and a right side', 'write out')],
  },
  {
    name: 'a join whose name is misspelt',
    text: PAIR,
    change: [['to: pair.left', 'to: «pairs.left»']],
    expect: [error('UNKNOWN_TARGET', '', 'did you mean pair.left?')],
  },
  {
    name: 'a join to which one side only leads',
    text: PAIR,
    change: [
      ['to: pair.right', 'to: discard'],
      ['  pair:\n', '  «pair»:\n'],
    ],
    expect: [error('DEAD_NODE', 'the right side of the join `pair`', 'point something at pair.right')],
  },
  {
    name: 'keys of a join that never match',
    text: PAIR,
    change: [['right: id', 'right: «name»']],
    expect: [error('FIELD_TYPE', 'they never match', 'declare the same type for both')],
  },
  {
    name: 'a big integer and a text as keys of a join',
    text: PAIR,
    change: [
      ['customer: integer', 'customer: big_integer'],
      ['{ id: integer', '{ id: string'],
      ['right: id', 'right: «id»'],
    ],
    expect: [warning('FIELD_TYPE', 'only texts match that have the same digits', 'declare the same type for both')],
  },
  {
    name: 'a decimal and a number as keys of a join',
    text: PAIR,
    change: [
      ['customer: integer', 'customer: decimal(0)'],
      ['right: id', 'right: «id»'],
    ],
    expect: [error('FIELD_TYPE', 'they never match', 'declare the same type for both')],
  },
  {
    name: 'a key of a join that no row has',
    text: PAIR,
    change: [['right: id', 'right: «ids»']],
    expect: [error('FIELD_NOT_GUARANTEED', 'the key of the join needs the field `ids`', 'did you mean id?')],
  },
  {
    name: 'a join that leads back to itself',
    text: PAIR,
    change: [['left: discard', 'left: «pair.left»']],
    expect: [error('CYCLE')],
  },
  {
    name: 'a join that leads to the coalesce of its branch',
    change: [
      ['coalesce: [left, right]', 'coalesce: [«left», «right»]'],
      [
        '  risk:\n    transform: compute',
        '  pair: { join: { left: id, right: id }, routes: { matched: merged, left: discard, right: discard } }\n  risk:\n    transform: compute',
      ],
      ['right: merged', 'right: pair.right'],
      ['risk: row.amount * 2.0\n    to: merged', 'risk: row.amount * 2.0\n    to: pair.left'],
    ],
    expect: [error('BRANCH_UNREACHABLE', ''), error('BRANCH_UNREACHABLE', '')],
  },
]
