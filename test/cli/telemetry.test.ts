/** What a run tells collectors and logs: all of what the ledger has, in their words, none of what its rows hold; and that neither matters to it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { custody } from '../support/custody-process.ts'
import { LONG } from '../support/form.ts'
import { json, ModelServer, says } from '../support/model-server.ts'

interface Attribute {
  readonly key: string
  readonly value: { readonly [kind: string]: unknown }
}
interface Span {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly Attribute[]
}
interface Point {
  readonly asDouble?: number
  readonly asInt?: number | string
  readonly count?: number | string
  readonly sum?: number
  readonly attributes: readonly Attribute[]
}
interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly dataPoints: readonly Point[] }
}

/** Keeps what it is sent. */
class Collector {
  readonly bodies: string[] = []
  readonly #server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    this.bodies.push(body)
    if (this.answers) response.setHeader('content-type', 'application/json').end('{}')
  })
  answers = true

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get spans(): readonly Span[] {
    return this.#all('resourceSpans', 'scopeSpans', 'spans')
  }

  get metrics(): readonly Metric[] {
    return this.#all('resourceMetrics', 'scopeMetrics', 'metrics')
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #all<T>(...keys: readonly string[]): readonly T[] {
    return keys.reduce<readonly unknown[]>(
      (found, key) => found.flatMap(each => (each as { readonly [key: string]: unknown[] })[key] ?? []),
      this.bodies.map(each => JSON.parse(each)),
    ) as readonly T[]
  }
}

const CANARY = 'canary-7f3a'
const PIPELINE = (url: string) => `name: asking
defaults: { on_error: problems, on_invalid: problems }
sources:
  notes: { plugin: csv, options: { path: notes.csv }, to: ask }
nodes:
  ask:
    transform: llm
    options: { provider: compatible, base_url: ${url}, model: small-1, prompt: 'Sum up: {{ row.note }}', field: sum }
    retry: { attempts: 1 }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out/out.jsonl } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl }, on_error: discard }
`

let folder: string
let model: ModelServer
const collector = new Collector()
let endpoint: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'custody-telemetry-'))
  model = await ModelServer.start()
  endpoint = await collector.start()
  writeFileSync(join(folder, 'pipeline.yaml'), PIPELINE(model.url))
  writeFileSync(join(folder, 'notes.csv'), `note\n${CANARY} one\n${CANARY} two\n`)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  collector.close()
  await model.close()
})

function run(env: { readonly [name: string]: string }, ...words: readonly string[]) {
  const out = ['--set', 'sinks.out.options.if_exists=replace', '--set', 'sinks.problems.options.if_exists=replace']
  return custody(folder, ['run', 'pipeline.yaml', ...out, ...words], { OTEL_EXPORTER_OTLP_TIMEOUT: '300', ...env }).exit
}

test('a run, its nodes and its calls are spans of one trace; counts are those of the ledger; no value is among it', async () => {
  model.plan(says(`${CANARY} answer`), json(400, { error: { message: `${CANARY} refused` } }))
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const { code, stderr } = await run(env, '--log-format', 'json')
  expect([code, stderr.includes('warning')]).toEqual([0, false])
  expect(collector.bodies.join('')).not.toContain(CANARY)

  const named = (name: string) => collector.spans.filter(each => each.name === name)
  const [whole] = named('run asking')
  const [ask] = named('transform ask')
  const asked = named('chat small-1')
  expect([whole?.parentSpanId ?? '', ask?.parentSpanId]).toEqual(['', whole?.spanId])
  expect(asked.map(each => each.parentSpanId)).toEqual([ask?.spanId, ask?.spanId])
  expect(asked.map(each => attributeOf(each.attributes, 'custody.call.status')).sort()).toEqual(['error', 'ok'])
  expect(asked.map(each => Number(attributeOf(each.attributes, 'gen_ai.usage.input_tokens'))).sort()).toEqual([0, 100])
  expect(attributeOf(asked[0]?.attributes, 'gen_ai.provider.name')).toBe('compatible')

  expect(pointsOf('custody.rows', 'custody.rows.what')).toEqual({ read: 2, ingested: 2 })
  expect(pointsOf('custody.tokens', 'custody.outcome')).toEqual({ COMPLETED: 1, ROUTED: 1 })
  expect(pointsOf('custody.errors', 'custody.node')).toEqual({ ask: 1 })
  expect(pointsOf('custody.calls', 'custody.call.status')).toEqual({ ok: 1, error: 1 })
  expect(pointsOf('gen_ai.client.token.usage', 'gen_ai.token.type')).toEqual({ input: 100, output: 20 })
  expect(Object.keys(pointsOf('custody.commit.duration', 'custody.pipeline'))).toEqual(['asking'])

  const lines = stderr
    .trim()
    .split('\n')
    .map(each => JSON.parse(each) as { readonly [key: string]: unknown })
  expect(lines.map(each => each.event).filter(each => each !== 'run.progress')).toEqual(['run.started', 'run.ended'])
  expect(lines.at(-1)).toMatchObject({ level: 'info', status: 'completed_with_failures', rows: { read: 2 } })
  expect(lines[0]?.run).toBe(lines.at(-1)?.run)
  expect(stderr).not.toContain(CANARY)
})

test('a collector that is gone, and one that never answers, are nothing to the run', async () => {
  const gone = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  if (LONG) {
    model.plan(says('one'), says('two'))
    const without = await run(gone)
    expect([without.code, without.stderr.includes('sealed')]).toEqual([0, true])
  }
  collector.answers = false
  model.plan(says('one'), says('two'))
  const silent = await run({ ...gone, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
  expect([silent.code, silent.stderr.includes('sealed')]).toEqual([0, true])
})

test('doctor says what asks for it, where its packages are there', { tags: ['proof'] }, async () => {
  const { stdout } = await custody(folder, ['doctor'], { OTEL_METRICS_EXPORTER: 'console' }).exit
  expect(stdout).toMatch(/telemetry +on, as OTEL_METRICS_EXPORTER says/)
})

test('an error before the run is a line of the log', { tags: ['proof'] }, async () => {
  const { code, stderr } = await custody(folder, ['run', 'nothing.yaml', '--log-format', 'json']).exit
  const line = JSON.parse(stderr) as { readonly [key: string]: unknown }
  expect([code, line.level, line.event]).toEqual([2, 'error', 'failed'])
  expect(line.error).toMatchObject({ code: 'CUSTODY_FILE_NOT_FOUND' })
})

function attributeOf(attributes: readonly Attribute[] = [], key: string): unknown {
  return Object.values(attributes.find(each => each.key === key)?.value ?? {})[0]
}

/** Sums by an attribute. */
function pointsOf(name: string, key: string): { [value: string]: number } {
  const sums: { [value: string]: number } = {}
  for (const { sum, histogram } of collector.metrics.filter(each => each.name === name))
    for (const point of (sum ?? histogram)?.dataPoints ?? []) {
      const value = String(attributeOf(point.attributes, key))
      sums[value] = (sums[value] ?? 0) + Number(point.asDouble ?? point.asInt ?? point.sum)
    }
  return sums
}
