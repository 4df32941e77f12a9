import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadPipeline } from '../../config/load.ts'
import { loadPlugins } from './load.ts'
import { codeOf } from './plugin-code.ts'
import { pluginsOf, withPackageHints } from './plugins-of.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-load-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function put(files: { readonly [path: string]: string | object }): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

const plugin = (name: string, kind = 'transform') => `({
  kind: '${kind}', name: '${name}', summary: 'S', options: { safeParse() {} }, determinism: 'deterministic',
  errors: {}, examples: [{ title: 'T', options: {} }], cardinality: 'one', create() {},
})`

async function load(...sources: readonly string[]) {
  const { plugins, problems } = await loadPlugins(sources, join(folder, 'project'))
  const [problem] = problems
  return { names: plugins.map(({ spec }) => spec.name), plugins, message: problem?.message, hint: problem?.hint }
}

describe('packages are found by name', () => {
  test('from the pipeline’s folder upwards, the nearest first, whatever kind of module they are', async () => {
    put({
      'node_modules/upper/package.json': { name: 'upper', main: 'index.js' },
      'node_modules/upper/index.js': `module.exports = { default: ${plugin('from_default')}, other: ${plugin('from_table')} }`,
      'node_modules/near/package.json': { name: 'near', type: 'module', exports: './far.js' },
      'project/node_modules/near/package.json': {
        name: 'near',
        version: '1.2.3',
        type: 'module',
        exports: { '.': { types: './x.d.ts', import: './own.js' }, './gates/*': { import: './dist/*.js' } },
      },
      'project/node_modules/near/own.js': `export const plugins = [${plugin('near')}]`,
      'project/node_modules/near/dist/a.js': `export const a = ${plugin('near_a')}`,
      'project/node_modules/@me/both/package.json': {
        name: '@me/both',
        exports: { import: './i.mjs', require: './i.cjs' },
      },
      'project/node_modules/@me/both/i.mjs': `export default ${plugin('imported')}`,
      'project/node_modules/@me/both/i.cjs': `module.exports = ${plugin('required')}`,
    })
    const { names, plugins, message } = await load('upper', 'near', 'near/gates/a', '@me/both', 'near')
    expect([names, message]).toEqual([['from_default', 'from_table', 'near', 'near_a', 'imported'], undefined])
    const code = plugins.map(({ spec }) => codeOf(spec, '0'))
    expect(code[2]).toMatchObject({
      package: 'near',
      version: '1.2.3',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(code[3]?.sha256).not.toBe(code[2]?.sha256)
  })

  test('a package that is linked may be TypeScript', async () => {
    const manifest = { name: 'typed', type: 'module', exports: './src/index.ts' }
    const source = `export const typed = ${plugin('typed')} as unknown`
    put({ 'workspace/package.json': manifest, 'workspace/src/index.ts': source })
    symlinkSync(join(folder, 'workspace'), join(folder, 'project', 'node_modules', 'typed'), 'junction')
    expect((await load('typed')).names).toEqual(['typed'])
  })

  test('what isn’t there is said, with what was looked for and what helps', async () => {
    put({
      'project/node_modules/unbuilt/package.json': { name: 'unbuilt', main: 'dist/index.js' },
      'project/own.js': 'export default 1',
    })
    expect(await load('nowhere')).toMatchObject({
      message: `There is no package nowhere, neither in ${join(folder, 'project', 'node_modules')} nor in one of a folder above.`,
      hint: 'Install it there: npm install nowhere. A file is named by its path, as in ./file.ts.',
    })
    expect(await load('@me/nowhere/x')).toMatchObject({ hint: expect.stringContaining('npm install @me/nowhere.') })
    expect(await load('near/filters')).toMatchObject({
      message: 'The package near exports no filters.',
      hint: 'It exports near, near/gates/*.',
    })
    expect(await load('unbuilt')).toMatchObject({ message: 'The package unbuilt has no main file.' })
    for (const [broken, why] of [
      ['{', 'it is no JSON ('],
      ['null', 'it is no JSON object.'],
      ['[]', 'it is no JSON object.'],
    ] as const) {
      put({ 'project/node_modules/broken/package.json': broken })
      const file = join(folder, 'project', 'node_modules', 'broken', 'package.json')
      const message = expect.stringContaining(`${file} can’t be read: ${why}`)
      expect(await load('broken')).toMatchObject({ message, hint: 'Install the package again.' })
    }
    expect(await load('own.js')).toMatchObject({ hint: 'The file is named ./own.js.' })
    expect(await load('fs')).toMatchObject({ message: 'fs is no package with plugins.' })
  })
})

describe('files', () => {
  test('that aren’t there are said, with the nearest', async () => {
    put({ 'project/plugins/shout.ts': 'export default 1' })
    expect(await load('./plugins/shout.js')).toMatchObject({
      message: 'There is no file ./plugins/shout.js.',
      hint: 'did you mean ./plugins/shout.ts?',
    })
    expect(await load('./plugins')).toMatchObject({ message: './plugins is a folder.' })
    expect(await load('..')).toMatchObject({ message: '.. is a folder.' })
    put({ 'project/built/package.json': { name: 'built', exports: { '.': './dist/a.js' } } })
    expect(await load('./built')).toMatchObject({
      message: 'The package in ./built has no ./dist/a.js.',
      hint: 'Build it, or name the file with its source.',
    })
    put({ 'project/built/dist/a.js': `module.exports = ${plugin('built')}` })
    const {
      names,
      plugins: [only],
    } = await load('./built')
    expect([names, only && codeOf(only.spec, '0').package]).toEqual([['built'], 'built'])
    expect(await load('./gone/x.ts')).toMatchObject({ hint: `It would be ${join(folder, 'project/gone/x.ts')}.` })
  })
})

describe('a pipeline', () => {
  async function problemsOf(plugins: readonly string[]) {
    put({
      'project/p.yaml': `plugins: ${JSON.stringify(plugins)}\nsources: { in: { plugin: csv, options: { path: a }, to: out } }\nsinks: { out: { plugin: csv, options: { path: b } } }\n`,
    })
    const { pipeline } = await loadPipeline(join(folder, 'project', 'p.yaml'), { env: {}, overrides: [] })
    if (pipeline === null) throw new Error('it doesn’t parse')
    return { pipeline, ...(await pluginsOf(pipeline)) }
  }

  test('that names two plugins of one name keeps the first, and says whose they are', async () => {
    put({
      'project/a.mjs': `export default [${plugin('same')}, ${plugin('csv', 'sink')}]`,
      'project/b.mjs': `export default [${plugin('same')}, ${plugin('other')}]`,
    })
    const { catalogue, diagnostics } = await problemsOf(['./a.mjs', './b.mjs'])
    expect(diagnostics.map(({ line, column, message }) => [line, column, message])).toEqual([
      [1, 11, 'There are two sinks of the name csv: that of ./a.mjs, and one of Custody itself'],
      [1, 21, 'There are two transforms of the name same: that of ./b.mjs, and one of ./a.mjs'],
    ])
    expect(catalogue.get('transform', 'same') !== undefined && catalogue.get('transform', 'other') !== undefined).toBe(
      true,
    )
  })

  test('that uses a plugin of a package that it doesn’t name hears of it', async () => {
    put({
      'project/package.json': { dependencies: { near: '1', unknown: '1', tagged: '1' } },
      'project/node_modules/tagged/package.json': { name: 'tagged', keywords: ['custody-plugin'] },
    })
    const unknown = { file: 'p', line: 1, column: 1, severity: 'error', code: 'CUSTODY_UNKNOWN_PLUGIN' } as const
    const hint = async (plugins: readonly string[], own?: string) => {
      const { pipeline } = await problemsOf(plugins)
      const given = { ...unknown, message: 'm', ...(own === undefined ? {} : { hint: own }) }
      return withPackageHints([given], pipeline)[0]?.hint
    }
    expect(await hint([])).toBe('tagged is installed and not named under `plugins`')
    expect(await hint(['./own.js'], 'did you mean x?')).toBe(
      'did you mean x? tagged is installed and not named under `plugins`',
    )
    expect(await hint(['tagged/gates'], 'transforms are: a')).toBe('transforms are: a')
    put({ 'project/package.json': '{' })
    expect(await hint([], 'transforms are: a, …')).toBe(
      'transforms are: a, …; a plugin that isn’t built in needs its file or package under `plugins`',
    )
  })
})
