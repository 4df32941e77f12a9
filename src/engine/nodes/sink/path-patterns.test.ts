import { expect, test } from 'vitest'
import { canMeet, fileAsFolder } from './path-patterns.ts'

test.each([
  ['/out/*.csv', '/out/*.csv', true],
  ['/out/*.csv', '/out/*.json', false],
  ['/out/a-*.csv', '/out/b-*.csv', false],
  ['/out/a-*.csv', '/out/A-b-*.csv', true],
  ['/out/*/a.csv', '/out/*/b.csv', false],
  ['/out/*/*.csv', '/out/north/*.csv', true],
  ['/out/*-x/y', '/out/north/y', false],
  ['/one/*.csv', '/two/*.csv', false],
  ['/out/*.csv', '/out/*/*.csv', false],
])('%s and %s can be one file: %s', (one, other, expected) => {
  expect(canMeet(one, other)).toBe(expected)
  expect(canMeet(other, one)).toBe(expected)
})

test('a file that would be a folder', () => {
  expect(fileAsFolder(['/out/a', '/out/b/c', '/out/a/b/c'])).toBe('/out/a')
  expect(fileAsFolder(['/out/a', '/out/b/c', '/out/ab'])).toBeNull()
})
