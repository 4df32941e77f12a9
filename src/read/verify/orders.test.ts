import { expect, test } from 'vitest'
import type { Json } from '../../model/row.ts'
import { orderProblems, type TokenRow } from './orders.ts'

/** Objects 0 to 3, of 3, 2, 1 and 0 fields. */
const ROW: Json = { b: [{ y: { n: 1 }, x: 1 }], a: 1, c: {} }

const TOKENS: ReadonlyMap<number, TokenRow> = new Map([
  [1, { row: ROW }],
  [2, { row: ROW }],
  [3, { row: null }],
])
const problems = (orders: Json) => [...orderProblems(orders, token => TOKENS.get(token) ?? 'not_due')]

test.each<[string, Json]>([
  ['of one object', [[[1], [0, 1, 0, 2]]]],
  ['of several', [[[1], [0, 2, 1, 0], [1, 1, 0]]]],
  [
    'of tokens that share one, and of others',
    [
      [
        [1, 3],
        [0, 1, 0, 2],
      ],
      [[2], [1, 1, 0]],
    ],
  ],
  ['of a row that is erased', [[[3], [17, 1, 0]]]],
])('orders hold: %s', (_what, orders) => {
  expect(problems(orders)).toEqual([])
})

const NO_LIST = 'what tells how fields stand is no list of orders'
const NO_ORDER = "an order of token 1 isn't one"
const NOT_DUE = "how its fields stand is recorded twice, or where it isn't due"
const NO_FIT = "token 1: its fields can't stand so"

test.each<[string, Json, string]>([
  ['nothing', [], NO_LIST],
  ['something else', { a: 1 }, NO_LIST],
  ['no group', [1], NO_LIST],
  ['no token', [[[], [0, 1, 0, 2]]], NO_LIST],
  ['no order', [[[1]]], NO_LIST],
  ['a text', [[[1], [0, 1, '0']]], NO_LIST],
  ['a negative number', [[[1], [0, 1, -1]]], NO_LIST],
  ['a fraction', [[[1], [0, 1, 0.5]]], NO_LIST],
  ['a field twice', [[[1], [0, 1, 0, 0]]], NO_ORDER],
  ['a field that is left out', [[[1], [0, 3, 1, 0]]], NO_ORDER],
  ['the canonical order', [[[1], [0, 0, 1, 2]]], NO_ORDER],
  ['an object twice', [[[1], [1, 1, 0], [1, 1, 0]]], NO_ORDER],
  ['objects by descending number', [[[1], [1, 1, 0], [0, 1, 0, 2]]], NO_ORDER],
  ['a token that it is not due of', [[[4], [0, 1, 0, 2]]], `token 4: ${NOT_DUE}`],
  [
    'a token twice',
    [
      [
        [1, 1],
        [0, 1, 0, 2],
      ],
    ],
    `token 1: ${NOT_DUE}`,
  ],
  [
    'a token in two orders',
    [
      [[1], [0, 1, 0, 2]],
      [[1], [1, 1, 0]],
    ],
    `token 1: ${NOT_DUE}`,
  ],
  ['fewer fields than there are', [[[1], [0, 1, 0]]], NO_FIT],
  ['more fields than there are', [[[1], [2, 1, 0]]], NO_FIT],
  ['an object that is not there', [[[1], [4, 1, 0]]], NO_FIT],
])('what can’t be an order is a problem: %s', (_what, orders, expected) => {
  expect(problems(orders)).toContain(expected)
})
