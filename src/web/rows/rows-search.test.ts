/** What stands in the URL of rows, and what is typed in the search. */
import { expect, test } from 'vitest'
import {
  conditionsOf,
  rowNamed,
  rowsSearchOf,
  rowWords,
  searched,
  withCondition,
  withoutCondition,
} from './rows-search.ts'

test('what is known of a URL is kept, each value once; the rest is left', () => {
  const search = rowsSearchOf({
    node: ['a', 'a', 'b'],
    sink: 'x',
    text: 'abc',
    at: '12',
    other: 'no',
    min_cost_usd: '',
  })
  expect(search).toEqual({ node: ['a', 'b'], sink: ['x'], text: 'abc', at: 12 })
  expect(rowsSearchOf({ at: '-1' })).toEqual({})
  expect(rowWords({ ...search, columns: ['id'] }, 3)).toEqual({ node: ['a', 'b'], sink: ['x'], text: 'abc', at: '3' })
})

test('with another condition one begins at the first row; dropping the last of a key drops the key', () => {
  const search = withCondition({ node: ['a'], at: 7 }, { key: 'node', value: 'b' })
  expect(search).toEqual({ node: ['a', 'b'] })
  expect(conditionsOf(search)).toEqual([
    { key: 'node', value: 'a' },
    { key: 'node', value: 'b' },
  ])
  const dropped = withoutCondition(withoutCondition(search, { key: 'node', value: 'a' }), { key: 'node', value: 'b' })
  expect(dropped).toEqual({})
})

test.each([
  ['id = 17', { key: 'value', value: 'id=17' }],
  ['address.city=Bern', { key: 'value', value: 'address.city=Bern' }],
  ['größe = groß', { key: 'value', value: 'größe=groß' }],
  ['two words = 3', { key: 'text', value: 'two words = 3' }],
  ['  plain ', { key: 'text', value: 'plain' }],
  ['  ', null],
])('%j is searched', (typed, expected) => expect(searched(typed)).toEqual(expected))

test('a row is named by its number; a longer number alone is text', () => {
  expect(['row 17', 'Row17', '#1,833', '17', '0', '620', 'row', 'row x'].map(rowNamed)).toEqual([
    ...['17', '17', '1833', '17', null, null, null, null],
  ])
})
