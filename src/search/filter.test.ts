/** What is asked for that a run can't have is refused, with what it can; texts and values are found wherever they stand. */
import { expect, test } from 'vitest'
import type { RowFilter } from '../api/rows.ts'
import type { Topology } from '../format/topology.ts'
import { compileFilter } from './filter.ts'
import { foldText } from './fold-text.ts'
import { eachGram, gramsOfWhole, gramsWithin } from './index/grams.ts'
import { eachLeaf } from './leaves.ts'

const TOPOLOGY: Topology = {
  nodes: [
    { name: 'rows', kind: 'source', plugin: 'csv' },
    { name: 'both', kind: 'fork', branches: ['left', 'right'] },
    { name: 'high', kind: 'sink', plugin: 'csv' },
  ],
  edges: [
    [1, 'to', 2],
    [2, 'left', 3],
    [2, 'right', 3],
  ],
}
const compile = (filter: RowFilter) =>
  compileFilter(filter, TOPOLOGY, () => {
    throw new Error('nobody asks for an expression')
  })

test.each<[RowFilter, RegExp, RegExp]>([
  [{ source: ['row'] }, /source "row"/, /Did you mean rows\?/],
  [{ sink: ['rows'] }, /sink "rows"/, /There are: high\./],
  [{ edge: ['both:up'] }, /edge "both:up"/, /both:left, both:right/],
  [{ outcome: ['COMPLETE'] }, /outcome "COMPLETE"/, /Did you mean COMPLETED\?/],
  [{ branch: ['lefd'] }, /branch/, /Did you mean left\?/],
  [{ since: 'yesterday' }, /since/, /ISO 8601/],
  [{ since: '0.5' }, /since/, /ISO 8601/],
  [{ until: '2026-11-21T14:02' }, /until/, /ISO 8601/],
  [{ value: ['=x'] }, /names no field/, /field=value/],
  [{ text: 'ab' }, /shorter than 3/, /value=/],
])('%j', (filter, message, hint) => {
  expect(() => compile(filter)).toThrow(
    expect.objectContaining({
      code: 'CUSTODY_ARGUMENT',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    }),
  )
})

test('an ending has all that is asked of endings; of an error without a node any node will do', () => {
  expect(compile({ outcome: ['COMPLETED'], sink: ['high'] }).any_of).toEqual([['ending:1:3']])
  expect(compile({ outcome: ['COMPLETED'], cause: ['filter'] }).any_of).toEqual([[]])
  expect(compile({ error_code: ['BAD'], node: ['both'] }).any_of).toEqual([['error:BAD:2']])
  expect(compile({ error_code: ['BAD'] }).any_of[0]).toHaveLength(4)
})

test('values of one field are alternatives, of several all are asked for', () => {
  expect(compile({ value: ['a=1', 'b.c=x=y', 'a=2'] }).values).toEqual([
    { field: 'a', texts: ['1', '2'] },
    { field: 'b.c', texts: ['x=y'] },
  ])
})

test('case doesn’t count, in any language', () => {
  for (const [text, part] of [
    ['Straße', 'RAß'],
    ['ΟΔΥΣΣΕΥΣ', 'σευς'],
    ['Zu\u0308rich', 'ZÜR'],
    ['東京都庁', '京都庁'],
    ['\u{1F600}\u{1F601}', '\u{1F600}\u{1F601}'],
  ] as const) {
    expect(foldText(text)).toContain(foldText(part))
    const grams = new Set<number>()
    eachGram(foldText(text), gram => grams.add(gram))
    expect(gramsWithin(foldText(part)).every(gram => grams.has(gram))).toBe(true)
  }
})

test('a whole text has grams that a part of one hasn’t, however short', () => {
  const grams = new Set<number>()
  eachGram('5', gram => grams.add(gram))
  expect(gramsOfWhole('5').every(gram => grams.has(gram))).toBe(true)
  for (const other of ['', '55', '15', '51']) expect(gramsOfWhole(other).every(gram => grams.has(gram))).toBe(false)
})

test('texts by their fields', () => {
  const found: string[] = []
  eachLeaf({ a: 1, b: { c: [true, { d: 'x' }], e: null }, __proto__: { f: 2 } }, '', (path, text) =>
    found.push(`${path}=${text}`),
  )
  expect(found).toEqual(['a=1', 'b.c=true', 'b.c.d=x', 'b.e=null'])
})
