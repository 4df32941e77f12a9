import { expect, test } from 'vitest'
import { visit } from '../../../test/support/ledger.ts'
import { keyMaker } from '../../engine/nodes/sort/key.ts'
import { VISIT_OK } from '../../format/entry.ts'
import type { SortKey } from '../../format/topology.ts'
import type { Json } from '../../model/row.ts'
import { SubjectValues } from '../values.ts'
import { Place } from './check.ts'
import { SortOrder } from './sort-order.ts'
import { Ways } from './ways.ts'

const KEY: SortKey = { field: 'n', order: 'asc', nulls: 'last', as: 'number' }
const WAYS = new Ways({ nodes: [{ name: 'order', kind: 'sort', sort: [KEY] }], edges: [] })

/** Rows with these values are passed on in this order: how many are compared, those that stand wrong, and how many aren't looked at. */
function passed(...numbers: ReadonlyArray<Json | 'erased'>) {
  const found = { compared: 0, wrong: [] as number[], left_out: 0 }
  const order = new SortOrder({
    compare: problem => {
      found.compared++
      if (problem !== null) found.wrong.push(found.compared + found.left_out)
    },
    leaveOut: () => void found.left_out++,
  })
  for (const [i, n] of numbers.entries()) {
    const token = i + 1
    const visits = [visit(token, 1, VISIT_OK, [1, 1], 1, 0)]
    const holds = [{ token, node: 1, group: 0, ordinal: i, batch: null }]
    const values = SubjectValues.of([[''], [n === 'erased' ? 0 : [{ n }]], 0])
    order.take({ visits, holds, releases: [{ token, node: 1, place: token }] }, values, new Map(), new Place(i), WAYS)
  }
  return found
}

test('each is held against the last one that isn’t erased', () => {
  expect(passed(1, 2, 2, 5)).toEqual({ compared: 4, wrong: [], left_out: 0 })
  expect(passed(1, 5, 2)).toEqual({ compared: 3, wrong: [3], left_out: 0 })
  expect(passed(5, 'erased', 2)).toEqual({ compared: 2, wrong: [3], left_out: 1 })
  expect(passed('erased', 2, 'erased', 'erased', 3)).toEqual({ compared: 2, wrong: [], left_out: 3 })
})

test('a text whose exponent no number has stands among texts, as it does where the engine sorts', () => {
  const numbers = ['1e2', 101, '1e9999', '1e99999', '1e999999999999', 'x']
  const key = keyMaker([KEY])
  const sorted = [...numbers].sort((a, b) => (key({ n: a }) < key({ n: b }) ? -1 : 1))
  expect(sorted).toEqual(numbers)
  expect(passed(...numbers)).toEqual({ compared: 6, wrong: [], left_out: 0 })
})
