/** Replays of runs with splits: the answers of each split, and the order of arrival within it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { peerStarter } from './support/chaos-client.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = 60
/** Breaks at some row while a file is there. */
const STEADY = `
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { defineTransform } from 'custody/sdk'
export default defineTransform({
  name: 'steady', summary: 'Passes rows on', options: z.strictObject({ broken: z.string() }), errors: {}, examples: [
    { title: 'A row', options: { broken: 'no' }, rows_in: [{ id: 1 }], rows_out: [{ id: 1 }] },
  ],
  cardinality: 'one',
  determinism: 'deterministic',
  create: ({ broken }) => ({
    process: row => {
      if (row.id === 37 && existsSync(broken)) throw new Error('not now')
      return { kind: 'row', row }
    },
  }),
})
`
const peers = peerStarter()
let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({
    'steady.ts': STEADY,
    'in.csv': `id,who\n${Array.from({ length: ROWS }, (_, i) => `${i + 1},${'abcde'[(i * 7) % 5]}\n`).join('')}`,
  })
})
afterEach(() => work.close())

const ask = (base_url: string, model: string) => `
    transform: llm
    options:
      provider: compatible
      base_url: ${base_url}
      model: ${model}
      prompt: 'what is {{ id }}?'
      field: said
      max_output_tokens: 40
      price: { input_usd_per_million: 0, output_usd_per_million: 1000 }
`

/** Of two models the first one that answers counts; batches are closed by time, and have who came. */
const pipeline = (base_url: string, splits: string) => `
name: raced
plugins: [./steady.ts]
${splits}
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, who: string } }, to: ways }
nodes:
  ways: { fork: { left: asks_left, right: asks_right } }
  asks_left: ${ask(base_url, 'left')}
    to: one
  asks_right: ${ask(base_url, 'right')}
    to: one
  one: { coalesce: [left, right], policy: first, to: steady }
  steady: { transform: steady, options: { broken: ${join(work.folder, 'broken')} }, to: both }
  both: { fork: { rows: out, sums: stats } }
  stats:
    aggregate: batch_stats
    ${splits === '' ? '' : 'scope: split'}
    trigger: { count: 7, max_age: 10ms }
    options: { value: id, group_by: said }
    to: sums
sinks:
  out: { plugin: jsonl, options: { path: out/said.jsonl, if_exists: replace } }
  sums: { plugin: jsonl, options: { path: out/sums.jsonl, if_exists: replace } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
limits: { services: { compatible: { concurrency: 8 } }, spend: { usd: 100 } }
`

const file = (folder: string, name: string) => readFileSync(join(work.folder, folder, `${name}.jsonl`), 'utf8')
const said = (folder: string) => [file(folder, 'said'), file(folder, 'sums')]

async function raced(splits: string) {
  const peer = await peers({
    latency: { min_ms: 0, max_ms: 30, distribution: 'uniform' },
    answers: [
      { match: '', model: 'left', answer: 'left says {{ prompt }}' },
      { match: '', model: 'right', answer: 'right says {{ prompt }}' },
    ],
  })
  writeFileSync(join(work.folder, 'p.yaml'), pipeline(peer.api_url, splits))
  const run = await work.run()
  return { peer, run, asked: peer.requests.length }
}

async function followed(splits: string) {
  const { peer, run, asked } = await raced(splits)
  const lines = file('out', 'said')
  // Both were first somewhere.
  expect(lines).toContain('left says')
  expect(lines).toContain('right says')
  const replayed = await work.custody('replay', '--from', run, '--outputs', 'again', '--json')
  expect(replayed, replayed.stderr).toMatchObject({ exit: 0, json: { rows: { read: ROWS } } })
  expect(said(join('again', 'out'))).toEqual(said('out'))
  const { exit, stdout } = await work.custody('diff', run, 'latest')
  expect(exit, stdout).toBe(0)
  expect((await work.custody('verify', 'latest', '--decisions', '--files')).stdout).toMatch(/holds\.\n$/)
  expect(peer.requests).toHaveLength(asked)
}

test('follow the order of arrival within each split, and ask nobody', () => followed('splits: { count: 4 }'))

test('do so where records were dealt', { tags: ['proof'] }, () => followed('splits: { count: 3, by: who }'))

