/** What was built, as others have it: unpacked from what would be published, beside the packages that it depends on and no others. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeSigningKeys, newSeed } from '../src/format/signing-key.ts'
import { openLedgerReader } from '../src/ledger/open-reader.ts'
import { DOCUMENT_PACKAGES } from '../src/plugins/documents/document.ts'
import { PAGE_PACKAGES } from '../src/plugins/web/page-reader.ts'
import { codeOnRecord } from '../src/read/code-on-record.ts'
import { Served } from './cli/serve.ts'
import { type ProgramResult, runProgram } from './support/built-cli.ts'
import { LONG } from './support/form.ts'
import { ROOT } from './support/source-file.ts'

const SIGNING_KEY = encodeSigningKeys('test', newSeed())
const WINDOWS = process.platform === 'win32'
const { peerDependencies, peerDependenciesMeta, devDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as {
  readonly peerDependencies: { readonly [name: string]: string }
  readonly peerDependenciesMeta: { readonly [name: string]: { readonly optional: boolean } }
  readonly devDependencies: { readonly [name: string]: string }
}

/** A project with Custody in it. */
let folder: string
/** Paths of what `npm install custody` brings besides. */
let packages: readonly string[]
let served: Served

function npm(...words: readonly string[]): string {
  return execFileSync('npm', words, {
    cwd: ROOT,
    encoding: 'utf8',
    shell: WINDOWS,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-installed-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder)) as [
    { readonly filename: string },
  ]
  execFileSync('tar', ['-xzf', filename, '-C', modules], { cwd: folder })
  execFileSync(process.execPath, ['-e', "fs.renameSync('package', 'custody')"], { cwd: modules })
  const list = npm('ls', '--package-lock-only', '--all', '--parseable', '--omit=dev', '--omit=optional', '--omit=peer')
  packages = list.split(/\r?\n/).filter(path => path !== '' && path !== ROOT)
  for (const path of packages) {
    const link = join(modules, relative(join(ROOT, 'node_modules'), path))
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(path, link, 'junction')
  }
  mkdirSync(join(modules, '.bin'))
  symlinkSync(join('..', 'custody', 'bin', 'custody.js'), join(modules, '.bin', 'custody'))
  put('package.json', '{ "private": true, "type": "module" }')
  served = new Served(join(modules, '.bin'))
})
afterAll(() => {
  served.close()
  rmSync(folder, { recursive: true, force: true })
})

const put = (name: string, text: string) => writeFileSync(join(folder, name), text)

const environment = () => ({
  HOME: folder,
  XDG_CACHE_HOME: join(folder, 'cache'),
  KEY: 'a-key-that-is-long-enough',
  CUSTODY_KEY: SIGNING_KEY,
})

function custody(...words: readonly string[]): Promise<ProgramResult> {
  return runProgram(join(folder, 'node_modules', '.bin'), 'custody', words, folder, environment())
}

/** The same without a process of its own, for what depends on nothing that a process has loaded before. */
const ask = (...words: readonly string[]) => served.tell({ argv: words, cwd: folder, env: environment() })

test('is two packages', () => {
  expect(packages.map(path => relative(join(ROOT, 'node_modules'), path))).toEqual(['zod'])
})

test('has the optional ones in the checkout, all of them', () => {
  expect(peerDependenciesMeta).toEqual(
    Object.fromEntries(Object.keys(peerDependencies).map(name => [name, { optional: true }])),
  )
  expect(devDependencies).toMatchObject(peerDependencies)
})

test('runs, and puts on record, as the code of its own plugins, what was built', async () => {
  expect(await custody('init', 'demo')).toMatchObject({ exit: 0 })
  expect(await custody('run', 'demo/pipeline.yaml')).toMatchObject({ exit: 0 })
  expect(await custody('verify', 'latest', '--files')).toMatchObject({ exit: 0 })
  const code = readFileSync(join(folder, 'node_modules', 'custody', 'dist', 'code.json'), 'utf8')
  const { sha256 } = JSON.parse(code) as { readonly sha256: string }
  const reader = await openLedgerReader(`sqlite:${join(folder, 'custody.db')}`)
  try {
    const { plugins } = await codeOnRecord(reader, 1)
    expect(plugins.length).toBeGreaterThan(2)
    for (const plugin of plugins) expect(plugin).toMatchObject({ package: 'custody', sha256 })
  } finally {
    await reader.close()
  }
})

