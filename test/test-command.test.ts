/** `custody test`: which files a test file names, and what is wrong with one case. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `name: orders
defaults: { on_error: discard, on_invalid: discard }
sources:
  orders: { plugin: csv, options: { path: orders.csv }, schema: { mode: fixed, fields: { id: integer } }, to: size }
nodes:
  size: { gate: row.id >= 10, routes: { true: large, false: small } }
sinks:
  small: { plugin: jsonl, options: { path: small.jsonl } }
  large: { plugin: jsonl, options: { path: large.jsonl } }
ledger: { url: sqlite:./books.db }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-test-command-'))
  writeFileSync(join(folder, 'orders.yaml'), PIPELINE)
  writeFileSync(join(folder, 'orders.csv'), 'id\n1\n10\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const custody = (...args: string[]) =>
  runInProcess(args, folder, { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') })

const tests = (text: string, name = 'orders.test.yaml') => writeFileSync(join(folder, name), text)

test('a setting that is wrong is a result of its case, and the others are run', async () => {
  tests(`cases:
  - { name: good, rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1, large: 0 } } }
  - { name: bad, set: [nodes.size.gate=row.idd >= 10], rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1 } } }
  - { name: after, rows: { orders: [{ id: 10 }] }, expect: { counts: { small: 0, large: 1 } } }
`)
  const { exit, stdout } = await custody('test', 'orders.yaml', '--json')
  const { cases } = JSON.parse(stdout) as { readonly cases: readonly { readonly name: string; readonly ok: boolean }[] }
  expect([exit, cases.map(({ name, ok }) => [name, ok])]).toEqual([
    1,
    [
      ['good', true],
      ['bad', false],
      ['after', true],
    ],
  ])
})

test('a source has rows or a file', async () => {
  tests(
    'cases: [{ name: both, rows: { orders: [{ id: 1 }] }, files: { orders: orders.csv }, expect: { counts: { small: 1 } } }]',
  )
  const { exit, stderr } = await custody('test', 'orders.yaml')
  expect([exit, stderr]).toEqual([2, expect.stringContaining('source `orders` has rows in this case, and a file')])
})

test('paths of files, and of the pipeline, may be absolute', async () => {
  mkdirSync(join(folder, 'tests'))
  const [pipeline, file] = [join(folder, 'orders.yaml'), join(folder, 'orders.csv')]
  tests(
    `pipeline: ${pipeline}\ncases: [{ name: c, files: { orders: ${file} }, expect: { counts: { small: 1, large: 1 } } }]`,
    'tests/mine.test.yaml',
  )
  const { exit, stderr } = await custody('test', 'tests/mine.test.yaml')
  expect(exit, stderr).toBe(0)
})

test('--from looks in the ledger of the pipeline that the test file names', async () => {
  expect((await custody('run', 'orders.yaml')).exit).toBe(0)
  mkdirSync(join(folder, 'tests'))
  const one = '  - { name: one, rows: { orders: [{ id: 1 }] }, expect: { counts: { small: 1 } } }'
  tests(`pipeline: ../orders.yaml\ncases:\n${one}\n`, 'tests/mine.test.yaml')
  const added = await custody('test', 'tests/mine.test.yaml', '--from', 'latest', '--row', '2')
  expect(added.exit, added.stderr).toBe(0)
  expect(readFileSync(join(folder, 'tests/mine.test.yaml'), 'utf8')).toContain('large')
  expect((await custody('test', 'tests/mine.test.yaml')).exit).toBe(0)
})