test('do not follow what was first in other splits, and say so', { tags: ['proof'] }, async () => {
  const { run } = await raced('splits: { count: 4 }')
  for (const [splits, scope] of [
    ['splits: { count: 5 }', 'scope: split'],
    ['splits: { count: 4, by: who }', 'scope: split'],
    ['', ''],
  ] as const) {
    const other = pipeline('http://127.0.0.1:9/v1', splits).replace('scope: split', scope)
    writeFileSync(join(work.folder, 'other.yaml'), other)
    const refused = await work.custody('replay', 'other.yaml', '--from', run)
    expect(refused.exit).toBe(2)
    expect(refused.stderr).toContain('a replay follows what came first at `one`')
    expect(refused.stderr).toContain('Replay it with `splits: { count: 4 }`, or ask the services again with --live.')
  }
})

test('go on where they were, when they were stopped', { tags: ['proof'] }, async () => {
  const { peer, run, asked } = await raced('splits: { count: 4 }')
  const broken = join(work.folder, 'broken')
  writeFileSync(broken, '')
  const stopped = await work.custody('replay', '--from', run, '--outputs', 'again')
  expect(stopped.exit).toBe(1)
  expect(stopped.stderr).toContain('not now')
  rmSync(broken)
  const resumed = await work.custody('resume', 'latest', '--workers', '3', '--json')
  expect(resumed, resumed.stderr).toMatchObject({ exit: 0, json: { rows: { read: ROWS } } })
  expect(said(join('again', 'out'))).toEqual(said('out'))
  const { exit, stdout } = await work.custody('diff', run, 'latest')
  expect(exit, stdout).toBe(0)
  expect((await work.custody('verify', 'latest', '--decisions', '--files')).stdout).toMatch(/holds\.\n$/)
  expect(peer.requests).toHaveLength(asked)
})

/** No time decides anything here. */
const asked = (base_url: string, splits: string) => `
name: asked
${splits}
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, who: string } }, to: ask }
nodes:
  ask: ${ask(base_url, 'left')}
    to: size
  size: { gate: row.id >= 20, routes: { true: out, false: few } }
sinks:
  out: { plugin: jsonl, options: { path: out/said.jsonl, if_exists: replace } }
  few: { plugin: jsonl, options: { path: out/sums.jsonl, if_exists: replace } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
limits: { services: { compatible: { concurrency: 8 } }, spend: { usd: 100 } }
`

test('have the answers of a run with other splits, or none, and of a changed pipeline', {
  tags: ['proof'],
}, async () => {
  const peer = await peers({ answer: 'that is {{ prompt }}' })
  const put = (splits: string) => writeFileSync(join(work.folder, 'p.yaml'), asked(peer.api_url, splits))
  put('')
  const whole = await work.run()
  const left = said('out')
  put('splits: { count: 4 }')
  const cut = await work.run()
  expect(peer.requests).toHaveLength(2 * ROWS)
  for (const [from, splits] of [
    [whole, 'splits: { count: 3 }'],
    [cut, ''],
    [cut, 'splits: { count: 9, by: who }'],
  ] as const) {
    put(splits)
    const replayed = await work.custody('replay', 'p.yaml', '--from', from, '--outputs', 'again', '--json')
    expect(replayed, replayed.stderr).toMatchObject({ exit: 0, json: { sinks: { failed: { rows: 0 } } } })
    if (!splits.includes('by')) expect(said(join('again', 'out'))).toEqual(left)
    expect(await work.custody('diff', from, 'latest')).toMatchObject({ exit: 0 })
  }
  const changed = await work.custody('replay', '--from', cut, '--no-outputs', '--set', 'nodes.size.gate=row.id >= 30')
  expect(changed, changed.stderr).toMatchObject({ exit: 0 })
  expect((await work.custody('diff', cut, 'latest')).stdout).toContain('10 of 60 rows differ')
  expect(peer.requests).toHaveLength(2 * ROWS)
  const live = await work.custody('replay', '--from', cut, '--no-outputs', '--live')
  expect(live, live.stderr).toMatchObject({ exit: 0 })
  expect(peer.requests).toHaveLength(3 * ROWS)
})
