import { createHash } from 'node:crypto'
import { appendFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brief, Folder, readAll } from '../../../test/support/plugin-files.ts'
import { zipOf } from '../../../test/support/zip.ts'
import { NOBODY_TO_ASK } from '../../sdk/source.ts'
import type { Source, SourceItem } from '../../sdk/spec.ts'
import { conformanceProblems } from '../../sdk/testing.ts'
import { csvSource } from './csv.ts'
import { jsonSource } from './json.ts'
import { jsonlSource } from './jsonl.ts'
import { checkFileOptions } from './options.ts'
import { textSource } from './text.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function folderOf(files: { readonly [name: string]: string | Uint8Array }): Folder {
  const folder = new Folder()
  for (const [name, content] of Object.entries(files)) folder.put(name, content)
  return folder
}

async function rowsOf(source: Source): Promise<unknown[]> {
  await source.list!(null)
  try {
    return (await readAll(source)).map(brief)
  } finally {
    await source.close()
  }
}

async function itemsOf(source: Source): Promise<SourceItem[]> {
  const items: SourceItem[] = []
  for await (const chunk of source.read(null, NOBODY_TO_ASK)) items.push(...chunk)
  return items
}

describe('several files', () => {
  test('are read in the order of the list, each pattern in the order of bytes, each file once', async () => {
    const folder = folderOf({ 'in/b.txt': 'b', 'in/a.txt': 'a', 'in/B.txt': 'B', 'first.txt': '1' })
    const source = folder.source(textSource, { path: ['first.txt', 'in/b.txt', 'in/*.txt'] })
    expect((await source.list!(null)).names).toEqual(['first.txt', 'in/b.txt', 'in/B.txt', 'in/a.txt'])
    expect((await readAll(source)).map(each => each.kind === 'row' && each.row.text)).toEqual(['1', 'b', 'B', 'a'])
  })

  test('that are one file by two names are read once, and that is said', async () => {
    const folder = folderOf({ 'in/a.csv': 'id\n1\n' })
    symlinkSync('a.csv', join(folder.path, 'in/latest.csv'))
    const source = folder.source(csvSource, { path: 'in/*.csv' })
    expect((await source.list!(null)).names).toEqual(['in/a.csv'])
    const { warnings, unlike = [] } = await source.begin!(null)
    expect([...(warnings ?? []), ...unlike.flatMap(each => each.warnings ?? [])]).toEqual([
      'in/latest.csv is the same file as in/a.csv, and is read once',
    ])
  })

  test('have headers, marks, delimiters and compressions of their own; lines count within each', async () => {
    const folder = folderOf({
      'in/1.csv': 'id,note\n1,a\n',
      'in/2.csv': 'sep=;\nnote;id\nb;2\n',
      'in/3.csv': Buffer.from('\ufeffid,note\n3,c\n', 'utf16le'),
      'in/4.csv.gz': gzipSync('id,note\n4,d\n'),
      'in/5.csv': '',
      'in/6.csv': 'id,note\n6,"f\n',
    })
    const source = folder.source(csvSource, { path: 'in/*', path_field: 'file', on_unclosed_quote: 'reject' })
    expect(await rowsOf(source)).toEqual([
      [2, { id: '1', note: 'a', file: 'in/1.csv' }],
      [3, { note: 'b', id: '2', file: 'in/2.csv' }],
      [2, { id: '3', note: 'c', file: 'in/3.csv' }],
      [2, { id: '4', note: 'd', file: 'in/4.csv.gz' }],
      [2, 'CSV_UNTERMINATED', '6,"f\n'],
    ])
  })

  test('end with their hashes and lengths; the hash of a position is that of its file', async () => {
    const texts = ['id\n1\n2\n', 'id\n', '', 'id\n3\n\n\n']
    const folder = folderOf(Object.fromEntries(texts.map((text, i) => [`in/${i}.csv`, text])))
    const source = folder.source(csvSource, { path: 'in/*' })
    await source.list!(null)
    const ends: unknown[] = []
    for await (const chunk of source.read(null, NOBODY_TO_ASK))
      for (const item of chunk)
        if (item.kind === 'end_of_file') ends.push([item.bytes, source.hashUpTo!(item.position)])
    expect(ends).toEqual(texts.map(text => [text.length, sha256(text)]))
    const end = source.end!()
    expect([end.bytes, source.bytesBefore!(end.position), await source.size!()]).toEqual([17, 17, 17])
    expect(source.hashUpTo!(end.position)).toBe(sha256(texts[3]!))
  })

  test('that begin otherwise than others are judged by themselves, those that begin alike together', async () => {
    const folder = folderOf({ 'in/1.csv': 'id\n1\n', 'in/2.csv': 'id\n2\n', 'in/3.csv': 'Id Of,id of\n3,4\n' })
    const source = folder.source(csvSource, { path: 'in/*' })
    await source.list!(null)
    expect(await source.begin!(null)).toMatchObject({
      input: 'in/1.csv',
      alike: 1,
      unlike: [
        { input: 'in/3.csv', warnings: [expect.stringContaining('in/3.csv has columns that would be the same')] },
      ],
    })
    expect(source.originalNames!()).toMatchObject({ id_of: 'Id Of' })
  })

  test('that are all blank are a blank input; no file at all is what if_missing expects', async () => {
    const blank = folderOf({ 'in/1.csv': '', 'in/2.csv': '\n\n' }).source(csvSource, { path: 'in/*' })
    expect(await rowsOf(blank)).toEqual([])
    expect(blank.isBlank!(blank.end!().position)).toBe(true)
    const header = folderOf({ 'in/1.csv': '', 'in/2.csv': 'id\n' }).source(csvSource, { path: 'in/*' })
    expect(await rowsOf(header)).toEqual([])
    expect(header.isBlank!(header.end!().position)).toBe(false)
    for (const path of ['in/*.csv', 'in/a.csv', ['in/a.csv', 'in/b*']]) {
      const none = new Folder().source(csvSource, { path, if_missing: 'empty' })
      expect(await rowsOf(none)).toEqual([])
      const { position, bytes } = none.end!()
      expect([bytes, none.isBlank!(position), none.hashUpTo!(position)]).toEqual([0, false, sha256('')])
    }
  })

  test.each([
    [{ path: 'in/*.csv' }, 'no file matches in/*.csv', 'if_missing: empty'],
    [{ path: ['a.csv', 'b.csv'] }, 'b.csv does not exist', undefined],
    [{ path: 'odd[1].csv' }, 'no file matches', 'literal: true'],
    [{ path: ['a.csv', 'folder'] }, 'folder is a folder without files', '`folder/**`'],
    [{ path: 'folder/' }, 'folder is a folder without files', '`folder/**`'],
    [{ path: 'none/' }, 'the folder ', 'if_missing: empty'],
    [{ path: 'none/*/' }, 'no file matches none/*/', 'if_missing: empty'],
    [{ path: 'a.csv/' }, 'a.csv is no folder', 'Take the slash'],
    [{ path: '*.csv', exclude: '*.csv' }, 'exclude leaves out all 2 files of *.csv', 'if_missing: empty'],
    [{ path: 'folder/deep', exclude: 'x' }, 'exclude leaves out the only file of folder/deep', 'if_missing: empty'],
    [{ path: 'a.csv', exclude: 'b.csv' }, 'patterns, folders and archives have', 'Remove it'],
  ])('that aren’t there are an error: %j', async (options, message, hint) => {
    const folder = folderOf({ 'a.csv': 'id\n', 'odd[1].csv': 'id\n', 'folder/deep/x': '' })
    await expect(folder.source(csvSource, options).list!(null)).rejects.toMatchObject({
      code: expect.stringMatching(/^CUSTODY_(FILE_NOT_FOUND|SOURCE)$/),
      message: expect.stringContaining(message),
      ...(hint === undefined ? {} : { hint: expect.stringContaining(hint) }),
    })
  })

  test('literal takes a name as it is', async () => {
    const folder = folderOf({ 'odd[1].csv': 'id\n1\n' })
    const source = folder.source(csvSource, { path: 'odd[1].csv', literal: true, path_field: 'file' })
    expect((await readAll(source)).map(brief)).toEqual([[2, { id: '1', file: 'odd[1].csv' }]])
  })
})

