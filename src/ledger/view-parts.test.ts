import { expect, test } from 'vitest'
import { tokenRanges } from './view-parts.ts'

test('ranges of tokens have each token once, the last one also what comes later', () => {
  const ranges = (token: number, batch: number) => [...tokenRanges({ token, batch }, 10)]
  expect([...tokenRanges(null, 10)]).toEqual([[0, null]])
  expect(ranges(9, 0)).toEqual([[0, null]])
  expect(ranges(25, 2)).toEqual([
    [0, 9],
    [10, 19],
    [20, null],
  ])
  expect(ranges(25, 6)).toEqual([
    [0, 23],
    [24, null],
  ])
})
