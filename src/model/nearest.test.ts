import { expect, test } from 'vitest'
import { nearestNames } from './nearest.ts'

test('two letters that changed places are one mistake, in names of three letters, too', () => {
  expect(nearestNames('cvs', ['csv', 'json', 'text'])).toEqual(['csv'])
  expect(nearestNames('jsno', ['json', 'jsonl'])).toEqual(['json', 'jsonl'])
})

test('what has nothing in common with any name has no nearest, and the closest comes first', () => {
  expect(nearestNames('xml', ['csv', 'json'])).toEqual([])
  expect(nearestNames('On-Error', ['on_errors', 'on_error'])).toEqual(['on_error', 'on_errors'])
})