test('a field that a record has already isn’t replaced by path_field', async () => {
  const folder = folderOf({ 'a.jsonl': '{"id":1}\n{"id":2,"file":"mine"}\n' })
  const source = folder.source(jsonlSource, { path: 'a.jsonl', path_field: 'file' })
  expect((await readAll(source)).map(brief)).toEqual([
    [1, { id: 1, file: 'a.jsonl' }],
    [2, 'FIELD_TAKEN', { id: 2, file: 'mine' }],
  ])
})

describe('a file that isn’t what it was when it was listed', () => {
  const A = 'in/a.csv'
  const B = 'in/b.csv'
  const listed = async () => {
    const folder = folderOf({ [A]: 'id\n1\n', [B]: 'id\n2\n' })
    const source = folder.source(csvSource, { path: 'in/*.csv' })
    await source.list!(null)
    return { folder, source }
  }

  test('a new one isn’t read', async () => {
    const { folder, source } = await listed()
    folder.put('in/c.csv', 'id\n3\n')
    expect(await readAll(source)).toHaveLength(2)
    await source.close()
  })

  test('one that has vanished, grown or been replaced stops the reading', async () => {
    const cases: readonly [(folder: Folder) => void, string][] = [
      [({ path }) => rmSync(join(path, B)), 'CUSTODY_FILE_NOT_FOUND'],
      [({ path }) => appendFileSync(join(path, B), '3\n'), 'CUSTODY_SOURCE_CHANGED'],
      [({ path }) => renameSync(join(path, A), join(path, B)), 'CUSTODY_SOURCE_CHANGED'],
    ]
    for (const [change, code] of cases) {
      const { folder, source } = await listed()
      const reading = source.read(null, NOBODY_TO_ASK)[Symbol.asyncIterator]()
      await reading.next()
      await reading.next()
      change(folder)
      await expect(reading.next()).rejects.toMatchObject({ code, message: expect.stringContaining(B) })
      await source.close()
    }
  })

  test('one that grows while it is read stops the reading at its end', async () => {
    const { folder, source } = await listed()
    const reading = source.read(null, NOBODY_TO_ASK)[Symbol.asyncIterator]()
    await reading.next()
    appendFileSync(join(folder.path, A), '9\n')
    await expect(reading.next()).rejects.toMatchObject({ code: 'CUSTODY_SOURCE_CHANGED' })
    await source.close()
  })
})

