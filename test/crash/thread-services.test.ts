/** Runs whose nodes ask a service, while threads of one process work on their splits: its limits and its budget are the run's, however many there are. */
// @module-tag proof
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ChaosPeer } from '../../src/chaos/peer.ts'
import { peerStarter } from '../support/chaos-client.ts'
import { custody } from '../support/custody-process.ts'
import { type Asked, serve } from '../support/web-server.ts'
import { WorkFolder } from '../support/work-folder.ts'
import { type Program, SIGNING } from './place.ts'

const peers = peerStarter()
const ROWS = 60
/** Of one answer: `that is what is 7?` is five tokens. */
const [MOST_USD, COST_USD] = [0.04, 0.005]

const pipeline = (node: string, limits: string, sink = 'out') => `
name: asked
splits: { count: 6 }
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer } }, to: ask }
nodes:
  ask:
    ${node}
    to: ${sink}
sinks:
  failed: { plugin: jsonl, options: { path: out/failed.jsonl, if_exists: replace }, on_error: discard }
limits: ${limits}
`

const asking = ({ api_url }: ChaosPeer, limits: string) =>
  `${pipeline(
    `transform: llm
    options:
      { provider: compatible, base_url: ${api_url}, model: chaos, prompt: 'what is {{ id }}?', field: said, max_output_tokens: 40,
        price: { input_usd_per_million: 0, output_usd_per_million: 1000 } }`,
    limits,
  )}`.replace('sinks:\n', 'sinks:\n  out: { plugin: jsonl, options: { path: out/said.jsonl, if_exists: replace } }\n')

let work: WorkFolder
let peer: ChaosPeer
beforeEach(() => {
  work = new WorkFolder({ 'in.csv': `id\n${Array.from({ length: ROWS }, (_, i) => `${i + 1}\n`).join('')}` })
  work.env = { ...work.env, ...SIGNING }
})
afterEach(() => work.close())

async function write(limits: string, latency_ms: number): Promise<void> {
  peer = await peers({ answer: 'that is {{ prompt }}', latency: { min_ms: latency_ms, max_ms: latency_ms } })
  writeFileSync(join(work.folder, 'p.yaml'), asking(peer, limits))
}

const begin = (...words: string[]) => custody(work.folder, words, work.env)

async function ended(program: Program, code = 0) {
  const exit = await program.exit
  expect(exit.code, exit.stderr).toBe(code)
  return exit
}

/** In a process of its own: there threads start in no time. */
const done = async (...words: string[]) => JSON.parse((await ended(begin(...words, '--json'))).stdout)

/** Until a service has had so many requests, of a run that is under way. */
async function askedOf(program: Program, requests: () => number, more: number): Promise<void> {
  while (requests() < more && !program.is_over) await sleep(5)
  expect(requests(), program.said).toBeGreaterThanOrEqual(more)
}

const said = () => readFileSync(join(work.folder, 'out', 'said.jsonl'), 'utf8')

const shown = () => done('show', 'latest')

const holds = async () => expect((await ended(begin('verify'))).stdout).toMatch(/holds\.\n$/)

describe('a run comes to the same', () => {
  test('with any number of threads, and asks no more than one does', async () => {
    await write('{ services: { compatible: { concurrency: 3 } } }', 40)
    const results = []
    for (const workers of ['1', '2', '4']) {
      const before = peer.requests.length
      const { result_digest, outcomes, calls } = await done('run', 'p.yaml', '--workers', workers)
      expect(peer.requests.length - before).toBe(ROWS)
      results.push({ result_digest, outcomes, calls, said: said() })
    }
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
    expect(peer.totals.peak_in_flight).toBe(3)
    const [newest, other] = await done('runs')
    expect((await done('diff', other.run, newest.run)).rows).toMatchObject({ compared: ROWS, same: ROWS })
    await holds()
  })

  test('when it is killed: what was under way is asked again, and nothing else', async () => {
    await write('{ services: { compatible: { concurrency: 3 } } }', 40)
    const whole = (await done('run', 'p.yaml', '--workers', '1')).result_digest
    const first = peer.requests.length
    const killed = begin('run', 'p.yaml', '--workers', '4')
    await askedOf(killed, () => peer.requests.length, first + 20)
    killed.process.kill('SIGKILL')
    await killed.exit
    await peer.idle()
    // What came back when it was killed may be on no record, either.
    const unknown = peer.requests.length - first - (await shown()).calls.made
    const { result_digest } = await done('resume', 'latest', '--workers', '2')
    expect(result_digest).toBe(whole)
    expect(peer.requests.length - first).toBe(ROWS + unknown)
    expect(peer.totals.peak_in_flight).toBe(3)
    await holds()
  })

  test('when it is interrupted: what was under way is heard, and asked once', async () => {
    await write('{ services: { compatible: { concurrency: 3 } } }', 60)
    const stopped = begin('run', 'p.yaml', '--workers', '3')
    await askedOf(stopped, () => peer.requests.length, 12)
    stopped.process.kill('SIGINT')
    await ended(stopped, 130)
    expect((await shown()).calls.made).toBe(peer.requests.length)
    expect((await done('resume', 'latest', '--workers', '2')).status).toBe('completed')
    expect(peer.requests.length).toBe(ROWS)
    await holds()
  })
})

