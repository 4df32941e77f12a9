/** Who takes over what another machine was asking, or sending, does so with the same keys, so that the far side knows it again. */
// @module-tag proof
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FarSide, type Heard } from '../support/far-side.ts'
import { reading } from '../support/hosts-at-work.ts'
import { hostsServer } from '../support/hosts-server.ts'
import { HostsStage } from '../support/hosts-stage.ts'
import type { HostsPipeline } from '../support/waiting-pipeline.ts'
import type { Program } from './place.ts'

const server = await hostsServer()
const ROWS = 40
/** The source is the first node of the plan, and the sink is the second. */
const SINK = 2

const pipeline = (to: string, nodes: string, sink: string): HostsPipeline => ({
  yaml: `splits: { count: 4, pieces: pieces }
name: asked-again
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: ${to} }
${nodes}sinks:
  out: ${sink}
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
retry: { attempts: 5, backoff: 20ms }
limits: { services: { register: { concurrency: 4 } } }
`,
  files: { 'in.csv': `id\n${Array.from({ length: ROWS }, (_, i) => `${i + 1}\n`).join('')}` },
})

const asking = (url: string, more: string) =>
  `service: register, url: '${url}/register', auth: { bearer: { secret: ASKED_BY } }, allow: [127.0.0.1],
        body: { question: 'ask register {{ row.id }}' }, ${more}`

describe.skipIf(server.why !== '')(`requests that are made again${server.why}`, () => {
  let far_side: FarSide
  let stage: HostsStage
  beforeAll(async () => {
    far_side = await FarSide.begin()
  })
  beforeEach(() => far_side.forget())
  afterEach(() => stage.close())
  afterAll(() => far_side.close())

  /** Kills it while at least one of its requests is under way, of some. */
  async function killed(program: Program): Promise<void> {
    while (far_side.heard.length < 10 || far_side.heard.every(({ ended_ms }) => ended_ms < Number.POSITIVE_INFINITY)) {
      if (program.is_over) throw new Error(program.said)
      await sleep(1)
    }
    program.process.kill('SIGKILL')
    await program.exit
  }

  /** As soon as the lease of the machine that is gone has run out. */
  async function resumed(): Promise<string> {
    for (;;) {
      const { code, stdout, stderr } = await stage.begin('beta', ['resume', 'latest', '--json']).exit
      if (code === 1 && stdout.includes('CUSTODY_RUN_HELD')) continue
      expect(code, `${stdout}${stderr}`).toBe(0)
      return stdout
    }
  }

  /** What both have asked, and that they asked it with the same keys and words. */
  function isKnownAgain(former: string, later: string): void {
    const by = (who: string) => far_side.heard.filter(each => each.who === who)
    const again = by(later).flatMap(each =>
      by(former).flatMap(before => (before.question === each.question ? [[before, each]] : [])),
    )
    expect(again.length).toBeGreaterThan(0)
    const said = ({ key, body }: Heard) => `${key} ${body}`
    for (const [before, after] of again as [Heard, Heard][]) expect(said(after)).toBe(said(before))
  }

  test('by a step, when its worker was killed', async () => {
    const options = asking(
      far_side.url,
      `method: POST, headers: { Idempotency-Key: 'register-{{ row.id }}' }, extract: { value: /value }`,
    )
    stage = new HostsStage(
      server.cluster.url(),
      pipeline(
        'ask',
        `nodes:\n  ask:\n    transform: http\n    options: { ${options} }\n    to: out\n`,
        '{ plugin: jsonl, options: { path: out/out.jsonl, if_exists: replace } }',
      ),
    )
    const coordinator = stage.coordinate()
    await stage.works('coordinator')
    await killed(stage.worker('alpha', ['--threads', '2']))
    stage.worker('beta', ['--threads', '2'])
    expect((await coordinator.exit).code).toBe(0)
    isKnownAgain('alpha', 'beta')
    for (const { key, question } of far_side.heard) expect(key).toBe(question.replace(' ', '-'))
    await stage.isAsUndisturbed(coordinator)
  })

  test('by a sink, when its run was taken over: keys are of the run, the token in it, and the sink', async () => {
    stage = new HostsStage(
      server.cluster.url(),
      pipeline('out', '', `{ plugin: http, options: { ${asking(far_side.url, 'idempotent: true')} } }`),
    )
    await killed(stage.begin('alpha', ['run', 'p.yaml', '--json']))
    const stdout = await resumed()
    isKnownAgain('alpha', 'beta')
    const { run } = JSON.parse(stdout)
    const keys = new Map<string, string>()
    const parts = new Set<unknown>()
    await reading(stage, async reader => {
      const records = new Map<unknown, unknown>()
      for await (const { row_id, source_index } of reader.view('rows', run)) records.set(row_id, source_index)
      for await (const { token_id, row_id, part } of reader.view('tokens', run)) {
        parts.add(part)
        keys.set(`register ${records.get(row_id)}`, `${run}-${token_id}-${SINK}`)
      }
    })
    expect(parts).toEqual(new Set([1, 2, 3, 4]))
    expect(new Map(far_side.heard.map(({ question, key }) => [question, key]))).toEqual(keys)
    expect(new Set(far_side.heard.map(({ key }) => key)).size).toBe(ROWS)
  })
})