describe('a source that is resumed', () => {
  const TEXTS = { 'in/a.csv': 'id\n1\n2\n', 'in/b.csv': 'id\n3\n4\n', 'in/c.csv': 'id\n5\n' }
  const NAMES = Object.keys(TEXTS)
  const read = { records: 2, bytes: 7, sha256: sha256(TEXTS['in/a.csv']) }
  const resumed = async (change: (folder: Folder) => void) => {
    const folder = folderOf(TEXTS)
    const source = folder.source(csvSource, { path: 'in/*.csv' })
    await source.list!(null)
    const position = (await itemsOf(source)).find(each => each.kind === 'row' && each.row.id === '3')!.position
    change(folder)
    const again = folder.source(csvSource, { path: 'in/*.csv' })
    const from = { records: 3, position, files: [read] }
    await source.close()
    await again.list!(NAMES)
    try {
      await again.prepare!()
      await again.begin!(from)
      return (await readAll(again, from)).map(each => each.kind === 'row' && each.row.id)
    } finally {
      await again.close()
    }
  }

  test('continues within the file where it was, whatever has come in between', async () => {
    expect(await resumed(({ path }) => writeFileSync(join(path, 'in/aa.csv'), 'id\n9\n'))).toEqual(['4', '5'])
    expect(await resumed(({ path }) => writeFileSync(join(path, 'in/c.csv'), 'id\n50\n60\n'))).toEqual([
      '4',
      '50',
      '60',
    ])
  })

  test.each<[string, (folder: Folder) => void, string]>([
    ['with other bytes', ({ path }) => writeFileSync(join(path, 'in/a.csv'), 'id\n1\n7\n'), 'CUSTODY_SOURCE_CHANGED'],
    ['that has grown', ({ path }) => appendFileSync(join(path, 'in/a.csv'), '7\n'), 'CUSTODY_SOURCE_CHANGED'],
    ['that is gone', ({ path }) => rmSync(join(path, 'in/a.csv')), 'CUSTODY_FILE_NOT_FOUND'],
  ])('is refused where a file was read %s', async (_name, change, code) => {
    await expect(resumed(change)).rejects.toMatchObject({ code, message: expect.stringContaining('in/a.csv') })
  })
})

