/** Pages of splits. */
import { expect, test } from 'vitest'
import { pageWith } from './splits-pages.ts'

test.each([
  [null, 45, { at: 0, to: 20, asked: null }],
  ['21', 45, { at: 20, to: 40, asked: null }],
  ['22', 45, { at: 20, to: 40, asked: 22 }],
  ['45', 45, { at: 40, to: 45, asked: 45 }],
  ['46', 45, { at: 0, to: 20, asked: null }],
  ['0x2', 45, { at: 0, to: 20, asked: null }],
  ['3', 4, { at: 0, to: 4, asked: 3 }],
])('%s of %d', (split, count, page) => {
  expect(pageWith(split, count, 20)).toEqual(page)
})
