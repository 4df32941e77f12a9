import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadPlugins } from '../host/plugins/load.ts'
import { Catalogue } from './catalogue.ts'
import { defineSink, defineTransform } from './define.ts'
import type { PluginSpec, Sink } from './spec.ts'
import { specProblems } from './spec-problems.ts'

const shout = defineTransform({
  name: 'shout',
  summary: 'Makes a text upper case',
  options: z.strictObject({ field: z.string(), times: z.number().default(1) }),
  determinism: 'deterministic',
  errors: { NOT_TEXT: 'The field isn’t a text.' },
  examples: [{ title: 'A name', options: { field: 'name' } }],
  cardinality: 'one',
  create: ({ field, times }) => ({
    process: row => {
      const typed: [string, number] = [field, times]
      return { kind: 'row', row: { ...row, [typed[0]]: typed[1] } }
    },
  }),
})
const sink = defineSink({
  name: 'shout',
  summary: 'Shouts',
  options: z.strictObject({}),
  determinism: 'external',
  errors: {},
  examples: [{ title: 'Plain', options: {} }],
  create: () => ({}) as Sink,
})

describe('the catalogue', () => {
  test('finds by kind and name', () => {
    const catalogue = new Catalogue([shout, sink])
    expect(catalogue.get('transform', 'shout')).toBe(shout)
    expect(catalogue.get('gate', 'shout')).toBeUndefined()
    expect(catalogue.named('shout').map(spec => spec.kind)).toEqual(['transform', 'sink'])
    expect(catalogue.nearest('shuot')).toEqual(['shout'])
    expect(catalogue.nearest('toString')).toEqual([])
    const louder = catalogue.with([{ ...shout, name: 'louder', summary: 'Makes texts upper case (UPPER, caps)' }])
    expect(louder.nearest('caps')).toEqual(['louder'])
    expect(louder.nearest('cap')).toEqual([])
  })

  test('refuses two of a kind with one name, and specs that are not sound', () => {
    expect(() => new Catalogue([shout, shout])).toThrow(/two transforms/)
    expect(() => new Catalogue([shout]).with([{ ...shout, name: 'Shout' }])).toThrow(/lower case/)
  })

  test.each([
    [{ name: 'a-b' }, /lower case/],
    [{ name: undefined }, /lower case/],
    [{ summary: 'Ends here.' }, /full stop/],
    [{ summary: '' }, /no summary/],
    [{ options: {} }, /zod/],
    [{ determinism: 'perhaps' }, /determinism/],
    [{ errors: { 'not-a-code': 'x' } }, /error code/],
    [{ errors: undefined }, /error codes/],
    [{ examples: [] }, /no example/],
    [{ create: 1 }, /create/],
    [{ cardinality: 'two' }, /cardinality/],
    [{ kind: 'source' }, /textual/],
    [{ kind: 'aggregate' }, /outputs/],
    [{ kind: 'other' }, /kind/],
  ])('a spec with %j', (change, message) => {
    expect(specProblems({ ...shout, ...change } as unknown as PluginSpec).join('\n')).toMatch(message)
    expect(specProblems(shout)).toEqual([])
  })
})

describe('loading', () => {
  const plugin = (name: string) => `{
    kind: 'transform', name: '${name}', summary: 'S', options: { safeParse() {} }, determinism: 'deterministic',
    errors: {}, examples: [{ title: 'T', options: {} }], cardinality: 'one', create() {},
  }`
  const folder = mkdtempSync(join(tmpdir(), 'custody-load-'))
  writeFileSync(join(folder, 'one.mjs'), `export default ${plugin('one')}; export const more = 5`)
  writeFileSync(join(folder, 'many.mjs'), `export default [${plugin('two')}, ${plugin('three')}]`)
  writeFileSync(join(folder, 'named.mjs'), `export const four = ${plugin('four')}; export default four`)
  writeFileSync(join(folder, 'none.mjs'), 'export const x = 1')
  writeFileSync(join(folder, 'broken.mjs'), 'export const = 1')
  writeFileSync(join(folder, 'throws.mjs'), 'throw new Error("no luck\\nat all")')
  writeFileSync(join(folder, 'bad.mjs'), `export default ${plugin('Bad-Name')}`)

  test('files: a default export, a list, named exports', async () => {
    const { plugins, problems } = await loadPlugins(['./one.mjs', './many.mjs', join(folder, 'named.mjs')], folder)
    expect(problems).toEqual([])
    expect(plugins.map(({ spec }) => spec.name)).toEqual(['one', 'two', 'three', 'four'])
  })

  test('all problems, with their place in the list', async () => {
    const sources = [
      './one.mjs',
      './none.mjs',
      './broken.mjs',
      './throws.mjs',
      './bad.mjs',
      './gone.mjs',
      'no-such-package',
    ]
    const { plugins, problems } = await loadPlugins(sources, folder)
    expect(plugins).toHaveLength(1)
    expect(problems.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6])
    expect(problems[2]?.message).toMatch(/no luck \(throws\.mjs:1:7\)$/)
    expect(problems[5]?.hint).toContain('npm install no-such-package')
  })
})
