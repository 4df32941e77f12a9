/** Plugins as Node loads them: what can’t be loaded, and what throws, is named where its author wrote it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { runProgram } from '../support/built-cli.ts'
import { LONG, sampled } from '../support/form.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-modules-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function put(files: { readonly [path: string]: string | object }): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
  }
}

async function custody(...words: readonly string[]) {
  const env = { XDG_CONFIG_HOME: join(folder, '.config'), COLUMNS: '100' }
  const { exit, stdout, stderr } = await runProgram(inject('bin'), 'custody', words, folder, env)
  return { exit, stderr, json: JSON.parse(stdout === '' ? 'null' : stdout) }
}

test('what can’t be loaded says why, where, and what helps', async () => {
  const typed = { name: 'typed', type: 'module', exports: './index.ts' }
  put({
    'cut.ts': 'const a = 1\nconst b: = 2\n',
    'cut.mjs': 'const a = 1\nconst b = = 2\n',
    'thrown.ts': '\nthrow new TypeError("no luck")\n',
    'enum.ts': 'enum A { x }\n',
    'imports.ts': "import './cut.mjs'\n",
    'unfound.ts': "import 'not-here'\n",
    'misnamed.ts': "import { defineTransfrom } from 'custody/sdk'\n",
    'node_modules/typed/package.json': typed,
    'node_modules/typed/index.ts': 'export const a: number = 1\n',
    'p.yaml': `name: p
defaults: { on_error: discard, on_invalid: discard }
plugins: [./cut.ts, ./cut.mjs, ./thrown.ts, ./enum.ts, ./imports.ts, ./unfound.ts, ./misnamed.ts, typed]
sources: { in: { plugin: csv, options: { path: in.csv }, to: out } }
sinks: { out: { plugin: csv, options: { path: out.csv } } }
`,
  })
  const { exit, json } = await custody('validate', 'p.yaml', '--json')
  expect(exit).toBe(2)
  const found = json.diagnostics.map(({ message, hint = '' }: { message: string; hint?: string }) => [message, hint])
  const usual = 'Check the path or the package, and that it exports plugins made with custody/sdk.'
  expect(found).toEqual([
    [expect.stringMatching(/^\.\/cut\.ts can’t be loaded: Unexpected token .* \(cut\.ts:2:10\)$/), usual],
    ["./cut.mjs can’t be loaded: Unexpected token '=' (cut.mjs:2:11)", usual],
    ['./thrown.ts can’t be loaded: no luck (thrown.ts:2:7)', usual],
    [
      './enum.ts can’t be loaded: TypeScript enum is not supported in strip-only mode (enum.ts:1:1)',
      expect.stringMatching(/^Node only leaves types out: write it without enum/),
    ],
    ["./imports.ts can’t be loaded: Unexpected token '=' (cut.mjs:2:11)", usual],
    [expect.stringMatching(/Cannot find package 'not-here'/), 'Install what it needs: npm install not-here'],
    [expect.stringMatching(/does not provide an export named 'defineTransfrom' \(misnamed\.ts:1:10\)$/), usual],
    [
      'typed can’t be loaded: its package exports TypeScript, which Node runs only outside of node_modules',
      expect.stringMatching(/^A package is published as JavaScript: build it with tsc/),
    ],
  ])
})

/** Throws in line 11. */
const SOURCE = `import { z } from 'zod'
import { defineTransform, oneRow } from 'custody/sdk'

interface Options { readonly field: string }

const shouted = (value: unknown, { field }: Options): string => {
  if (typeof value === 'string') return value.toUpperCase()
  // A defect: data that is bad should be an error of the row.
  const what: string = typeof value

  throw new TypeError(\`\${field} is \${what}\`)
}

export default defineTransform({
  name: 'shout', summary: 'S', determinism: 'deterministic', errors: {}, cardinality: 'one',
  options: z.strictObject({ field: z.string() }), examples: [{ title: 'T', options: { field: 'a' } }],
  create: options => ({ process: row => oneRow({ ...row, [options.field]: shouted(row[options.field], options) }) }),
})
`

describe('a plugin that throws is named with the place in its author’s source', () => {
  /** The place of a bundle's map is that of the nearest name. */
  const at = (file: string) => expect.stringMatching(new RegExp(` {2}at: ${file}:11:\\d+, node loud\n`))

  async function run(plugin: string) {
    put({
      'in.jsonl': '{"a":1}\n',
      'q.yaml': `name: q
defaults: { on_error: discard, on_invalid: discard }
plugins: ['${plugin}']
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, to: loud } }
nodes: { loud: { transform: shout, options: { field: a }, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } } }
`,
    })
    return (await custody('run', 'q.yaml')).stderr
  }

  async function bundled(to: string, sourcemap: boolean | 'inline') {
    put({ [`${to}/src/shout.ts`]: SOURCE })
    const bundling = await rolldown({ input: join(folder, to, 'src', 'shout.ts'), external: ['zod', 'custody/sdk'] })
    await bundling.write({ dir: join(folder, to, 'dist'), sourcemap, minify: true, entryFileNames: 'shout.mjs' })
    await bundling.close()
  }

  test('that Node strips of its types', async () => {
    put({ 'shout.ts': SOURCE })
    expect(await run('./shout.ts')).toEqual(at('shout.ts'))
  })

  const MAPS = [
    ['beside it', 'beside', true],
    ['in it', 'within', 'inline'],
  ] as const
  test.each(sampled(MAPS, 2))('that is bundled, with its map %s', { tags: ['proof'] }, async (_, to, sourcemap) => {
    await bundled(to, sourcemap)
    expect(await run(`./${to}/dist/shout.mjs`)).toEqual(at(`${to}/src/shout.ts`))
  })

  test.runIf(LONG)('that is a package', async () => {
    const to = 'node_modules/@me/shout'
    await bundled(to, true)
    put({ [`${to}/package.json`]: { name: '@me/shout', exports: './dist/shout.mjs' } })
    expect(await run('@me/shout')).toEqual(at(`${to}/src/shout.ts`))
  })

  test.runIf(LONG)('whose map is missing: then it is that of what runs', async () => {
    await bundled('unmapped', false)
    expect(await run('./unmapped/dist/shout.mjs')).toMatch(/ {2}at: .*unmapped\/dist\/shout\.mjs:1:\d+, node loud\n/)
  })
})
