import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Folder } from '../../../test/support/plugin-files.ts'
import { byBytes, FilePattern, isPattern, patternOfFolder } from './file-pattern.ts'

const filesOf = async (folder: Folder, pattern: string) => (await FilePattern.of(pattern)).files(folder.path)

const NAMES = ['in/a.csv', 'in/b.csv', 'in/b10.csv', 'in/b2.csv', 'in/.hidden.csv', 'in/A.csv', 'in/é.csv', 'in/z.txt']
const DEEP = ['in/2026/01/c.csv', 'in/2026/02/d.csv', 'in/old/c.csv', 'in/.git/c.csv', 'top.csv']

test.each<[pattern: string, names: readonly string[]]>([
  ['in/*.csv', ['in/A.csv', 'in/a.csv', 'in/b.csv', 'in/b10.csv', 'in/b2.csv', 'in/é.csv']],
  ['./in/b*.csv', ['./in/b.csv', './in/b10.csv', './in/b2.csv']],
  ['in/?.csv', ['in/A.csv', 'in/a.csv', 'in/b.csv', 'in/é.csv']],
  ['in/b[0-9].csv', ['in/b2.csv']],
  ['in/{z.txt,a.csv,2026/01/c.csv}', ['in/2026/01/c.csv', 'in/a.csv', 'in/z.txt']],
  ['in/**/c.csv', ['in/2026/01/c.csv', 'in/old/c.csv']],
  ['**/[cd].csv', ['in/2026/01/c.csv', 'in/2026/02/d.csv', 'in/old/c.csv']],
  ['in/*/c.csv', ['in/old/c.csv']],
  ['in/.*.csv', ['in/.hidden.csv']],
  ['in/2026/**', ['in/2026/01/c.csv', 'in/2026/02/d.csv']],
  ['*/', []],
  ['nowhere/*.csv', []],
  ['top.csv/*.csv', []],
])('%s is %s', async (pattern, names) => {
  const folder = new Folder()
  for (const name of [...NAMES, ...DEEP]) folder.put(name, 'x')
  expect(await filesOf(folder, pattern)).toEqual(names)
})

test('an absolute pattern gives absolute names, and one that climbs what it climbs to', async () => {
  const folder = new Folder()
  folder.put('in/a.csv', 'x')
  mkdirSync(join(folder.path, 'jobs'))
  expect(await filesOf(folder, `${folder.path}/in/*.csv`)).toEqual([`${folder.path}/in/a.csv`])
  const up = await FilePattern.of('../in/*.csv')
  expect(await up.files(join(folder.path, 'jobs'))).toEqual(['../in/a.csv'])
  expect(up.matchesFrom(join(folder.path, 'jobs'), join(folder.path, 'in', 'new.csv'))).toBe(true)
  expect(up.matchesFrom(join(folder.path, 'jobs'), join(folder.path, 'out', 'new.csv'))).toBe(false)
})

test('links to files are files; links to folders are followed where they are named, and not by **', async () => {
  const folder = new Folder()
  folder.put('in/a.csv', 'x')
  folder.put('else/b.csv', 'x')
  symlinkSync('../else', join(folder.path, 'in/linked'))
  symlinkSync('a.csv', join(folder.path, 'in/z.csv'))
  symlinkSync('..', join(folder.path, 'in/loop'))
  expect(await filesOf(folder, 'in/**/*.csv')).toEqual(['in/a.csv', 'in/z.csv'])
  expect(await filesOf(folder, 'in/*/b.csv')).toEqual(['in/linked/b.csv'])
})

test('a link that leads nowhere is an error, and so is what is no file', async () => {
  const folder = new Folder()
  folder.put('in/a.csv', 'x')
  symlinkSync('gone', join(folder.path, 'in/b.csv'))
  await expect(filesOf(folder, 'in/*.csv')).rejects.toMatchObject({ code: 'ENOENT' })
  execFileSync('mkfifo', [join(folder.path, 'in/p.jsonl')])
  for (const pattern of ['in/*.jsonl', 'in/{p,q}.jsonl'])
    await expect(filesOf(folder, pattern)).rejects.toMatchObject({ code: 'ENOTFILE' })
})

test.each([
  ['a.csv', false],
  ['data (1).csv', false],
  ['a+b!c@d.csv', false],
  ['in/*.csv', true],
  ['a?.csv', true],
  ['a[1].csv', true],
  ['{a,b}.csv', true],
  ['+(a|b).csv', true],
])('%s may be a pattern: %s', (path, is) => expect(isPattern(path)).toBe(is))

test('what is found is what fits of all that is there, in the order of bytes', async () => {
  const part = fc.constantFrom('a', 'b', 'ab', '.a', 'é')
  const name = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => `${parts.join('/')}.csv`)
  const piece = fc.constantFrom('*', '**', 'a*', '?', '[ab]', '{a,é}', 'a', '.a')
  const pattern = fc.tuple(fc.array(piece, { maxLength: 2 }), fc.constantFrom('*', 'a*', '*.csv', '{a,b}*', '**'))
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { maxLength: 8 }), pattern, async (names, [folders, last]) => {
      const folder = new Folder()
      // A file can't have the name of a folder: these never do, since files end in .csv.
      for (const each of names) folder.put(each, '')
      const of = await FilePattern.of([...folders, last].join('/'))
      expect(await of.files(folder.path)).toEqual(names.filter(each => of.matches(each)).sort(byBytes))
    }),
    { numRuns: 150 },
  )
})

test.each([
  ['in/', false, 'in/*'],
  ['./a*b//', false, './a*b/*'],
  ['/', true, '/*'],
  ['a[1]{x}/b', true, 'a\\[1\\]\\{x\\}/b/*'],
  ['s3://bucket/', true, 's3://bucket/*'],
  ['s3://bucket/', false, 's3://bucket/*'],
  ['sftp://user@[::1]:22/a@(b)/', true, 'sftp://user@[::1]:22/a\\@\\(b\\)/*'],
])('all files in %s (%j) are %s', (path, literal, pattern) => {
  expect(patternOfFolder(path, literal)).toBe(pattern)
})
