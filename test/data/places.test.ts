/** Where files are: names, links, folders in the way. */
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tryData } from '../support/try-data.ts'

test.each([
  ['a name with all that a name can have', 'da ta/ünï 😀 "q"\n.csv'],
  ['a name with a point before it', '.hidden/.in'],
])('%s', async (_what, path) => {
  const result = await tryData({ files: { [path]: 'a\n1\n' }, options: { path } })
  expect(result).toMatchObject({ exit: 0, rows: [{ a: '1' }] })
})

test('a link is read as what it leads to', async () => {
  const prepare = (folder: string) => symlinkSync('real', join(folder, 'in'))
  expect(await tryData({ files: { real: 'a\n1\n' }, prepare })).toMatchObject({ exit: 0, rows: [{ a: '1' }] })
})

test('a folder isn’t a file to read', async () => {
  const result = await tryData({ prepare: folder => mkdirSync(join(folder, 'in')) })
  expect(result.exit).not.toBe(0)
  expect(result.message).toMatch(/folder|directory/)
})

// The superuser may read everything.
test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a file that may not be read', async () => {
  const prepare = (folder: string) => chmodSync(join(folder, 'in'), 0)
  const result = await tryData({ input: 'a\n1\n', prepare })
  expect(result.exit).not.toBe(0)
  expect(result.message).toMatch(/may not be read|permission/)
})

test('a sink that would write over its own input is refused, whatever the name', async () => {
  const prepare = (folder: string) => {
    mkdirSync(join(folder, 'out'))
    linkSync(join(folder, 'in'), join(folder, 'out', 'all'))
  }
  const result = await tryData({ input: 'a\n1\n', sink: 'csv', prepare })
  expect(result).toMatchObject({ exit: 2, code: 'SAME_OUTPUT', text: 'a\n1\n' })
})

test('a file where the outputs’ folder should be is named', async () => {
  const result = await tryData({ input: 'a\n1\n', prepare: folder => writeFileSync(join(folder, 'out'), '') })
  expect(result).toMatchObject({ exit: 1, code: 'SINK' })
  expect(result.message).toMatch(/a part of the path is a file/)
})
