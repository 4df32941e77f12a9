import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hashOfFiles, packageOf } from './plugin-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-plugin-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(files: { readonly [path: string]: string }): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

const PLUGIN = {
  'p/plugin.ts': `import { defineTransform } from 'custody/sdk'\nimport { one } from './lib/one.ts'\nconst later = () => import("../two.mjs")`,
  'p/lib/one.ts': `export { three } from './three.cjs'\nimport rates from './rates.json' with { type: 'json' }`,
  'p/lib/three.cjs': `const four = require('./four'); import './plugin-that-is-not-there.ts'`,
  'p/lib/four.js': `module.exports = 4`,
  'p/lib/rates.json': `{"rate": 1}`,
  'two.mjs': `new URL('./words.txt', import.meta.url)`,
  'words.txt': 'a b c',
  'p/other.ts': `export const other = 1`,
}
const hash = () => hashOfFiles(join(folder, 'p', 'plugin.ts'))

test('what a plugin imports by a relative path is its own, however it is imported, and nothing else is', () => {
  write(PLUGIN)
  const before = hash()
  for (const path of Object.keys(PLUGIN)) {
    write({ [path]: `${PLUGIN[path as keyof typeof PLUGIN]} ` })
    if (path === 'p/other.ts') expect(hash(), path).toBe(before)
    else expect(hash(), path).not.toBe(before)
    write(PLUGIN)
  }
  expect(hash()).toBe(before)
})

test('where the folder lies makes no difference, where files lie in it does', () => {
  write(PLUGIN)
  const before = hash()
  renameSync(join(folder, 'p'), join(folder, 'q'))
  expect(hashOfFiles(join(folder, 'q', 'plugin.ts'))).toBe(before)
  write({
    ...PLUGIN,
    'p/plugin.ts': PLUGIN['p/plugin.ts'].replace('./lib/one', './one'),
    'p/one.ts': PLUGIN['p/lib/one.ts'],
  })
  expect(hash()).not.toBe(before)
})

test('files that import each other come to an end', () => {
  write({ 'p/plugin.ts': `import './a.ts'`, 'p/a.ts': `import './plugin.ts'` })
  expect(hash()).toMatch(/^[0-9a-f]{64}$/)
})

test('a file is of the nearest package that has a name', () => {
  write({
    'node_modules/thing/package.json': '{"name": "thing", "version": "1.2.3"}',
    'node_modules/thing/dist/package.json': '{"type": "module"}',
    'node_modules/thing/dist/index.js': '',
  })
  expect(packageOf(join(folder, 'node_modules', 'thing', 'dist', 'index.js'))).toEqual({
    name: 'thing',
    version: '1.2.3',
  })
})
