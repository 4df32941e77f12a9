/** Threads that work on the splits of a run: how many there are, and what becomes of them, changes nothing of what the run comes to. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { custody } from '../support/custody-process.ts'
import { LONG } from '../support/form.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { SIGNING } from './place.ts'

const ROWS = LONG ? 24_000 : 2_400
const PIPELINE = (splits: string, limit = 5000) => `
name: threads
defaults: { on_error: problems, on_invalid: problems }
${splits}
sources:
  orders:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, shop: string, amount: number } }
    to: size
nodes:
  size: { gate: row.amount >= 2000, routes: { true: both, false: small } }
  both: { fork: { rate: rate, copy: merge } }
  rate: { transform: compute, options: { set: { rate: ${limit} / (row.amount - 4000) } }, to: merge }
  merge: { coalesce: [rate, copy], policy: require_all, merge: union, on_conflict: first_wins, to: big }
sinks:
  small: { plugin: csv, options: { path: out/small.csv, if_exists: replace } }
  big: { plugin: jsonl, options: { path: out/big.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`
const INPUT = `id,shop,amount\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},${'abc'[i % 3]},${i % 97 === 5 ? 'much' : (i * 37) % 5000}\n`).join('')}`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'p.yaml': PIPELINE('splits: { count: 6 }'), 'in.csv': INPUT })
  work.env = { ...work.env, ...SIGNING }
})
afterEach(() => work.close())

const hash = (name: string) =>
  createHash('sha256')
    .update(readFileSync(join(work.folder, 'out', name)))
    .digest('hex')
/** What the rows of problems say but for where their run put them. */
const problems = () =>
  readFileSync(join(work.folder, 'out', 'problems.jsonl'), 'utf8').replaceAll(/"(run|row|token|at)":("[^"]*"|\d+)/g, '')
const outputs = () => [hash('small.csv'), hash('big.jsonl'), problems()]

/** In a process of its own: there threads start in no time. */
async function custodyApart(...words: string[]) {
  const { code, stdout, stderr } = await custody(work.folder, [...words, '--json'], work.env).exit
  return { exit: code, stderr, json: JSON.parse(stdout) }
}

async function cameTo(run: string) {
  const { json } = await work.custody('show', run, '--json')
  const { status, rows, tokens, endings, result_digest } = json
  return { status, rows, tokens, endings, result_digest, outputs: outputs() }
}

test('with any number of them the run comes to the same, and holds', { tags: ['proof'] }, async () => {
  const without = work.custody('run', 'p.yaml', '--json', '--workers', '1')
  const first = await cameTo((await without).json.run)
  for (const workers of LONG ? ['2', '3', '8', 'auto'] : ['2']) {
    const { json, exit, stderr } = await custodyApart('run', 'p.yaml', '--workers', workers)
    expect(exit, stderr).toBe(0)
    expect(await cameTo(json.run)).toEqual(first)
  }
  expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
  const [newest, other] = (await work.custody('runs', '--json')).json
  const { json: diff } = await work.custody('diff', other.run, newest.run, '--json')
  expect(diff.rows).toMatchObject({ compared: ROWS, same: ROWS })
})

test('killed, it is resumed in threads, and comes to the same', async () => {
  const whole = await cameTo((await work.custody('run', 'p.yaml', '--json', '--workers', '1')).json.run)
  for (let kills = 0; kills < (LONG ? 5 : 1); kills++) {
    const child = custody(work.folder, ['run', 'p.yaml', '--json', '--workers', '3'], work.env)
    while (!readdirSync(work.folder).some(name => name.endsWith('-pieces'))) await sleep(2)
    await sleep(kills * 80)
    child.process.kill('SIGKILL')
    await child.exit
    const { exit, stderr } = await custodyApart('resume', 'latest', '--workers', '2')
    expect(exit, stderr).toBe(0)
    expect(await cameTo('latest')).toEqual(whole)
  }
  expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
})

test('one that meets what stops the run stops the others, and the reason is that of the run', {
  tags: ['proof'],
}, async () => {
  // The first 1,000 records of a split are all rejected: it stops by itself.
  writeFileSync(join(work.folder, 'in.csv'), INPUT.replaceAll(/,\d+$/gm, ',much'))
  writeFileSync(join(work.folder, 'p.yaml'), PIPELINE('splits: { count: 2 }\nguards: { rejected: 5% }'))
  const { json, exit } = await custodyApart('run', 'p.yaml', '--workers', '2')
  expect(exit).toBe(1)
  expect(json.status).toBe('failed')
  expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
})

test('a number that isn’t one is refused', async () => {
  for (const workers of ['0', '-1', 'many', '1.5'])
    expect((await work.custody('run', 'p.yaml', '--workers', workers)).stderr).toContain('from 1 to 999, or auto')
})