test('all threads together begin no more calls in a minute than the run may', async () => {
  await write('{ services: { compatible: { concurrency: 3, per_minute: 45 } } }', 5)
  const { stderr } = await ended(begin('run', 'p.yaml', '--workers', '4'))
  expect(peer.requests.length).toBe(ROWS)
  expect(peer.totals.peak_per_minute).toBe(45)
  expect(stderr.match(/per_minute` is reached/g)).toHaveLength(1)
})

test('runs that share a limiter file keep their limits together, whatever their threads', async () => {
  await write('{ file: limits.db, services: { compatible: { concurrency: 3 } } }', 40)
  const text = readFileSync(join(work.folder, 'p.yaml'), 'utf8')
  writeFileSync(join(work.folder, 'q.yaml'), text.replaceAll('path: out/', 'path: other/'))
  const both = ['p', 'q'].map(name => begin('run', `${name}.yaml`, '--workers', '2', '--ledger', `${name}.db`))
  await Promise.all(both.map(each => ended(each)))
  expect(peer.requests.length).toBe(2 * ROWS)
  expect(peer.totals.peak_in_flight).toBe(3)
})

test('what all threads may spend is what the run may; resumed with more it continues', async () => {
  const usd = 0.15
  await write(`{ services: { compatible: { concurrency: 3 } }, spend: { usd: ${usd} } }`, 20)
  const { stderr } = await ended(begin('run', 'p.yaml', '--workers', '4'), 1)
  expect(stderr).toContain('and the next call could cost up to')
  const { status, calls } = await shown()
  expect(status).toBe('cancelled')
  expect(calls.made).toBe(peer.requests.length)
  expect(calls.cost_usd).toBeLessThanOrEqual(usd)
  expect(calls.cost_usd).toBeGreaterThan(usd - MOST_USD - COST_USD)
  expect((await done('resume', 'latest', '--workers', '3', '--set', 'limits.spend.usd=100')).status).toBe('completed')
  expect(peer.requests.length).toBe(ROWS)
  await holds()
})

test('what is sent twice, since nobody knows whether it came, has the same key', async () => {
  const bodies = new Map<string, string>()
  let in_flight = 0
  let peak = 0
  const { origin, asked: letters } = await serve(async ({ headers, body }: Asked, response) => {
    peak = Math.max(peak, ++in_flight)
    const key = String(headers['idempotency-key'])
    expect(bodies.get(key) ?? body).toBe(body)
    bodies.set(key, body)
    await sleep(40)
    in_flight--
    response.writeHead(200).end('{}')
  })
  const sink = `sinks:\n  post: { plugin: http, options: { url: '${origin}/rows', service: office, idempotent: true, allow: [127.0.0.1] }, on_error: failed }\n`
  const text = pipeline('transform: passthrough', '{ services: { office: { concurrency: 3 } } }', 'post')
  writeFileSync(join(work.folder, 'p.yaml'), text.replace('sinks:\n', sink))
  const killed = begin('run', 'p.yaml', '--workers', '4')
  await askedOf(killed, () => letters.length, 20)
  killed.process.kill('SIGKILL')
  await killed.exit
  // What came back when it was killed may be on no record, either.
  const unknown = letters.length - (await shown()).calls.made
  expect((await done('resume', 'latest', '--workers', '2')).status).toBe('completed')
  expect(bodies.size).toBe(ROWS)
  expect(new Set(bodies.values()).size).toBe(ROWS)
  expect(letters.length).toBe(ROWS + unknown)
  expect(peak).toBeLessThanOrEqual(3)
  await holds()
})
