import { closeSync, fstatSync, linkSync, mkdirSync, openSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Folder } from '../../../../test/support/plugin-files.ts'
import { FilesInUse } from './files-in-use.ts'

function folderWith(...names: readonly string[]): { folder: Folder; at: (name: string) => string } {
  const folder = new Folder()
  mkdirSync(join(folder.path, 'real'))
  symlinkSync('real', join(folder.path, 'way'))
  for (const name of names) folder.put(name, 'x')
  return { folder, at: name => join(folder.path, name) }
}

test('a file is found by any of its names: through links of files and of folders, and by hard links', () => {
  const { at } = folderWith('real/file')
  symlinkSync('real/file', at('soft'))
  linkSync(at('real/file'), at('hard'))
  const in_use = new FilesInUse().add(at('real/file'), 'which is read')
  for (const name of ['real/file', 'way/file', 'soft', 'hard', 'way/../real/file'])
    expect(in_use.find(at(name)), name).toBe('which is read')
  expect(in_use.find(at('real/other'))).toBeNull()
})

test('one that isn’t there yet, too, and one in folders that aren’t there', () => {
  const { at } = folderWith()
  for (const name of ['file', 'deep/er/file']) {
    const in_use = new FilesInUse().add(at(`real/${name}`), 'which is written')
    expect(in_use.find(at(`way/${name}`))).toBe('which is written')
    expect(in_use.find(at(`real/${name}-wal`))).toBeNull()
    expect(in_use.find(at(name))).toBeNull()
  }
})

test('letters that a file system doesn’t tell apart name the same file', () => {
  const { folder, at } = folderWith()
  const in_use = new FilesInUse().add(at('real/out.csv'), 'which is written')
  // Whether it does is asked in the same way that a user would see.
  folder.put('real/asked', 'x')
  const ignores_case = new FilesInUse().add(at('real/asked'), 'asked').find(at('real/ASKED')) !== null
  expect(in_use.find(at('real/OUT.csv'))).toBe(ignores_case ? 'which is written' : null)
})

test('all of a folder, however deep, and what is open', () => {
  const { at } = folderWith('real/file')
  const open = openSync(at('real/file'), 'r')
  const in_use = new FilesInUse()
    .addFolder(at('real'), 'which is kept')
    .addOpen(fstatSync(open, { bigint: true }), 'which is open')
  closeSync(open)
  expect(in_use.find(at('way/sub/deep/file'))).toBe('which is kept')
  expect(in_use.find(at('real/file'))).toBe('which is open')
  expect(in_use.find(at('file'))).toBeNull()
})
