/** What the compiler says of numbers that name things: checked with the types of all tests. */
import { expect, test } from 'vitest'
import type { EdgeNumber, GroupId, NodeNumber, TokenId, ValueNumber } from './ids.ts'

test('a number of one kind never passes for another', () => {
  const group: GroupId = 7
  const node: NodeNumber = 7
  // @ts-expect-error A group is no token.
  const token: TokenId = group
  // @ts-expect-error A node is no edge.
  const edge: EdgeNumber = node
  // @ts-expect-error Nor is a token's number that of a value.
  const value: ValueNumber = token
  expect([token, edge, value].every(each => each === 7)).toBe(true)
})