test('conforms, wherever it is continued', async () => {
  const line = fc
    .array(fc.constantFrom('1', 'a', '"x\ny"', '', '"'), { minLength: 1, maxLength: 3 })
    .map(each => each.join(','))
  const text = fc.tuple(
    fc.array(line, { maxLength: 4 }),
    fc.constantFrom('\n', '\r\n'),
    fc.constantFrom('', '\n', '\n\n'),
  )
  const content = text.map(([lines, end, last]) => lines.join(end) + last)
  await fc.assert(
    fc.asyncProperty(fc.array(content, { maxLength: 4 }), async contents => {
      const files = Object.fromEntries(contents.map((each, i) => [`in-${i}.x`, each]))
      const csv = { path: 'in-*.x', header: false, columns: ['a', 'b'], on_unclosed_quote: 'reject', path_field: 'f' }
      for (const [spec, options] of [
        [csvSource, csv],
        [jsonlSource, { path: 'in-*.x' }],
        [textSource, { path: ['in-*.x'], whole: true }],
        [jsonSource, { path: 'in-*.x', exclude: 'in-1.x' }],
      ] as const) {
        const sample = { title: 'some', options: { ...options, if_missing: 'empty' }, files }
        expect(await conformanceProblems(spec, [sample])).toEqual([])
      }
    }),
    { numRuns: 12 },
  )
})

describe('a folder', () => {
  const FILES = {
    ...{ 'in/b.txt': 'b', 'in/a.txt': 'a', 'in/B.txt': 'B', 'in/.hidden': 'h', 'in/deep/c.txt': 'c' },
    ...{ 'in/x.tmp': 'x', 'odd[1]*/a.txt': 'odd', 'odd1/a.txt': 'other', 'first.txt': '1' },
  }
  const namesOf = async (options: object) => (await folderOf(FILES).source(textSource, options).list!(null)).names
  const ALL = ['in/B.txt', 'in/a.txt', 'in/b.txt', 'in/x.tmp']

  test.each<[options: object, names: readonly string[]]>([
    [{ path: 'in' }, ALL],
    [{ path: 'in/' }, ALL],
    [{ path: './in//' }, ALL.map(each => `./${each}`)],
    [{ path: 'in', literal: true }, ALL],
    [{ path: 'odd[1]*/' }, ['odd1/a.txt']],
    [{ path: 'odd[1]*/', literal: true }, ['odd[1]*/a.txt']],
    [{ path: 'in/*/' }, ['in/deep/c.txt']],
    [{ path: ['in/b.txt', 'in', 'first.txt'] }, ['in/b.txt', 'in/B.txt', 'in/a.txt', 'in/x.tmp', 'first.txt']],
    [{ path: ['in/deep', 'in/'] }, ['in/deep/c.txt', ...ALL]],
  ])('is all files in it, in the order of their names: %j', async (options, names) => {
    expect(await namesOf(options)).toEqual(names)
  })

  test('is read, resumed by the names on record, and no place for a sink', async () => {
    const folder = folderOf(FILES)
    const options = { path: 'in', exclude: '*.tmp', path_field: 'file' }
    const source = folder.source(textSource, options)
    const { matches } = await source.list!(null)
    expect(matches?.(join(folder.path, 'in/new.txt'))).toContain('would read the next time')
    expect([matches?.(join(folder.path, 'in/new.tmp')), matches?.(join(folder.path, 'in/deep/new.txt'))]).toEqual([
      null,
      null,
    ])
    expect((await readAll(source)).map(brief)).toEqual([
      [1, { text: 'B', file: 'in/B.txt' }],
      [1, { text: 'a', file: 'in/a.txt' }],
      [1, { text: 'b', file: 'in/b.txt' }],
    ])
    folder.put('in/aa.txt', 'new')
    expect((await folder.source(textSource, options).list!(['in/a.txt'])).names).toEqual(['in/a.txt'])
  })

  test('that is empty, or isn’t there, is nothing to read where that may be', async () => {
    for (const path of ['in/deep/none', 'in/deep/none/', 'empty/'])
      expect(await namesOf({ path, if_missing: 'empty' })).toEqual([])
  })
})