/** A plugin of the project's own, with its own code for `process` and `create`. */
function putPlugin(create: string): void {
  put('in.jsonl', '{"text":"https://example.org"}\n')
  put('p.yaml', pipelineOf('    transform: own\n    options: { unknown: 1 }\n', "plugins: ['./own.js']\n"))
  put(
    'own.js',
    `import { z } from 'zod'
import { CustodyError, defineTransform } from 'custody/sdk'
export default defineTransform({
  name: 'own', summary: 'Own', determinism: 'deterministic', errors: {}, cardinality: 'one',
  options: z.object({ field: z.string().default('text') }), examples: [{ title: 'Any', options: {}, rows_in: [], rows_out: [] }],
  create: ${create},
})\n`,
  )
}

test('is one and the same to plugins: what they throw, and the types of their options, are known', {
  tags: ['proof'],
}, async () => {
  putPlugin("() => { throw new CustodyError('CUSTODY_SOURCE', 'not today') }")
  const { exit, stdout } = await custody('validate', 'p.yaml', '--json')
  expect(exit).toBe(2)
  expect((JSON.parse(stdout) as { diagnostics: unknown }).diagnostics).toMatchObject([
    { code: 'CUSTODY_PLUGIN_OPTIONS', message: expect.stringContaining('unknown') },
  ])
  put('p.yaml', pipelineOf('    transform: own\n    options: {}\n', "plugins: ['./own.js']\n"))
  expect((await custody('run', 'p.yaml')).stderr).toContain('error CUSTODY_SOURCE: not today')
})

test('has stacks with the names that the source text has', { tags: ['proof'] }, async () => {
  putPlugin("() => ({ process() { throw new Error('as if') } })")
  put('p.yaml', pipelineOf('    transform: own\n    options: {}\n', "plugins: ['./own.js']\n"))
  const { stderr } = await custody('run', 'p.yaml')
  expect(stderr).toContain('CUSTODY_PLUGIN_DEFECT')
  expect((await custody('explain', 'nothing', '--row', '1')).stderr).not.toContain('    at ')
  process.env.CUSTODY_DEBUG = '1'
  const failed = await custody('explain', 'nothing', '--row', '1').finally(() => delete process.env.CUSTODY_DEBUG)
  expect(failed.stderr).toMatch(/^ +at findRun \(.*custody\/dist\/chunks\/[\w-]+\.mjs:\d+:\d+\)$/m)
})

const pipelineOf = (node: string, plugins = '') => `name: p
${plugins}defaults: { on_error: discard }
sources:
  in: { plugin: jsonl, options: { path: in.jsonl }, on_invalid: discard, to: node }
nodes:
  node:
${node}    to: out
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } }
`

