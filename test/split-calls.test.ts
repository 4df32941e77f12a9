/** Splits that call services: what all of them may cost, and what is asked once however often the run stops. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { peerStarter } from './support/chaos-client.ts'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = 40
const peers = peerStarter()
let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({
    'in.csv': `id\n${Array.from({ length: ROWS }, (_, i) => `${i + 1}\n`).join('')}`,
  })
})
afterEach(() => work.close())

const pipeline = (base_url: string, splits: string, spend_usd: number) => `
name: asked
${splits}
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: ask }
nodes:
  ask:
    transform: llm
    options:
      provider: compatible
      base_url: ${base_url}
      model: chaos
      prompt: 'what is {{ id }}?'
      field: said
      max_output_tokens: 40
      price: { input_usd_per_million: 0, output_usd_per_million: 1000 }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out/said.jsonl, if_exists: replace } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
limits: { services: { compatible: { concurrency: 3 } }, spend: { usd: ${spend_usd} } }
`

const said = () => readFileSync(join(work.folder, 'out', 'said.jsonl'), 'utf8')

test('what one run may cost is what all of them may, and no answer is paid for twice', async () => {
  const peer = await peers({ answer: 'that is {{ prompt }}' })
  const write = (splits: string, usd: number) =>
    writeFileSync(join(work.folder, 'p.yaml'), pipeline(peer.api_url, splits, usd))
  write('', 100)
  const alone = await work.custody('run', 'p.yaml', '--json')
  const cost_usd = alone.json.calls.cost_usd
  const whole = said()
  const asked_before = peer.requests.length
  expect(asked_before).toBe(ROWS)

  write('splits: { count: 5 }', cost_usd / 2)
  const stopped = await work.custody('run', 'p.yaml', '--workers', '4')
  expect(stopped.exit).toBe(1)
  expect(stopped.stderr).toContain('and the next call could cost up to')
  const { json: shown } = await work.custody('show', 'latest', '--json')
  expect(shown).toMatchObject({ status: 'cancelled' })
  expect(shown.calls.cost_usd).toBeGreaterThan(cost_usd / 4)
  expect(shown.calls.cost_usd).toBeLessThanOrEqual(cost_usd / 2)

  const resumed = await work.custody('resume', 'latest', '--set', 'limits.spend.usd=100', '--json')
  expect(resumed).toMatchObject({ exit: 0, json: { status: 'completed', calls: { made: ROWS } } })
  expect(resumed.json.calls.cost_usd).toBeCloseTo(cost_usd, 9)
  expect(said()).toBe(whole)
  expect(peer.requests.length - asked_before).toBe(ROWS)
  expect((await work.custody('verify')).stdout).toMatch(/holds\.\n$/)
  const { json: explained } = await work.custody('explain', 'latest', '--row', 'rows:33', '--json')
  expect(JSON.stringify(explained)).toContain('what is 33?')
})
