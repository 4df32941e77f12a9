/** Every example runs, does what its page says, and leaves a ledger that holds. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { startChaosPeer } from '../src/chaos/peer.ts'
import { readAnswers } from '../src/cli/chaos/answers-file.ts'
import { testsSchema } from '../src/config/schema.ts'
import { Ajv2020 } from '../src/sdk/ajv.ts'
import { askPython, NO_PYTHON } from './python/python.ts'
import { NAMED_ADDRESS, replaceAddress } from './support/chaos-address.ts'
import { tryDocument } from './support/documents.ts'
import { EXAMPLE_CASES } from './support/example-cases.ts'
import { sampled } from './support/form.ts'
import { runInProcess } from './support/in-process.ts'

const ROOT = join(import.meta.dirname, '..')
const EXAMPLES = join(ROOT, 'examples')
const FOLDERS = readdirSync(EXAMPLES).filter(each => statSync(join(EXAMPLES, each)).isDirectory())

const temporary = mkdtempSync(join(tmpdir(), 'custody-examples-'))
const home = join(temporary, 'home')
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const custody = (argv: readonly string[], cwd: string) => runInProcess(argv, cwd, { XDG_CONFIG_HOME: home })

/** A copy without what earlier runs left. */
function copyOf(example: string, under: string): string {
  const folder = join(temporary, under, 'examples', example)
  cpSync(join(EXAMPLES, example), folder, {
    recursive: true,
    filter: path => basename(path) !== 'out' && !basename(path).startsWith('custody.db'),
  })
  return folder
}

/** For an example that asks a chaos peer: one that gives the answers in `answers.yaml`, if it has that, and that its pipelines then ask. */
async function peerFor(folder: string): Promise<{ close(): Promise<void> }> {
  const rules = join(folder, 'answers.yaml')
  if (!readFileSync(join(folder, 'pipeline.yaml'), 'utf8').includes(NAMED_ADDRESS))
    return { close: () => Promise.resolve() }
  const peer = await startChaosPeer(existsSync(rules) ? { answers: await readAnswers(rules, rules) } : {})
  replaceAddress(folder, new URL(peer.url).host)
  return peer
}

interface Summary {
  readonly status: string
  readonly rows: { readonly read: number; readonly ingested: number; readonly rejected: number }
  readonly tokens: { readonly born: number; readonly ended: number; readonly open: number }
  readonly outcomes: { readonly [outcome: string]: number }
  readonly causes: { readonly [cause: string]: number }
  readonly sinks: { readonly [sink: string]: { readonly rows: number; readonly sha256?: string } }
}

test('every example is tried, and in the list', () => {
  expect([...new Set(EXAMPLE_CASES.map(each => each.example))].sort()).toEqual([...FOLDERS].sort())
  const list = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
  expect(FOLDERS.filter(each => !list.includes(`](${each}/README.md)`))).toEqual([])
})

describe.each(sampled(EXAMPLE_CASES, 2).map(each => ({ file: 'pipeline.yaml', ...each })))(
  '$example/$file',
  ({ example, file, ...expected }) => {
    test('runs, writes what it should, and verifies', async () => {
      const folder = copyOf(example, `run-${file}`)
      const peer = await peerFor(folder)
      const run = await custody(['run', file, '--json'], folder)
      await peer.close()
      expect(run, run.stderr + run.stdout).toMatchObject({ exit: 0 })
      const summary = JSON.parse(run.stdout) as Summary
      const [read, rejected, tokens] = expected.counts
      expect(summary).toMatchObject({
        status: expected.status,
        rows: { read, ingested: read - rejected, rejected },
        tokens: { born: tokens, ended: tokens, open: 0 },
      })
      expect(present(summary.outcomes)).toEqual(expected.outcomes)
      if (expected.causes !== undefined) expect(present(summary.causes)).toEqual(expected.causes)
      expect(Object.fromEntries(Object.entries(summary.sinks).map(([sink, { rows }]) => [sink, rows]))).toEqual(
        expected.sinks,
      )
      for (const [name, lines] of Object.entries(expected.lines)) {
        const written = readFileSync(join(folder, 'out', name), 'utf8').split('\n')
        expect(written).toEqual(expect.arrayContaining([...lines]))
      }
      const verified = await custody(['verify', 'latest', '--files', '--json'], folder)
      expect(verified, verified.stdout).toMatchObject({ exit: 0 })
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true })
      // Large ones take it seconds.
      if (read < 500) ledgers.push(join(folder, 'custody.db'))
    })
  },
)

