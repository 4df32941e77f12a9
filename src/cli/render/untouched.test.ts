import { expect, test } from 'vitest'
import { CustodyError } from '../../model/error.ts'
import { untouchedText } from './untouched.ts'

const plain = (_style: unknown, text: string) => text
const header = new CustodyError('CUSTODY_HEADER', 'data/a.csv lacks `region`, which the schema requires', {
  hint: 'its columns: id, Region; did you mean Region?',
  where: { node: 'a' },
})
const sinks = (...paths: string[]) => Object.fromEntries(paths.map(path => [path, { rows: 0, path: `/w/out/${path}` }]))

test('what is wrong, and that outputs are as they were', () => {
  const facts = { rows_read: 0, sinks: sinks('a.csv', 'b.csv', 'c.csv') }
  expect(untouchedText(header, facts, '/w', plain)).toBe(
    [
      'stopped before anything was written: data/a.csv lacks `region`, which the schema requires',
      '  its columns: id, Region; did you mean Region?',
      '  out/a.csv and 2 other outputs are as they were',
      '  error CUSTODY_HEADER at node a',
    ].join('\n'),
  )
})

test('a run that had come further, one output, or none, and one that was stopped', () => {
  const more = untouchedText(header, { rows_read: 7, sinks: sinks('a.csv', 'b.csv') }, '/w', plain)
  expect(more).toContain('stopped before anything more was written: ')
  expect(more).toContain('  out/a.csv and 1 other output are as they were\n')
  expect(untouchedText(null, { rows_read: 0, sinks: sinks('a.csv') }, '/w', plain)).toBe(
    'stopped before anything was written\n  out/a.csv is as it was',
  )
  expect(untouchedText(null, { rows_read: 0, sinks: {} }, '/w', plain)).toMatch(/there are no outputs/)
})
