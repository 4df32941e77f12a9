/** Several files, and archives: which become one source, and how it names them. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { zipOf } from '../support/zip.ts'
import { InferFolder } from './try-infer.ts'

let folder: InferFolder
beforeEach(() => {
  folder = new InferFolder()
})
afterEach(() => folder.remove())

const zipped = (members: { readonly [name: string]: string }) =>
  zipOf(Object.entries(members).map(([name, content]) => ({ name, content })))

/** What is read by each source, with the rows of all. The pipeline must be valid. */
async function sourcesOf(...names: readonly string[]) {
  const { sources, rows, diagnostics, name } = await folder.try(names)
  expect(diagnostics).toEqual([])
  expect(rows).toHaveLength(sources.reduce((sum, { records, rejected }) => sum + records - rejected.count, 0))
  const shown = sources.map(({ source, files, options, fields }) => {
    const { path, literal, members } = options
    const types = fields.map(each => `${each.field}: ${each.types.join('|')}${each.optional ? '?' : ''}`)
    return { source, files, place: { path, ...(literal ? { literal } : {}), ...(members ? { members } : {}) }, types }
  })
  return { name, sources: shown, found: sources, rows: rows.map(row => ({ ...row })) }
}

describe('files of one shape', () => {
  test('are one source with a list, and their values decide together', async () => {
    folder.put('in/sales-01.csv', 'id,amount,note\n1,2,\n2,3,x\n')
    folder.put('in/sales-02.csv', 'amount,note,id\n1.5,y,\n')
    const { sources, rows } = await sourcesOf('in/sales-01.csv', 'in/sales-02.csv')
    const types = ['id: integer?', 'amount: number', 'note: string?']
    const path = ['in/sales-01.csv', 'in/sales-02.csv']
    expect(sources).toEqual([{ source: 'sales', files: 2, place: { path }, types }])
    expect(rows[2]).toEqual({ id: null, amount: 1.5, note: 'y' })
  })

  test('are named by the pattern by which they were found', async () => {
    folder.put('in/b.csv', 'id\n1\n')
    folder.put('in/a.csv', 'id\n2\n')
    expect(await sourcesOf('in/*.csv')).toMatchObject({
      name: 'in',
      sources: [{ source: 'in', files: 2, place: { path: 'in/*.csv' } }],
      rows: [{ id: 2 }, { id: 1 }],
    })
  })

  test.each<[string, string, readonly string[]]>([
    ['an output of the pipeline', '**/*.csv', ['x/a-1.csv', 'x/a-2.csv']],
    ['files of another shape', 'x/*', ['x/a-1.csv', 'x/a-2.csv', 'x/b.json']],
  ])('but by their names where the pattern is of %s, too', async (_what, pattern, names) => {
    for (const name of names) folder.put(name, name.endsWith('.csv') ? 'id\n1\n' : '[{"a":1}]')
    const { sources } = await sourcesOf(pattern)
    expect(sources[0]?.place).toEqual({ path: ['x/a-1.csv', 'x/a-2.csv'] })
  })

  test('may have signs of patterns in their names', async () => {
    folder.put('a[1].csv', 'id\n1\n')
    folder.put('a[2].csv', 'id\n2\n')
    const place = { path: ['a[1].csv', 'a[2].csv'], literal: true }
    expect((await sourcesOf('a[1].csv', 'a[2].csv')).sources).toMatchObject([{ place }])
  })

  test('are each read once, by whatever names', async () => {
    folder.put('a.csv', 'id\n1\n')
    expect((await sourcesOf('a.csv', '*.csv', './a.csv')).sources).toMatchObject([
      { files: 1, place: { path: 'a.csv' } },
    ])
  })

  test('of nothing but ASCII go with those in another encoding', async () => {
    folder.put('a.csv', 'ort\nUlm\n')
    folder.put('b.csv', Buffer.from('ort\nKöln\n', 'latin1'))
    const { found, rows } = await sourcesOf('a.csv', 'b.csv')
    expect(found).toMatchObject([{ files: 2, options: { path: ['a.csv', 'b.csv'], encoding: 'windows-1252' } }])
    expect(rows).toEqual([{ ort: 'Ulm' }, { ort: 'Köln' }])
    folder.put('c.csv', 'ort\nZürich\n')
    expect((await sourcesOf('a.csv', 'b.csv', 'c.csv')).sources).toHaveLength(3)
  })

  test('say of what is odd in which it is', async () => {
    folder.put('a.csv', `n,m\n${'1,2\n'.repeat(9)}`)
    folder.put('b.csv', `n,m\n007,1\n8\n`)
    folder.put('c.csv', `n,m\n01,1\n`)
    const { found } = await sourcesOf('b.csv', 'c.csv')
    expect(found[0]?.fields[0]?.remarks.join()).toContain('"007" in line 2 of b.csv')
    expect(found[0]?.rejected.first).toMatchObject([{ line: 3, file: 'b.csv', code: 'CSV_RAGGED' }])
    expect((await folder.infer(['b.csv', 'c.csv'])).text).toContain('line 3 of b.csv: CSV_RAGGED')
  })

  test('can be of JSON', async () => {
    folder.put('a.jsonl', '{"id":1,"x":[1]}\n')
    folder.put('b.jsonl', '{"id":2.5,"x":null}\n')
    const types = ['id: number', 'x: array?']
    expect((await sourcesOf('a.jsonl', 'b.jsonl')).sources).toMatchObject([{ files: 2, types }])
  })
})