const ledgers: string[] = []
test.skipIf(NO_PYTHON !== null)(
  `a verifier in Python takes what they have left${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
  async () => {
    expect(ledgers.length).toBeGreaterThan(0)
    const keys = join(temporary, 'keys')
    writeFileSync(keys, (await custody(['key', 'show'], temporary)).stdout)
    const asked = sampled(ledgers, 4)
    const answers = askPython(asked, keys)
    expect(answers.flatMap((each, i) => (each.ok ? [] : [{ ledger: asked[i], ...each }]))).toEqual([])
  },
)

const present = (counts: { readonly [name: string]: number }) =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))

describe.each(sampled(FOLDERS, 5))('the page of %s', example => {
  test('has commands that work, and quotes what they say', async () => {
    copyOf(example, 'pages')
    expect(await tryDocument(join(EXAMPLES, example, 'README.md'), join(temporary, 'pages'), home)).toEqual([])
  })
})

const checkCases = new Ajv2020({ strict: false }).compile(testsSchema())
describe.each(sampled(FOLDERS, 4))('the cases of %s', example => {
  test('pass, need no service, and leave nothing behind', async () => {
    const folder = copyOf(example, 'tested')
    const before = readdirSync(folder)
    const { exit, stdout } = await custody(['test', 'pipeline.yaml', '--json'], folder)
    expect(exit, stdout).toBe(0)
    expect(readdirSync(folder)).toEqual(before)
  })

  test('fit the schema for editors', () => {
    const cases: unknown = parse(readFileSync(join(EXAMPLES, example, 'pipeline.test.yaml'), 'utf8'), { merge: true })
    checkCases(cases)
    expect(checkCases.errors).toBe(null)
  })
})

test('an example that is run again writes the same files', async () => {
  const folder = copyOf('loan-triage', 'again')
  const [first, second] = [
    await custody(['run', 'pipeline.yaml', '--json'], folder),
    await custody(['run', 'pipeline.yaml', '--json'], folder),
  ].map(each => (JSON.parse(each.stdout) as Summary).sinks)
  expect(first).toEqual(second)
})

test('what-if: a replay needs no model, and with the threshold of the run it writes the same', {
  tags: ['proof'],
}, async () => {
  const folder = copyOf('what-if', 'replayed')
  const peer = await peerFor(folder)
  const run = await custody(['run', 'pipeline.yaml', '--json'], folder)
  await peer.close()
  const first = (JSON.parse(run.stdout) as Summary & { readonly run: string }).run
  const sinksOf = async (threshold: string) => {
    const set = ['--set', `nodes.sort.options.threshold=${threshold}`]
    const replayed = await custody(['replay', 'pipeline.yaml', '--from', first, ...set, '--json'], folder)
    return (JSON.parse(replayed.stdout) as Summary).sinks
  }
  expect(await sinksOf('0.7')).toEqual((JSON.parse(run.stdout) as Summary).sinks)
  expect(await sinksOf('0.85')).toMatchObject({ billing: { rows: 3 }, technical: { rows: 3 }, people: { rows: 6 } })
})

test.each([
  ['loan-triage', 'generate.js', 'applications.csv'],
  ['daily-stats', 'generate.js', 'readings.csv'],
  ['birdstrikes', 'extract.js', 'strikes.csv'],
])('%s: %s makes the data that are there', async (example, script, data) => {
  const folder = copyOf(example, 'made')
  rmSync(join(folder, 'data', data))
  const env = { ...process.env, NODE_PATH: join(ROOT, 'node_modules') }
  const made = spawnSync(process.execPath, [script], { cwd: folder, env, encoding: 'utf8' })
  expect(made).toMatchObject({ status: 0, stderr: '' })
  expect(readFileSync(join(folder, 'data', data), 'utf8')).toBe(
    readFileSync(join(EXAMPLES, example, 'data', data), 'utf8'),
  )
})
