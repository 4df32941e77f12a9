/** A pipeline that asks a language model which fails in every way: nothing is lost, exceeded or asked without a record of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ChaosOptions } from '../../src/chaos/options.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { decodeSubjectEntry, isSubjectBody } from '../../src/read/decode.ts'
import { peerStarter } from '../support/chaos-client.ts'
import { custody } from '../support/custody-process.ts'
import { ALL } from '../support/form.ts'

interface Form {
  readonly rows: number
  readonly concurrency: number
  readonly per_minute: number | null
  readonly latency: { readonly min_ms: number; readonly max_ms: number }
  readonly faults: ChaosOptions['faults']
  /** How many of the rows must be answered at least. */
  readonly answered: number
}

const SHORT: Form = {
  rows: 500,
  concurrency: 24,
  per_minute: null,
  latency: { min_ms: 5, max_ms: 30 },
  faults: {
    rate_limited: 0.02,
    server_error: 0.05,
    reset: 0.03,
    malformed: 0.05,
    cut_body: 0.03,
    short_body: 0.03,
    truncated: 0.02,
    refusal: 0.02,
    odd_finish: 0.02,
    error_in_body: 0.03,
    odd_usage: 0.03,
    unasked_stream: 0.03,
    wrong_encoding: 0.02,
  },
  answered: 0.85,
}
/** The peer turns away what goes beyond the limit, and nothing else is throttled. */
const LONG: Form = {
  rows: 5_000,
  concurrency: 64,
  per_minute: 3_000,
  latency: { min_ms: 50, max_ms: 150 },
  faults: { server_error: 0.02, reset: 0.01, malformed: 0.01, cut_body: 0.01 },
  answered: 0.99,
}
const start = peerStarter()

test('500 rows, a third of the answers faulty', async () => {
  const { summary } = await asking(SHORT)
  expect(summary.calls.throttled).toBeGreaterThan(0)
})

test.runIf(ALL)('5,000 rows, 64 at once, 3,000 in any minute, one answer in twenty faulty', async () => {
  const { summary, totals } = await asking(LONG)
  expect(summary.calls.throttled).toBe(0)
  expect(totals.statuses[429]).toBeUndefined()
  expect(totals.peak_per_minute).toBeLessThanOrEqual(LONG.per_minute ?? 0)
  expect(totals.peak_per_minute).toBeGreaterThan(0.9 * (LONG.per_minute ?? 0))
})

async function asking({ rows, concurrency, per_minute, latency, faults, answered: least }: Form) {
  const folder = mkdtempSync(join(tmpdir(), 'custody-calls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const peer = await start({
    ...{ latency, faults, ...(per_minute === null ? {} : { per_minute }) },
    burst: { requests: 10 },
    retry_after: { form: 'none' },
    answers: [{ match: '', answer: 'about {{ prompt }}' }],
  })
  const ids = Array.from({ length: rows }, (_, i) => i + 1)
  const limit = `concurrency: ${concurrency}${per_minute === null ? '' : `, per_minute: ${per_minute}`}`
  writeFileSync(join(folder, 'rows.csv'), `id\n${ids.join('\n')}\n`)
  writeFileSync(
    join(folder, 'pipeline.yaml'),
    `
name: asking
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: rows.csv }, schema: { mode: fixed, fields: { id: integer } }, to: ask }
nodes:
  ask:
    transform: llm
    options: { provider: compatible, model: chaos, base_url: '${peer.api_url}', prompt: 'row {{ id }}' }
    to: answered
sinks:
  answered: { plugin: jsonl, options: { path: answered.jsonl } }
  failed: { plugin: jsonl, options: { path: failed.jsonl }, on_error: discard }
retry: { attempts: 4, backoff: 20ms, max_backoff: 100ms }
limits: { services: { compatible: { ${limit} } } }
`,
  )
  const run = await custody(folder, ['run', 'pipeline.yaml', '--json']).exit
  const summary = JSON.parse(run.stdout)
  await peer.idle()

  const lines = (name: string) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as { id: number; answer?: string; _error?: { code: string } })
  const [answered, failed] = [lines('answered.jsonl'), lines('failed.jsonl')]
  expect(summary.tokens).toEqual({ born: rows, ended: rows, open: 0 })
  expect([...answered, ...failed].map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids)
  // In the order of the source, each with its own answer.
  expect(answered.map(({ id }) => id)).toEqual(answered.map(({ id }) => id).sort((a, b) => a - b))
  for (const { id, answer } of answered) expect(answer).toBe(`about row ${id}`)
  expect(answered.length).toBeGreaterThan(rows * least)

  // The first calls begin before any can come back, so on record the limit is reached; on the peer's side requests arrive later.
  expect(await mostAtOnce(`sqlite:${join(folder, 'custody.db')}`)).toBe(concurrency)
  expect(peer.totals.peak_in_flight).toBeLessThanOrEqual(concurrency)
  expect(summary.calls.made).toBe(peer.totals.requests)
  expect(summary.calls.made - summary.calls.failed - summary.calls.throttled).toBe(answered.length)
  const verified = await custody(folder, ['verify', '--json']).exit
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true })
  return { summary, totals: peer.totals }
}

/** How many calls were under way at once, by what the ledger's only run has on record. */
async function mostAtOnce(url: string): Promise<number> {
  const reader = await openLedgerReader(url)
  const changes: { readonly at_us: number; readonly by: 1 | -1 }[] = []
  for await (const { seq, row, body } of reader.entries(1)) {
    if (!isSubjectBody(row, body)) continue
    const { time_us, calls } = decodeSubjectEntry(seq, body)
    for (const { start_us, duration_us } of calls) {
      const began_us = time_us + start_us
      changes.push({ at_us: began_us, by: 1 }, { at_us: began_us + duration_us, by: -1 })
    }
  }
  await reader.close()
  // What ends as another begins made room for it.
  changes.sort((a, b) => a.at_us - b.at_us || a.by - b.by)
  let in_flight = 0
  let most = 0
  for (const { by } of changes) {
    in_flight += by
    most = Math.max(most, in_flight)
  }
  return most
}
