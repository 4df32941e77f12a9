import { expect, test } from 'vitest'
import { thresholdsIn, withThreshold, wordsBefore } from './thresholds.ts'

test('numbers of an expression: none within names and texts', () => {
  const expression = `row.v2 > -1.5 && row.name != "5 \\" 6" && size(row.list_3) >= 20`
  const found = thresholdsIn(expression)
  expect(found.map(each => each.text)).toEqual(['-1.5', '20'])
  expect(found.map(each => wordsBefore(expression, each))).toEqual(['row.v2 >', 'size(row.list_3) >='])
  expect(withThreshold(expression, found[1] ?? expect.unreachable(), '30')).toMatch(/>= 30$/)
})