describe('a pipeline that needs an optional package', () => {
  const llm = (provider: string, more = '') => `    transform: llm
    options:
      provider: ${provider}
      model: m
      prompt: 'Of {{ text }}'
      field: answer
      price: { input_usd_per_million: 1, output_usd_per_million: 1 }
${more}`
  const key = '      api_key: { secret: KEY }\n'
  const aws = '      aws: { region: eu-central-1, access_key_id: x, secret_access_key: { secret: KEY } }\n'
  const azure = `${key}      azure: { resource: r }\n`
  const secret = (name: string) =>
    `    transform: compute\n    options: { secrets: { key: { secret: '${name}' } }, set: { a: "hash.hmacSha256('a', secrets.key)" } }\n`
  const cases: ReadonlyArray<
    readonly [name: string, node: string, missing: readonly string[], line: number, column: number]
  > = [
    ['openai', llm('openai', key), ['@ai-sdk/openai'], 9, 17],
    ['azure', llm('azure', azure), ['@ai-sdk/azure'], 9, 17],
    ['anthropic', llm('anthropic', key), ['@ai-sdk/anthropic'], 9, 17],
    ['google', llm('google', key), ['@ai-sdk/google'], 9, 17],
    ['amazon-bedrock', llm('amazon-bedrock', aws), ['@ai-sdk/amazon-bedrock'], 9, 17],
    [
      'a PDF',
      '    transform: extract_text\n    options: { folder: in, types: [pdf], path_field: text, sha256_field: text }\n',
      ['pdfjs-dist'],
      8,
      35,
    ],
    [
      'a Word document',
      '    transform: extract_text\n    options: { folder: in, types: [docx], path_field: text, sha256_field: text }\n',
      ['mammoth'],
      8,
      35,
    ],
    [
      'the text of a page',
      '    transform: extract_text\n    options: { folder: in, types: [html], path_field: text, sha256_field: text }\n',
      DOCUMENT_PACKAGES.html,
      8,
      35,
    ],
    ['a page', '    transform: fetch_page\n    options: { url_field: text, as: text }\n', PAGE_PACKAGES, 8, 37],
    ['a secret of AWS', secret('aws:x'), ['@aws-sdk/client-secrets-manager'], 8, 32],
    ['a parameter of AWS', secret('aws-ssm:x'), ['@aws-sdk/client-ssm'], 8, 32],
    ['a secret of Azure', secret('azure:vault/x'), ['@azure/identity'], 8, 32],
    ['a secret of Google', secret('gcp:projects/p/secrets/x'), ['google-auth-library'], 8, 32],
  ]

  /** Those that a command needs. */
  const of_commands = ['hyparquet-writer', 'ink', 'react', 'openid-client', 'pg']
  /** Those of where files and tables are. */
  const of_places = ['@aws-sdk/client-s3', '@azure/storage-blob', 'ssh2', '@duckdb/node-api', 'mysql2', 'hyparquet']
  /** Those that the environment asks for. */
  const of_telemetry = ['@opentelemetry/api', '@opentelemetry/sdk-node']

  test('is one of these, for each of them', () => {
    const named = [...cases.flatMap(([, , missing]) => missing), ...of_commands, ...of_places, ...of_telemetry]
    expect([...new Set(named)].sort()).toEqual(Object.keys(peerDependencies).sort())
  })

  test('is no reason to begin an export: it says which, and what installs it', async () => {
    put('in.jsonl', '{"text":"a"}\n')
    put('p.yaml', pipelineOf('    transform: passthrough\n'))
    expect(await ask('run', 'p.yaml')).toMatchObject({ exit: 0 })
    const { exit, stderr } = await ask('export', 'latest', '--format', 'parquet', '--out', 'tables')
    expect(exit).toBe(2)
    expect(stderr).toContain('CUSTODY_PACKAGE_MISSING')
    expect(stderr).toContain(`npm install hyparquet-writer@${peerDependencies['hyparquet-writer']}`)
  })

  test('is a line of doctor, with what installs all of them', async () => {
    const { exit, stdout } = await ask('doctor', '--json')
    expect(exit).toBe(0)
    const found = (JSON.parse(stdout) as { checks: { name: string; message: string; hint: string }[] }).checks
    const line = found.find(({ name }) => name === 'packages')
    for (const each of ['parquet sources (hyparquet)', 'postgres (pg)', 'duckdb (@duckdb/node-api)', 's3:// paths'])
      expect(line?.message).toContain(each)
    expect(line?.hint).toContain(`mysql2@${peerDependencies.mysql2}`)
  })

  test('is why nothing can be inferred from a Parquet file', async () => {
    put('x.parquet', 'PAR1')
    const { exit, stderr } = await ask('infer', 'x.parquet')
    expect(exit).toBe(2)
    expect(stderr).toContain('CUSTODY_PACKAGE_MISSING')
    expect(stderr).toContain(`npm install hyparquet@${peerDependencies.hyparquet}`)
  })

  test.each(cases)('%s: says which, where, and what installs it', async (_name, node, missing, line, column) => {
    put('in.jsonl', '{"text":"https://example.org"}\n')
    put('p.yaml', pipelineOf(node))
    const install = ['npm install', ...missing.map(name => `${name}@${peerDependencies[name]}`)].join(' ')
    const { exit, stdout } = await ask('validate', 'p.yaml', '--json')
    expect(exit).toBe(2)
    expect((JSON.parse(stdout) as { diagnostics: unknown }).diagnostics).toEqual([
      expect.objectContaining({ code: 'CUSTODY_PACKAGE_MISSING', line, column, hint: install }),
    ])
    const run = await ask('run', 'p.yaml')
    expect(run.exit).toBe(2)
    expect(run.stderr).toContain(`CUSTODY_PACKAGE_MISSING`)
    expect(run.stderr).toContain(`hint: ${install}\n`)
  })

  test('is not one that asks an OpenAI-compatible server, or keeps pages as they come', async () => {
    const near = '      base_url: http://127.0.0.1:9/v1\n'
    for (const node of [
      llm('compatible', near),
      llm('openrouter', key),
      '    transform: fetch_page\n    options: { url_field: text, as: html }\n',
    ]) {
      put('p.yaml', pipelineOf(node))
      expect(await ask('validate', 'p.yaml')).toMatchObject({ exit: 0 })
    }
  })
})

