/**
 * Processes that are killed for real while they ask a language model over HTTP. The peer lives on: what it was asked is
 * compared with what is on record.
 */
// @module-tag proof
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ChaosPeer, startChaosPeer } from '../../src/chaos/peer.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { locatedCalls } from '../../src/read/recorded/calls.ts'
import { openingOf } from '../../src/read/runs/run-log.ts'
import { Random } from '../simulation/random.ts'
import { ALL, LONG, sampled } from '../support/form.ts'
import { endure, type Kill, killsAt, runUndisturbed, type Undisturbed } from './endure.ts'
import { type CrashPipeline, inSplits } from './pipelines.ts'
import type { Place } from './place.ts'

const SEED = Number(process.env.CUSTODY_SEED ?? 1)
const RANDOM = ALL ? 20 : 2
const ROWS = 60

/** Two calls at once, then one that depends on both. */
function asking(peer: ChaosPeer): CrashPipeline {
  const model = `provider: compatible, model: chaos, base_url: '${peer.api_url}'`
  return {
    name: 'calls',
    asynchronous: true,
    files: { 'rows.csv': `id\n${Array.from({ length: ROWS }, (_, i) => i + 1).join('\n')}\n` },
    yaml: `
name: calls
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: rows.csv }, schema: { mode: fixed, fields: { id: integer } }, to: twice }
nodes:
  twice:
    transform: llm
    options: { ${model}, queries: { left: { prompt: 'left of {{ id }}' }, right: { prompt: 'right of {{ id }}' } } }
    to: then
  then:
    transform: llm
    options: { ${model}, prompt: 'between {{ left }} and {{ right }}', field: between }
    to: answered
sinks:
  answered: { plugin: jsonl, options: { path: out/answered.jsonl } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl }, on_error: discard }
retry: { attempts: 5, backoff: 50ms }
limits: { services: { compatible: { concurrency: 8 } } }
`,
  }
}

const PEER = { latency: { min_ms: 5, max_ms: 60 }, faults: { server_error: 0.05 }, answer: 'said of {{ prompt }}' }

/** What was asked, by prompt: by how many calls on record, and by how many of these it was answered. */
type Recorded = Map<string, { calls: number; answers: number }>

async function recordedIn(place: Place): Promise<Recorded> {
  const found: Recorded = new Map()
  if (!(await place.hasRun())) return found
  const reader = await openLedgerReader(place.url)
  try {
    const first = (await reader.logs()).find(({ run }) => run !== null)?.log ?? 0
    const { topology } = await openingOf(reader, first)
    for (const { log } of await reader.allLogs()) {
      if (log < first) continue
      for await (const call of locatedCalls(reader, log, topology)) {
        const prompt = promptOf((await call.request()) as Asked)
        const counts = found.get(prompt) ?? { calls: 0, answers: 0 }
        found.set(prompt, { calls: counts.calls + 1, answers: counts.answers + (call.kind === 'answer' ? 1 : 0) })
      }
    }
    return found
  } finally {
    await reader.close()
  }
}

type Asked = { readonly messages: ReadonlyArray<{ readonly content: string }> }
const promptOf = ({ messages }: Asked) => messages.at(-1)?.content ?? ''

const PIPELINES = [
  ['by one log', asking],
  ['by splits, one after the other', (peer: ChaosPeer) => inSplits(asking(peer), 4)],
] as const

describe.each(PIPELINES)('%s', (_, pipelineOf) => {
  let undisturbed: Undisturbed
  beforeAll(async () => {
    const peer = await startChaosPeer(PEER)
    undisturbed = await runUndisturbed(pipelineOf(peer))
    await peer.close()
  })

  /** Kills, and what is wrong then with the outputs, the record, or with what the peer was asked. */
  async function endured(kills: readonly Kill[]) {
    const peer = await startChaosPeer(PEER)
    const problems: string[] = []
    /** At each kill: answers that are durable, and how many requests there had been. */
    const stops: { readonly durable: Recorded; readonly requests: number }[] = []
    let last: Recorded = new Map()
    const look = async (place: Place) => {
      await peer.idle()
      last = await recordedIn(place)
      stops.push({ durable: last, requests: peer.requests.length })
    }
    try {
      const result = await endure(pipelineOf(peer), kills, undisturbed, { often: true, threaded: false, look })
      problems.push(...result.problems)
      const asked = peer.requests.map(({ body }) => promptOf(JSON.parse(body) as Asked))
      for (const { durable, requests } of stops)
        for (const prompt of asked.slice(requests))
          if ((durable.get(prompt)?.answers ?? 0) > 0) problems.push(`asked again, though answered: ${prompt}`)
      for (const prompt of new Set(asked)) {
        const [times, calls] = [asked.filter(each => each === prompt).length, last.get(prompt)?.calls ?? 0]
        // A process that dies may leave one request under way, and one before it that failed and isn't durable.
        if (times < calls || times > calls + 2 * result.killed)
          problems.push(`asked ${times} times, and ${calls} on record: ${prompt}`)
      }
      return { problems, killed: result.killed }
    } finally {
      await peer.close()
    }
  }

  const met = (share: number, point: 'before_call' | 'after_call') =>
    Math.max(1, Math.floor(share * (undisturbed.points[point] ?? 0)))

  const POINTS = [
    ['before_call', 0.6],
    ['before_call', 0.01],
    ['after_call', 0.01],
    ['after_call', 0.5],
  ] as const
  test.each(sampled(POINTS, 6))('killed at %s, after %d of them', async (point, share) => {
    const kills: Kill[] = [{ at: { point, nth: met(share, point) } }, { at: { point, nth: 9 } }]
    const { problems, killed } = await endured(kills)
    expect(problems).toEqual([])
    expect(killed).toBe(2)
  })

  const OF_COMMITS = ['mid_flush', 'after_flush', 'after_commit', 'after_resume_entry'] as const
  test.runIf(LONG).each(OF_COMMITS)('killed at %s', async point => {
    const { problems, killed } = await endured(killsAt(point, false, undisturbed) ?? [])
    expect(problems).toEqual([])
    expect(killed).toBeGreaterThan(0)
  })

  const random = new Random(SEED)
  let killed_at_random = 0
  test.runIf(LONG).each(Array.from({ length: RANDOM }, () => random.below(2 ** 31)))(
    'killed at any time: seed %i',
    async seed => {
      const fate = new Random(seed)
      const kills = Array.from(
        { length: fate.between(1, 4) },
        (): Kill => ({ after_ms: fate.next() * undisturbed.took_ms }),
      )
      const { problems, killed } = await endured(kills)
      killed_at_random += killed
      expect(problems, JSON.stringify(kills)).toEqual([])
    },
  )

  // Each kill may come too late; many together can’t.
  afterAll(() => ALL && expect(killed_at_random).toBeGreaterThan(0))
})