describe('exclude', () => {
  const FILES = {
    ...{ 'in/a.csv': 'id\n1\n', 'in/b.csv': 'id\n2\n', 'in/old/a.csv': 'id\n3\n', 'in/old/.a.csv': 'id\n' },
    'in/c.zip': zipOf([
      { name: 'n/a.csv', content: 'id\n4\n' },
      { name: 'z.csv', content: 'id\n5\n' },
    ]),
  }
  test.each<[options: object, names: readonly string[]]>([
    [{ path: 'in/**', exclude: 'a.csv' }, ['in/b.csv', 'in/c.zip/z.csv']],
    [{ path: 'in/**', exclude: 'in/a.csv' }, ['in/b.csv', 'in/c.zip/n/a.csv', 'in/c.zip/z.csv', 'in/old/a.csv']],
    [{ path: './in/**', exclude: 'in/old/**' }, ['./in/a.csv', './in/b.csv', './in/c.zip/n/a.csv', './in/c.zip/z.csv']],
    [{ path: 'in/*.csv', exclude: './in/b.csv' }, ['in/a.csv']],
    [{ path: 'in/*', exclude: ['*.zip', '[b]*'] }, ['in/a.csv']],
    [{ path: 'in/*', exclude: '{*.zip,b.*}' }, ['in/a.csv']],
    [{ path: 'in/old/{.,}*.csv', exclude: '.*' }, ['in/old/a.csv']],
    [{ path: 'in/old/{.,}*.csv', exclude: '*', if_missing: 'empty' }, []],
    [{ path: 'in/c.zip', exclude: 'in/c.zip/n/**' }, ['in/c.zip/z.csv']],
    [{ path: 'in/c.zip', members: '**/*.csv', exclude: 'z.csv' }, ['in/c.zip/n/a.csv']],
    // A name is read, whatever is left out of what patterns find.
    [{ path: ['in/b.csv', 'in/*.csv'], exclude: '*', if_missing: 'empty' }, ['in/b.csv']],
  ])('leaves out what it is of: %j', async (options, names) => {
    expect((await folderOf(FILES).source(csvSource, options).list!(null)).names).toEqual(names)
  })

  test('of absolute paths is of absolute paths', async () => {
    const folder = folderOf(FILES)
    const source = folder.source(csvSource, { path: `${folder.path}/in/*.csv`, exclude: `${folder.path}/in/a*` })
    expect((await source.list!(null)).names).toEqual([`${folder.path}/in/b.csv`])
  })

  test('of all members of an archive is said', async () => {
    const source = folderOf(FILES).source(csvSource, { path: 'in/c.zip', exclude: '*.csv' })
    await expect(source.list!(null)).rejects.toMatchObject({
      code: 'CUSTODY_FILE_NOT_FOUND',
      message: expect.stringContaining('exclude leaves all of them out'),
    })
  })
})

test.each<[object, string]>([
  [{ path: '-', exclude: '*.tmp' }, 'standard input is no file'],
  [{ path: '-', path_field: 'file' }, 'standard input is no file'],
  [{ path: '-', if_missing: 'empty' }, 'standard input is no file'],
  [{ path: '-', compression: 'zip' }, 'an archive can’t be read from standard input'],
  [{ path: ['a', '-'] }, 'standard input can’t be one of several files'],
  [{ path: ['a', 'b', 'a'] }, 'a stands twice'],
  [{ path: 'a.csv', members: '*' }, 'members are those of an archive'],
  [{ path: 'a.csv', path_field: '_error' }, '_error is what rows have that met an error'],
])('%j is refused', (options, message) => {
  const [problem] = checkFileOptions(jsonlSource.options.parse(options), [])
  expect(problem?.message).toContain(message)
})