describe('files of other shapes stay sources of their own', () => {
  test.each<[string, string, string]>([
    ['other columns', 'id,name\n1,a\n', 'id,city\n1,a\n'],
    ['another delimiter', 'id,name\n1,a\n', 'id;name\n1;a\n'],
    ['texts where there were numbers', 'id,name\n1,a\n', 'id,name\nA1,a\n'],
    ['dates of another pattern', 'day,n\n31.01.2026,1\n', 'day,n\n1/31/2026,1\n'],
    ['numbers of another convention', 'n;m\n1,5;2,25\n', 'n;m\n1.5;2.25\n'],
  ])('%s', async (_what, one, other) => {
    folder.put('a.csv', one)
    folder.put('b.csv', other)
    expect((await sourcesOf('a.csv', 'b.csv')).sources.map(({ place }) => place.path)).toEqual(['a.csv', 'b.csv'])
  })

  test('and don’t part others that are alike', async () => {
    for (const [name, id] of Object.entries({ a: '1', b: 'X', c: '2' })) folder.put(`${name}.csv`, `id,n\n${id},1\n`)
    const { sources } = await sourcesOf('a.csv', 'b.csv', 'c.csv')
    expect(sources.map(({ place }) => place.path)).toEqual([['a.csv', 'c.csv'], 'b.csv'])
  })
})

describe('archives', () => {
  const SALES = { 'sales/01.csv': 'id,n\n1,1.5\n', 'sales/02.csv': 'id,n\n2,2\n', '.DS_Store': 'x' }

  test('whose members are of one shape are one source', async () => {
    folder.put('in/sales.zip', zipped(SALES))
    const { name, sources } = await sourcesOf('in/sales.zip')
    expect(name).toBe('sales')
    expect(sources).toMatchObject([{ source: 'sales', files: 2, place: { path: 'in/sales.zip' } }])
  })

  test('several of them, and files beside them, too', async () => {
    folder.put('in/a.zip', zipped(SALES))
    folder.put('in/b.zip', zipped(SALES))
    folder.put('in/c.csv', 'id,n\n5,6\n')
    expect((await sourcesOf('in/*.zip')).sources).toMatchObject([{ files: 4, place: { path: 'in/*.zip' } }])
    expect((await sourcesOf('in/*')).sources).toMatchObject([{ files: 5, place: { path: 'in/*' } }])
  })

  test('with members of several shapes are several sources that choose', async () => {
    folder.put('x.zip', zipped({ ...SALES, 'a {1}, [b]*.json': '[{"a":1}]' }))
    const { sources } = await sourcesOf('x.zip')
    expect(sources.map(({ files, place }) => [files, place.members])).toEqual([
      [1, 'a \\{1\\}\\, \\[b\\]\\*.json'],
      [2, '{sales/01.csv,sales/02.csv}'],
    ])
  })

  test('that are none but in name are what they are', async () => {
    folder.put('x.zip', 'id,n\n1,2\n2,3\n3,4\n')
    expect((await sourcesOf('x.zip')).found).toMatchObject([{ plugin: 'csv', options: { compression: 'none' } }])
  })

  test('with what nobody can read are refused, with its name', async () => {
    folder.put('x.zip', zipped({ ...SALES, 'z.pdf': '%PDF-1.7' }))
    await expect(folder.infer(['x.zip'])).rejects.toMatchObject({
      code: 'CUSTODY_INPUT_FORMAT',
      message: expect.stringContaining('x.zip/z.pdf is a PDF document'),
    })
  })
})

test('a pattern of nothing, and of folders alone', async () => {
  mkdirSync(join(folder.path, 'in'))
  await expect(folder.infer(['in/*.csv'])).rejects.toMatchObject({ code: 'CUSTODY_FILE_NOT_FOUND' })
  await expect(folder.infer(['i*'])).rejects.toMatchObject({ code: 'CUSTODY_FILE_NOT_FOUND' })
})
