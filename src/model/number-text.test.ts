import { expect, test } from 'vitest'
import { counted, grouped } from './number-text.ts'

test('thousands are set apart, and one is one', () => {
  expect([0, 999, 1000, 18_952, 1_234_567, -1000].map(grouped)).toEqual([
    '0',
    '999',
    '1,000',
    '18,952',
    '1,234,567',
    '-1,000',
  ])
  expect([0, 1, 2404].map(each => counted(each, 'row'))).toEqual(['0 rows', '1 row', '2,404 rows'])
  expect([1, 2404].map(each => counted(each, 'entry', 'entries'))).toEqual(['1 entry', '2,404 entries'])
})
