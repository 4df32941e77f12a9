/** A pipeline in which time decides, with calls that take as long as they like: its replays have the very same results. */
// @module-tag proof
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { peerStarter } from '../support/chaos-client.ts'
import { custodyHere } from '../support/custody-process.ts'

const ROWS = 80
const start = peerStarter()

test('who came first, what came in time, what was written when: replays follow', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-order-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const peer = await start({
    latency: { min_ms: 1, max_ms: 60 },
    faults: { server_error: 0.1 },
    answers: [{ match: '', answer: 'about {{ prompt }}' }],
  })
  writeFileSync(join(folder, 'rows.csv'), `id\n${Array.from({ length: ROWS }, (_, i) => i + 1).join('\n')}\n`)
  writeFileSync(join(folder, 'pipeline.yaml'), racing(peer.api_url))
  const program = (...words: readonly string[]) => custodyHere(folder, words)
  const written = (outputs: string) => readFileSync(join(folder, outputs, 'all.jsonl'), 'utf8')
  const idOf = async (words: Promise<{ readonly stdout: string }>) => JSON.parse((await words).stdout).run as string

  const first = await idOf(program('run', 'pipeline.yaml', '--json'))
  const { requests } = peer.totals
  const lines = written('.').split('\n')
  for (const branch of ['one', 'other'])
    expect(lines.filter(line => line.startsWith(`{"${branch}"`)).length).toBeGreaterThan(0)
  expect(lines.filter(line => line.includes('"p95"')).length).toBeGreaterThan(2)

  // The second replays the run, and the third the second.
  const second = await idOf(program('replay', 'pipeline.yaml', '--from', 'latest', '--outputs', 'again', '--json'))
  const third = await idOf(program('replay', 'pipeline.yaml', '--from', second, '--outputs', 'once-more', '--json'))
  expect(written('again')).toBe(written('.'))
  expect(written('once-more')).toBe(written('.'))
  for (const replay of [second, third])
    expect(await program('diff', first, replay)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no row differs'),
    })
  expect(peer.totals.requests).toBe(requests)
  expect(JSON.parse((await program('verify', '--json')).stdout)).toMatchObject({ ok: true })
})

/** The first of two branches wins; a third is counted every few milliseconds; and all of it goes to one sink. */
function racing(api_url: string): string {
  const asking = (prompt: string, to: string) =>
    `{ transform: llm, to: ${to}, options: { provider: compatible, model: chaos, base_url: '${api_url}', prompt: '${prompt} {{ id }}' } }`
  return `
name: racing
defaults: { on_error: all, on_invalid: all }
sources:
  rows: { plugin: csv, options: { path: rows.csv }, schema: { mode: fixed, fields: { id: integer } }, to: split }
nodes:
  split: { fork: { one: ask_one, other: ask_other, third: ask_third } }
  ask_one: ${asking('one', 'winner')}
  ask_other: ${asking('other', 'winner')}
  ask_third: ${asking('third', 'stats')}
  winner: { coalesce: [one, other], policy: first, merge: nested, to: all }
  stats: { aggregate: batch_stats, trigger: { max_age: 100ms }, options: { value: id }, to: all }
sinks:
  all: { plugin: jsonl, options: { path: all.jsonl }, on_error: discard }
retry: { attempts: 4, backoff: 5ms, max_backoff: 20ms }
limits: { services: { compatible: { concurrency: 6 } } }
`
}
