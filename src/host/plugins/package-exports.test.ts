import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { exportedFile, exportedPaths } from './package-exports.ts'

test.each([
  ['./a.js', '.', './a.js'],
  [{ import: './a.mjs', require: './a.cjs' }, '.', './a.mjs'],
  [{ require: './a.cjs', default: './a.js' }, '.', './a.js'],
  [{ types: './a.d.ts', node: { import: './n.mjs' }, default: './a.js' }, '.', './n.mjs'],
  [{ browser: './b.js', node: { require: './n.cjs' }, default: './a.js' }, '.', './a.js'],
  [{ '.': './a.js', './gates': { import: './g.js' } }, './gates', './g.js'],
  [{ './p/*': './dist/*.js', './p/private/*': null, './p/*.json': './data/*.json' }, './p/x/y', './dist/x/y.js'],
  [{ './p/*': './dist/*.js', './p/private/*': null }, './p/private/x', null],
  [{ './p/*': './dist/*.js', './p/*.json': './data/*.json' }, './p/x.json', './data/x.json'],
  [{ './p/*': { types: './t/*.d.ts', default: ['./d/*/*.js'] } }, './p/x', './d/x/x.js'],
  [{ './gates': './g.js' }, '.', null],
  [{ '.': './a.js' }, './gates', null],
  [{ require: './a.cjs' }, '.', null],
  [{ import: null, default: './a.js' }, '.', null],
  ['a.js', '.', null],
])('%j has at %s the file %s, as Node sees it', (exports, subpath, file) => {
  expect(exportedFile(exports, subpath)).toBe(file)
  const folder = mkdtempSync(join(tmpdir(), 'custody-exports-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const at = join(folder, 'node_modules', 'thing')
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: 'thing', exports }))
  if (file !== null) {
    mkdirSync(join(at, file, '..'), { recursive: true })
    writeFileSync(join(at, file), '')
  }
  // Nothing but a hook can ask Node for what `import` gets, seen from another place.
  const conditions = ['node', 'import', 'module-sync', 'node-addons']
  const hooks = registerHooks({ resolve: (name, context, next) => next(name, { ...context, conditions }) })
  try {
    const resolve = () => createRequire(join(folder, 'x.js')).resolve(subpath.replace('.', 'thing'))
    if (file === null) expect(resolve).toThrow()
    else expect(resolve()).toBe(join(at, file))
  } finally {
    hooks.deregister()
  }
})

test('paths can be listed where there are any', () => {
  expect(exportedPaths({ '.': './a.js', './b': './b.js' })).toEqual(['.', './b'])
  expect([exportedPaths({ import: './a.js' }), exportedPaths('./a.js'), exportedPaths(undefined)]).toEqual([
    null,
    null,
    null,
  ])
})
