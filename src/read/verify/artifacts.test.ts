import { expect, test } from 'vitest'
import type { PublishedFact } from '../../format/entry.ts'
import type { Json } from '../../model/row.ts'
import { artifactProblems } from './artifacts.ts'
import { Ways } from './ways.ts'

const ways = new Ways({
  nodes: [
    { name: 'in', kind: 'source' },
    { name: 'one', kind: 'sink' },
    { name: 'many', kind: 'sink' },
    { name: 'hook', kind: 'sink' },
  ],
  edges: [],
})
const file = (path: string, rows: number, bytes: number) => ({ path, rows, bytes, sha256: 'ab'.repeat(32) })
const FACTS: readonly PublishedFact[] = [
  { sink: 2, rows: 3, bytes: 30 },
  { sink: 3, rows: 5, bytes: 50, files: 2 },
  { sink: 4, rows: 1, bytes: 0 },
]
const VALUE = { one: [file('/o/one', 3, 30)], many: [file('/o/a', 1, 20), file('/o/b', 4, 30)] }

const problems = (value: Json, facts = FACTS) => artifactProblems({ k: 'publish', artifacts: facts, t: 1 }, value, ways)

test('files add up to what the entry has of them', () => {
  expect(problems(VALUE)).toEqual([])
  // Rows that are sent have no file, and a sink that rows name no file of has none.
  expect(problems({ ...VALUE, many: [] }, FACTS.with(1, { sink: 3, rows: 0, bytes: 0, files: 0 }))).toEqual([])
})

test.each<[string, Json, string]>([
  ['one is missing', { ...VALUE, many: [file('/o/b', 5, 50)] }, 'sink many has published 2 files, and 1 file is named'],
  ['all are', { one: VALUE.one }, 'sink many has published 2 files, and 0 files are named'],
  [
    'rows moved from nowhere',
    { ...VALUE, many: [file('/o/a', 2, 20), file('/o/b', 4, 30)] },
    'sink many has published 5 rows, and its files have 6 rows',
  ],
  [
    'one has other bytes',
    { ...VALUE, one: [file('/o/one', 3, 31)] },
    'sink one has published 30 bytes, and its files have 31 bytes',
  ],
  [
    'two are at one path',
    { ...VALUE, many: [file('/o/a', 1, 20), file('/o/a', 4, 30)] },
    'sink many has published two files at one path',
  ],
  [
    'one has two',
    { ...VALUE, one: [file('/o/one', 1, 10), file('/o/two', 2, 20)] },
    'sink one has published 1 file, and 2 files are named',
  ],
  ['they are of nobody', { ...VALUE, other: [] }, 'files are named of other, which is no sink that published'],
])('%s', (_name, value, problem) => expect(problems(value)).toContain(problem))

test('what can’t be read', () => {
  expect(problems({ one: 3 })[0]).toMatch(/^what was published can't be read/)
})