describe('a plugin of one’s own', () => {
  const KINDS = ['source', 'transform', 'gate', 'aggregate', 'sink']
  /** In a project of its own a plugin finds the types of Node that it installs. */
  const tsc = (project: string) => {
    const argv = [compiler(), '-p', project, '--typeRoots', join(ROOT, 'node_modules', '@types')]
    return execFileSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' })
  }

  test('goes from nothing to one that is tested', { tags: ['proof'] }, async () => {
    for (const kind of KINDS)
      expect(await ask('plugin', 'init', `custody-plugin-a-${kind}`, '--kind', kind)).toMatchObject({ exit: 0 })
    const all = KINDS.map(kind => `custody-plugin-a-${kind}`)
    const include = all.flatMap(name => [`${name}/src`, `${name}/test`])
    put('tsconfig.json', JSON.stringify({ extends: `./${all[0]}/tsconfig.json`, include }))
    expect(tsc('tsconfig.json')).toBe('')
    const tests = all.map(name => join(name, 'test', 'plugin.test.ts'))
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const argv = ['--test', '--test-isolation=none', ...tests]
    expect(execFileSync(process.execPath, argv, { cwd: folder, encoding: 'utf8', env })).toMatch(/pass 10\n/)
    for (const name of all)
      expect([name, await ask('test', `${name}/example/pipeline.yaml`)]).toMatchObject([name, { exit: 0 }])
  })

  test.runIf(LONG)('is found by its name as it is published, and is on record with its version', async () => {
    const name = 'custody-plugin-a-transform'
    const at = join('node_modules', name)
    cpSync(join(folder, name), join(folder, at), { recursive: true })
    expect(tsc(join(at, 'tsconfig.build.json'))).toBe('')
    expect(await custody('plugin', 'test', name)).toMatchObject({ exit: 0, stderr: '' })
    put('in.jsonl', '{"text":"a"}\n')
    put('p.yaml', pipelineOf('    transform: a_transform\n    options: { field: text }\n', `plugins: [${name}]\n`))
    expect(await custody('run', 'p.yaml')).toMatchObject({ exit: 0 })
    const reader = await openLedgerReader(`sqlite:${join(folder, 'custody.db')}`)
    try {
      const { plugins } = await codeOnRecord(reader, Math.max(...(await reader.logs()).map(({ log }) => log)))
      const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/)
      expect(plugins).toContainEqual({
        kind: 'transform',
        name: 'a_transform',
        package: name,
        version: '0.1.0',
        sha256,
      })
    } finally {
      await reader.close()
    }
  })
})

const compiler = () => join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

test.runIf(LONG)('has types that need nothing else', () => {
  put(
    'plugin.ts',
    `import { compileExpression, CustodyError, defineTransform, oneRow } from 'custody/sdk'
import { conformanceProblems } from 'custody/sdk/testing'
import * as chaos from 'custody/chaos'
import { z } from 'zod'
export const plugin = defineTransform({
  name: 'same', summary: 'As it came', options: z.strictObject({ field: z.string() }), determinism: 'deterministic', errors: {},
  examples: [{ title: 'Any', options: { field: 'a' }, rows_in: [{ a: 1 }], rows_out: [{ a: 1 }] }], cardinality: 'one',
  create: ({ field }) => ({ process: row => (field.length > 0 ? oneRow(row) : oneRow(row)) }),
})
export const problems: Promise<readonly string[]> = conformanceProblems(plugin)
export const others = [compileExpression, CustodyError, chaos]
`,
  )
  const options = {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
  }
  const typeRoots = [join(ROOT, 'node_modules', '@types')]
  put('tsconfig.json', JSON.stringify({ compilerOptions: { ...options, typeRoots }, files: ['plugin.ts'] }))
  expect(execFileSync(process.execPath, [compiler(), '-p', folder], { encoding: 'utf8' })).toBe('')
})
