/**
 * Processes that are killed for real while a source asks a service for its pages. The service lives on: a page of which the answer is
 * durable isn't asked for again.
 */
// @module-tag proof
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { isObject } from '../../src/model/row.ts'
import { locatedCalls } from '../../src/read/recorded/calls.ts'
import { openingOf } from '../../src/read/runs/run-log.ts'
import { Random } from '../simulation/random.ts'
import { LONG } from '../support/form.ts'
import { CONNECTORS, KILLS } from '../support/kills.ts'
import { PageServer } from '../support/page-server.ts'
import { endure, type Kill, runUndisturbed, type Undisturbed } from './endure.ts'
import type { CrashPipeline } from './pipelines.ts'
import type { Place } from './place.ts'

const PAGES = 30
const PER_PAGE = 7
const WAYS = [
  'url: URL/page, records: /data, pages: { by: page, size: 7 }',
  'url: URL/cursor, records: /data, pages: { by: cursor, at: /next, param: after }',
  'url: URL/link, pages: { by: link }',
  'url: URL/offset, records: /data, pages: { by: offset, limit: 7 }',
] as const

const pipelineOf = (server: PageServer, way: string): CrashPipeline => ({
  name: 'source-calls',
  asynchronous: true,
  files: {},
  yaml: `
name: source-calls
defaults: { on_error: discard, on_invalid: discard }
retry: { attempts: 4, backoff: 1ms }
sources:
  orders:
    plugin: http
    options: { ${way.replace('URL', `http://127.0.0.1:${server.port}`)}, allow: ['127.0.0.1'] }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out/orders.jsonl } }
`,
})

function serverFor(seed: number): Promise<PageServer> {
  const fate = new Random(seed)
  return PageServer.start({
    ...{ orders: PAGES * PER_PAGE - 3, per_page: PER_PAGE, latency_ms: () => 1 + 8 * fate.next() },
    trouble: (_page, nth) =>
      nth === 1 && fate.chance(0.1) ? fate.pick([{ status: 500 } as const, 'cut' as const]) : null,
  })
}

let server: PageServer
let undisturbed: Undisturbed
beforeAll(async () => {
  server = await serverFor(1)
  undisturbed = await runUndisturbed(pipelineOf(server, WAYS[0]))
})
afterAll(() => server.close())

/** Pages whose answers are durable. */
async function answeredIn(place: Place): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  if (!(await place.hasRun())) return found
  const reader = await openLedgerReader(place.url)
  try {
    const log = (await reader.logs()).find(({ run }) => run !== null)?.log ?? 0
    for await (const call of locatedCalls(reader, log, (await openingOf(reader, log)).topology)) {
      const request = await call.request()
      if (call.kind === 'answer' && isObject(request)) found.add(pageOf(new URL(String(request.url))))
    }
    return found
  } finally {
    await reader.close()
  }
}

function pageOf({ searchParams: params }: URL): number {
  if (params.has('page')) return Number(params.get('page')) - 1
  return params.has('offset') ? Number(params.get('offset')) / PER_PAGE : Number(params.get('after') ?? 0)
}

/** Kills, and what is wrong then: with the outputs, the record, or with what the service was asked. */
async function endured(kills: readonly Kill[], way: string, seed: number) {
  const asked_of = await serverFor(seed)
  const problems: string[] = []
  const stops: { readonly durable: ReadonlySet<number>; readonly requests: number }[] = []
  const look = async (place: Place) => {
    stops.push({ durable: await answeredIn(place), requests: asked_of.asked.length })
  }
  try {
    const result = await endure(pipelineOf(asked_of, way), kills, undisturbed, { often: true, threaded: false, look })
    problems.push(...result.problems)
    for (const { durable, requests } of stops)
      for (const page of asked_of.asked.slice(requests))
        if (durable.has(page)) problems.push(`page ${page} was asked for again, though its answer is durable`)
    if (new Set(asked_of.asked).size !== PAGES) problems.push(`${new Set(asked_of.asked).size} pages were asked for`)
    return { problems, killed: result.killed }
  } finally {
    await asked_of.close()
  }
}

test('killed before one call, and after others', async () => {
  const kills: Kill[] = [{ at: { point: 'before_call', nth: 4 } }, { at: { point: 'after_call', nth: 9 } }]
  const { problems, killed } = await endured(kills, WAYS[1], 2)
  expect(problems).toEqual([])
  expect(killed).toBe(2)
})

test
  .runIf(LONG || CONNECTORS)
  .each(['before_call', 'after_call', 'after_flush', 'after_commit', 'after_resume_entry'] as const)(
  'killed at %s, time and again',
  async point => {
    for (const [i, way] of WAYS.entries()) {
      const kills = [2, 3, 4].map((nth): Kill => ({ at: { point, nth: point === 'after_resume_entry' ? 1 : nth + i } }))
      const first: Kill = { at: { point: 'after_call', nth: 3 } }
      const { problems, killed } = await endured([first, ...kills], way, 3 + i)
      expect(problems).toEqual([])
      expect(killed).toBeGreaterThan(1)
    }
  },
)

test.runIf(LONG || CONNECTORS)(`${KILLS} random kills leave what none leaves`, { timeout: 1_800_000 }, async () => {
  const fate = new Random(Number(process.env.CUSTODY_SEED ?? Date.now() % 2 ** 31))
  for (let killed = 0, runs = 0; killed < KILLS; runs++) {
    const kills = Array.from({ length: 4 }, (): Kill => ({ after_ms: fate.next() * undisturbed.took_ms }))
    const result = await endured(kills, WAYS[runs % WAYS.length] ?? WAYS[0], fate.below(2 ** 31))
    killed += result.killed
    expect(result.problems, JSON.stringify(kills)).toEqual([])
  }
})
