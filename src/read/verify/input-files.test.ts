import { expect, test } from 'vitest'
import type { FileFact } from '../../format/entry.ts'
import { Check, Place } from './check.ts'
import { FilesRead } from './input-files.ts'
import { Ways } from './ways.ts'

const WAYS = new Ways({
  nodes: [
    { name: 'in', kind: 'source' },
    { name: 'out', kind: 'sink' },
  ],
  edges: [],
})
const file = (more: Partial<FileFact>): FileFact => ({
  ...{ source: 1, file: 1, from: 1, records: 2, bytes: 9, done: true },
  ...more,
})

function problemsOf(
  facts: readonly FileFact[],
  { files = [{ source: 1, count: 2 }], rows = 9, at_end = -1, reruns = false } = {},
) {
  const checks = { entries: new Check('entries'), totals: new Check('totals') }
  const read = new FilesRead(checks)
  // cast: of an opening as much as is asked for.
  const opening = { k: 'open', files, ...(reruns ? { reruns: { run: '', root: '' } } : {}) } as never
  read.open(new Place(0), opening, WAYS)
  for (const [i, each] of facts.entries()) read.take(new Place(i + 1), each, rows, WAYS)
  if (at_end >= 0) for (const problem of read.unfinished(1, at_end, false, WAYS)) checks.totals.add(problem)
  return [...checks.entries.result().problems, ...checks.totals.result().problems].join('; ')
}

const SECOND = file({ file: 2, from: 3, records: 3 })

test('files in order whose records add up are fine, and so is a last one that wasn’t read to its end', () => {
  expect(problemsOf([file({}), SECOND], { at_end: 5 })).toBe('')
  expect(problemsOf([file({}), { ...SECOND, done: false }], { at_end: 5 })).toBe('')
  expect(problemsOf([file({ records: 0 }), file({ file: 2, records: 0 })], { at_end: 0, rows: 0 })).toBe('')
  expect(problemsOf([file({})], { at_end: 2 })).toBe('')
})

test.each<[string, readonly FileFact[], Parameters<typeof problemsOf>[1]]>([
  ['has no list of files', [file({ source: 2 })], {}],
  ['where 1 of 2 comes next', [SECOND], {}],
  ['where 2 of 2 comes next', [file({}), file({ from: 3 })], {}],
  ['where 3 of 2 comes next', [file({}), SECOND, file({ file: 3, from: 6 })], {}],
  ['begins with record 4 of in, and 3 comes next', [file({}), file({ file: 2, from: 4 })], {}],
  ['continues after a file that was not read to its end', [file({ done: false }), SECOND], {}],
  ['nothing was read of its file', [file({ records: 0, bytes: 0, done: false })], {}],
  ['have 5 records so far, and there are 4 rows', [file({}), SECOND], { rows: 4 }],
  ['have 5 records, and 6 were read', [file({}), SECOND], { at_end: 6 }],
  ['has a list of files for out, which is no source', [], { files: [{ source: 2, count: 1 }] }],
  [
    'in the order of their sources',
    [],
    {
      files: [
        { source: 1, count: 1 },
        { source: 1, count: 1 },
      ],
    },
  ],
  ['repeats rows of another run', [], { reruns: true }],
])('a problem is that it … %s', (message, facts, more) => {
  expect(problemsOf(facts, more)).toContain(message)
})
