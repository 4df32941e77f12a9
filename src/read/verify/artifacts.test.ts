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
/** Values by their numbers; null: erased. */
type Values = { readonly [number: number]: Json | null }

const content = (rows: number, bytes: number) => ({ rows, bytes, sha256: 'ab'.repeat(32) })
const FACTS: readonly PublishedFact[] = [
  { sink: 2, rows: 3, bytes: 30, paths: 1, contents: 2 },
  { sink: 3, rows: 5, bytes: 50, files: 2, paths: 3, contents: 4 },
  { sink: 4, rows: 1, bytes: 0 },
]
const VALUES: Values = { 1: ['/o/one'], 2: [content(3, 30)], 3: ['/o/a', '/o/b'], 4: [content(1, 20), content(4, 30)] }

const problems = (values: Values, facts = FACTS) => [
  ...artifactProblems({ k: 'publish', artifacts: facts, t: 1 }, { get: number => values[number] ?? null }, ways),
]

test('files add up to what the entry has of them', () => {
  expect(problems(VALUES)).toEqual([])
  // Rows that are sent have no file, and a sink that rows name no file of has none.
  const none = { sink: 3, rows: 0, bytes: 0, files: 0, paths: 3, contents: 4 }
  expect(problems({ ...VALUES, 3: [], 4: [] }, FACTS.with(1, none))).toEqual([])
})

test('what is erased, or has another form, is left to others', () => {
  expect(problems({ 3: 3, 4: null })).toEqual([])
})

test.each<[string, Values, string]>([
  ['one is missing', { 4: [content(5, 50)] }, 'sink many has published 2 files, and 1 file is named'],
  ['one has no path', { 3: ['/o/a'] }, 'sink many has published 2 files, and 1 file is named'],
  ['all are', { 4: [] }, 'sink many has published 2 files, and 0 files are named'],
  [
    'rows moved from nowhere',
    { 4: [content(2, 20), content(4, 30)] },
    'sink many has published 5 rows, and its files have 6 rows',
  ],
  ['one has other bytes', { 2: [content(3, 31)] }, 'sink one has published 30 bytes, and its files have 31 bytes'],
  ['two are at one path', { 3: ['/o/a', '/o/a'] }, 'sink many has published two files at one path'],
  [
    'one has two',
    { 2: [content(1, 10), content(2, 20)], 1: ['/o/one', '/o/two'] },
    'sink one has published 1 file, and 2 files are named',
  ],
])('%s', (_name, values, problem) => expect(problems({ ...VALUES, ...values })).toContain(problem))

test('only half of what is to be said of a file', () => {
  const half = { sink: 2, rows: 3, bytes: 30, contents: 2 }
  expect(problems(VALUES, FACTS.with(0, half))).toEqual(['of the files of sink one it has only the contents'])
  const none = { sink: 3, rows: 5, bytes: 50, files: 2 }
  expect(problems(VALUES, FACTS.with(1, none))).toEqual(['sink many has published 2 files, and none is named'])
})
