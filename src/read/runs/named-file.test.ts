import { expect, test } from 'vitest'
import { fileFor, namedFiles } from './named-file.ts'

const file = (path: string) => ({ path, rows: 1, bytes: 1, sha256: '' })
const of = (template: string, pattern = '/p/out/*/*.csv') =>
  namedFiles(
    pattern,
    template,
    ['/p/out/North/01.csv', '/p/out/Zoë/2.csv', '/p/out/East/01.csv.rerun-3'].map(file),
    false,
  )

test('the file that a row names, in the spelling that came first', () => {
  const files = of('out/{{ row.region }}/{{row.month}}.csv')
  expect(fileFor(files, { region: 'NORTH', month: '01' })).toBe('/p/out/North/01.csv')
  expect(fileFor(files, { region: 'Zoe\u0308', month: 2 })).toBe('/p/out/Zoë/2.csv')
  expect(
    fileFor(of('out/{{ row.region }}/{{ row.month }}.csv', '/p/out/*/*.csv.rerun-3'), { region: 'east', month: '01' }),
  ).toBe('/p/out/East/01.csv.rerun-3')
})

test('null where it can’t be seen', () => {
  const files = of('out/{{ row.region }}/{{ row.month }}.csv')
  for (const row of [
    { region: 'West', month: '01' },
    { region: null, month: '01' },
    { region: ['North'], month: '01' },
    null,
  ])
    expect(fileFor(files, row)).toBeNull()
  expect(fileFor(of('out/{{ row.region | upcase }}/{{ row.month }}.csv'), { region: 'North', month: '01' })).toBeNull()
})

test('a number behind a name that wasn’t free, unless it can’t be known whose it is', () => {
  const pathOf = (region: string, numbers: boolean, ...names: readonly string[]) =>
    fileFor(
      namedFiles(
        '/p/*.csv',
        '{{ row.region }}.csv',
        names.map(name => file(`/p/${name}.csv`)),
        numbers,
      ),
      { region },
    )
  expect(pathOf('North', true, 'North-2', 'East')).toBe('/p/North-2.csv')
  expect(pathOf('East', true, 'North-2', 'East')).toBe('/p/East.csv')
  expect(pathOf('North', false, 'North-2')).toBeNull()
  expect(pathOf('2026-11', true, '2026-11', '2026-12')).toBe('/p/2026-11.csv')
  // One is another row’s, or both are.
  expect(pathOf('North', true, 'North-1', 'North-2')).toBeNull()
  expect(pathOf('North-1', true, 'North-1', 'North-2')).toBe('/p/North-1.csv')
  expect(pathOf('North', true, 'North', 'North-1')).toBe('/p/North.csv')
})
