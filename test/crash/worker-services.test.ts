/** Runs whose nodes ask a service, while several machines work on them: its limits and its budget are the run's. */
// @module-tag proof
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChaosPeer } from '../../src/chaos/peer.ts'
import { peerStarter } from '../support/chaos-client.ts'
import { heldBy } from '../support/hosts-at-work.ts'
import { hostsServer } from '../support/hosts-server.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import type { HostsPipeline } from '../support/waiting-pipeline.ts'
import type { Program } from './place.ts'

const server = await hostsServer()
const peers = peerStarter()
const ROWS = 60
/** Of one answer: `that is what is 7?` is five tokens. */
const [MOST_USD, COST_USD] = [0.04, 0.005]

const pipeline = ({ api_url }: ChaosPeer, limits: string): HostsPipeline => ({
  yaml: `splits: { count: 6, pieces: pieces }
name: asked
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: ask }
nodes:
  ask:
    transform: llm
    options:
      { provider: compatible, base_url: ${api_url}, model: chaos, prompt: 'what is {{ id }}?', field: said, max_output_tokens: 40,
        price: { input_usd_per_million: 0, output_usd_per_million: 1000 } }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out/said.jsonl, if_exists: replace } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
limits: ${limits}
`,
  files: { 'in.csv': `id\n${Array.from({ length: ROWS }, (_, i) => `${i + 1}\n`).join('')}` },
})

describe.skipIf(server.why !== '')(`workers that ask services${server.why}`, () => {
  let peer: ChaosPeer
  let stage: HostsStage
  beforeEach(() => server.network.heal())
  afterEach(() => stage.close())

  /** `latency`: how long each answer takes. */
  async function begun(limits: string, latency_ms: number, words = ['--json']): Promise<Program> {
    peer = await peers({ answer: 'that is {{ prompt }}', latency: { min_ms: latency_ms, max_ms: latency_ms } })
    stage = new HostsStage(server.cluster.url(), pipeline(peer, limits))
    const coordinator = stage.begin('coordinator', ['run', 'p.yaml', '--distributed', ...words])
    await stage.works('coordinator')
    return coordinator
  }

  async function asked(more: number): Promise<void> {
    while (peer.requests.length < more) await sleep(10)
  }

  const shown = async () => JSON.parse(await stage.done('other', ['show', 'latest', '--json']))

  /** That the run came to what it does in one process, and how often the service was asked for it; `again`: by somebody who was killed. */
  async function asksOnce(coordinator: Program, again = 0): Promise<void> {
    const { code, stderr } = await coordinator.exit
    expect(code, stderr).toBe(0)
    const { requests, peak_in_flight } = peer.totals
    expect(requests).toBe(ROWS + again)
    expect(peak_in_flight).toBeLessThanOrEqual(3)
    await stage.isAsUndisturbed(coordinator)
  }

  test('two of them ask at the same time, and no more than one process would', async () => {
    const coordinator = await begun('{ services: { compatible: { concurrency: 3 } } }', 100)
    const both = ['alpha', 'beta'].map(host => stage.worker(host, ['--threads', '2', '--until-idle', '--json']))
    await asksOnce(coordinator)
    const ends = await Promise.all(both.map(({ exit }) => exit))
    expect(ends.map(({ stderr }) => stderr)).toEqual(['', ''])
    for (const { stdout } of ends) expect(JSON.parse(stdout).splits).toBeGreaterThan(0)
  })

  test('of what one asks that is killed only what was under way is asked again', async () => {
    const coordinator = await begun('{ services: { compatible: { concurrency: 3 } } }', 300)
    const alpha = stage.worker('alpha', ['--threads', '2'])
    await asked(12)
    alpha.process.kill('SIGKILL')
    await alpha.exit
    await peer.idle()
    // What came back when it was killed may be on no record, either.
    const { requests } = peer.totals
    const unknown = requests - (await shown()).calls.made
    stage.worker('beta', ['--threads', '3'])
    await asksOnce(coordinator, unknown)
  })

  test('the coordinator is killed while they ask: who takes the run over knows what they have', async () => {
    const coordinator = await begun('{ services: { compatible: { concurrency: 3 } } }', 100)
    stage.worker('alpha', ['--threads', '2'])
    await asked(12)
    coordinator.process.kill('SIGKILL')
    await coordinator.exit
    stage.worker('beta', ['--threads', '2'])
    await asksOnce(stage.begin('other', ['resume', 'latest', '--distributed', '--json']))
  })

  test('what they may ask in a minute is what one process may', async () => {
    const coordinator = await begun('{ services: { compatible: { concurrency: 3, per_minute: 45 } } }', 20)
    for (const host of ['alpha', 'beta']) stage.worker(host, ['--threads', '3'])
    await asked(ROWS)
    expect(peer.totals.peak_per_minute).toBeLessThanOrEqual(45)
    const { code, stderr } = await coordinator.exit
    expect(code, stderr).toBe(0)
  })

  test('what all of them may spend is what the run may; resumed with more it goes where it was', async () => {
    const usd = 0.15
    const coordinator = await begun('{ services: { compatible: { concurrency: 3 } } }', 20, [
      '--set',
      `limits.spend.usd=${usd}`,
    ])
    for (const host of ['alpha', 'beta']) stage.worker(host, ['--threads', '2'])
    const { code, stderr } = await coordinator.exit
    expect(code, stderr).toBe(1)
    const { status, calls } = await shown()
    expect(status).toBe('cancelled')
    expect(calls.cost_usd).toBeLessThanOrEqual(usd)
    expect(calls.cost_usd).toBeGreaterThan(usd - MOST_USD - COST_USD)
    expect(stderr).toContain('and the next call could cost up to')
    const words = ['--set', 'limits.spend.usd=100', '--distributed', '--json']
    await asksOnce(stage.begin('coordinator', ['resume', 'latest', ...words]))
  })

  test('one that is cut off from the database begins no call when its lease has run out', async () => {
    const coordinator = await begun('{ services: { compatible: { concurrency: 1 } } }', 50)
    const alpha = stage.worker('alpha', [], { CUSTODY_LEDGER: server.network.url(stage.url) })
    await asked(3)
    server.network.hush()
    await stage.until(leases => !heldBy(leases, { host: 'alpha' }).some(each => each.expires_us > Date.now() * 1000))
    // It may have renewed the lease of its split before it asked for its share.
    await sleep(1_000)
    const before = peer.requests.length
    await sleep(2_000)
    expect(peer.requests.length).toBe(before)
    server.network.heal()
    await asksOnce(coordinator)
    alpha.process.kill('SIGINT')
    expect((await alpha.exit).code).toBe(0)
  })
})
