/** `custody serve` as a process, and the runs that operators begin from it, each in a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { makeKeyFile, readKeyFile } from '../../src/ledger/encryption/key-file.ts'
import { openLedgerReader } from '../../src/ledger/open.ts'
import { findRun } from '../../src/read/runs/list.ts'
import { Shell } from './transcript.ts'

/** A row takes 5 ms, one after the other: 10,000 of them are never at their end while a test looks. */
const SLOW_PLUGIN = `
import { z } from 'zod'
import { defineTransform } from 'custody/sdk'
export default defineTransform({
  name: 'slow', summary: 'Takes its time', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: {} }], cardinality: 'one',
  create: () => {
    let last = Promise.resolve()
    const wait = () => new Promise(resolve => setTimeout(resolve, 5))
    return { process: row => (last = last.then(wait)).then(() => ({ kind: 'row', row })) }
  },
})
`
const SLOW = `
name: slow
plugins: [./slow.mjs]
defaults: { on_error: discard, on_invalid: discard }
sources: { in: { plugin: csv, options: { path: numbers.csv }, to: take } }
nodes: { take: { transform: slow, to: out } }
sinks: { out: { plugin: csv, options: { path: slow.csv, if_exists: replace } } }
`
const QUICK = `
name: quick
defaults: { on_error: problems, on_invalid: problems }
sources: { in: { plugin: csv, options: { path: few.csv }, schema: { mode: fixed, fields: { id: integer, note: string } }, to: size } }
nodes: { size: { gate: row.id >= 3, routes: { true: large, false: small } } }
sinks:
  large: { plugin: csv, options: { path: large.csv, if_exists: replace } }
  small: { plugin: csv, options: { path: small.csv, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`

// biome-ignore lint/suspicious/noExplicitAny: JSON of answers, each looked at by its test
type Answered = any
interface Serving {
  readonly child: ChildProcessWithoutNullStreams
  readonly origin: string
  readonly token: string
}

let shell: Shell
let serving: Serving
beforeAll(async () => {
  shell = new Shell(inject('bin'))
  const write = (name: string, text: string) => writeFileSync(join(shell.folder, name), text)
  write('slow.mjs', SLOW_PLUGIN)
  write('slow.yaml', SLOW)
  write('quick.yaml', QUICK)
  write('few.csv', 'id,note\n1,a\n2,b\n3,c\n4,d\nfive,e\n')
  write('numbers.csv', `id\n${Array.from({ length: 10_000 }, (_, i) => i).join('\n')}\n`)
  await shell.run('custody run quick.yaml --json')
  makeKeyFile(join(shell.folder, 'ledger.key'))
  serving = await serve()
})
afterAll(async () => {
  serving?.child.kill('SIGKILL')
  await shell.close()
})

async function serve(): Promise<Serving> {
  const child = spawn('custody', ['serve', '--json', '--pipelines', '.', '--ledger-key', 'ledger.key'], {
    cwd: shell.folder,
    env: shell.env,
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const [line] = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(stderr))),
  ])
  const { url, token, error } = JSON.parse(line)
  if (error !== undefined) throw new Error(line)
  return { child, origin: new URL(url).origin, token }
}

/** Id of the key that the values of a run are encrypted with; null: they aren't. */
async function keyOf(run: string): Promise<string | null> {
  const reader = await openLedgerReader(`sqlite:${join(shell.folder, 'custody.db')}`)
  try {
    return await reader.encryptedWith((await findRun(reader, run)).log)
  } finally {
    await reader.close()
  }
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly json: Answered }> {
  const headers = { authorization: `Bearer ${serving.token}`, 'content-type': 'application/json' }
  const init = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${serving.origin}/api/v1${path}`, { method, headers, ...init })
  return { status: response.status, json: await response.json() }
}

/** As it stands on the wire, whatever libraries would add. */
async function wired(request: string): Promise<string> {
  const { hostname, port } = new URL(serving.origin)
  const socket = connect(Number(port), hostname)
  const head = `Host: ${hostname}:${port}\r\nAuthorization: Bearer ${serving.token}\r\nConnection: close\r\n`
  socket.write(request.replace('\r\n', `\r\n${head}`))
  let text = ''
  for await (const piece of socket.setEncoding('utf8')) text += piece
  return text
}

test('a request without a body needs no length of it; one with a body says how long it is', async () => {
  expect(await wired('POST /api/v1/runs/latest/stop HTTP/1.1\r\n\r\n')).toContain('"stopping":false')
  const chunked = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'
  expect(await wired(`POST /api/v1/runs HTTP/1.1\r\n${chunked}`)).toMatch(/^HTTP\/1.1 400 .*needs a content-length/s)
})

async function statusOf(run: string, wanted: string): Promise<Answered> {
  for (;;) {
    const { json } = await ask('GET', `/runs/${run}`)
    if (json.status === wanted) return json
    await sleep(50)
  }
}

test('a run is begun, followed, stopped, resumed, and outlives the server', async () => {
  const begun = await ask('POST', '/runs', { pipeline: 'slow.yaml', set: { 'guards.min_rows': '0' } })
  expect(begun.status, JSON.stringify(begun.json)).toBe(202)
  const { run } = begun.json
  const live = await fetch(`${serving.origin}/api/v1/runs/${run}/live`, {
    headers: { authorization: `Bearer ${serving.token}` },
  })
  let text = ''
  for await (const piece of live.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece
    if (new Set([...text.matchAll(/"ended":(\d+)/g)].map(([, ended]) => ended)).size >= 3) break
  }
  expect(text).toContain('event: counts')
  expect((await ask('POST', `/runs/${run}/stop`)).json).toMatchObject({ run, stopping: true, why: null })
  // A second signal would end the process without its last commit, so none is sent.
  expect((await ask('POST', `/runs/${run}/stop`)).status).toBe(200)
  const stopped = await statusOf(run, 'cancelled')
  expect(stopped.stopped).toMatchObject({ reason: 'user' })
  expect((await ask('POST', `/runs/${run}/stop`)).json).toMatchObject({ run, stopping: false, why: 'not_here' })

  expect(await ask('POST', `/runs/${run}/resume`, {})).toEqual({ status: 202, json: { run } })
  await statusOf(run, 'running')
  serving.child.kill('SIGINT')
  expect(await once(serving.child, 'exit')).toEqual([0, null])
  serving = await serve()
  const before = (await statusOf(run, 'running')).tokens.ended
  while ((await statusOf(run, 'running')).tokens.ended === before) await sleep(50)
  expect((await ask('POST', `/runs/${run}/stop`)).json).toMatchObject({ run, stopping: true, why: null })
  await statusOf(run, 'cancelled')
})

test('failed rows are run again; where none fits nothing is', async () => {
  const first = await ask('POST', '/runs', { pipeline: 'quick.yaml' })
  await statusOf(first.json.run, 'completed_with_failures')
  const again = await ask('POST', `/runs/${first.json.run}/rerun`)
  expect(again.status, JSON.stringify(again.json)).toBe(202)
  expect(again.json.run).not.toBe(first.json.run)
  const none = await ask('POST', `/runs/${first.json.run}/rerun`, { where: 'row.id > 99' })
  expect([none.status, none.json.error.code]).toEqual([409, 'CUSTODY_RUN_NOT_BEGUN'])
  // The server's --ledger-key is that of the runs that are begun from it.
  const { id } = readKeyFile(join(shell.folder, 'ledger.key'))
  expect(await Promise.all([first, again].map(({ json }) => keyOf(json.run)))).toEqual([id, id])
})

test('what if: the plan on record runs with a change, is compared, and touches no output', {
  tags: ['proof'],
}, async () => {
  const { json } = await ask('POST', '/runs', { pipeline: 'quick.yaml' })
  await statusOf(json.run, 'completed_with_failures')
  const outputs = () =>
    ['large.csv', 'small.csv', 'problems.jsonl'].map(name => readFileSync(join(shell.folder, name), 'utf8'))
  const before = outputs()
  // The file has changed since, and isn't what is run.
  writeFileSync(join(shell.folder, 'quick.yaml'), QUICK.replace('row.id >= 3', 'row.id >= 1'))
  const tried = await ask('POST', '/what-if', { run: json.run, set: { 'nodes.size.gate': 'row.id >= 4' } })
  expect(tried.status, JSON.stringify(tried.json)).toBe(202)
  await statusOf(tried.json.run, 'completed_with_failures')
  const diff = await ask('GET', `/diff?old=${json.run}&new=${tried.json.run}`)
  expect(diff.json.groups).toMatchObject([{ node: 'size', old: 'true', new: 'false', rows: 1, examples: [3] }])
  expect(outputs()).toEqual(before)
})

describe('nothing is begun', () => {
  test.each([
    ['/runs', { pipeline: '../other.yaml' }, 403],
    ['/runs', { pipeline: '/etc/passwd' }, 403],
    ['/runs', { pipeline: 'linked.yaml' }, 403],
    ['/runs', { pipeline: 'none.yaml' }, 404],
    ['/runs', { pipeline: 'quick.yaml', set: { 'plugins.0': './slow.mjs' } }, 400],
    ['/runs', { pipeline: 'quick.yaml', set: { 'sinks.large.options.path': '/tmp/x' } }, 400],
    ['/runs', { pipeline: 'quick.yaml', set: { 'ledger.url': 'sqlite:x.db' } }, 400],
    ['/runs', { pipeline: 'quick.yaml', set: { 'limits.file': 'x' } }, 400],
    ['/runs', { pipeline: 'quick.yaml', set: { limits: '{"file": "x"}' } }, 400],
    ['/runs', { pipeline: 'quick.yaml', set: { 'sinks.large.options.path=x;guards': '1' } }, 400],
    ['/runs', { pipeline: 'quick.yaml', where: 'true' }, 400],
    ['/runs/latest/resume', { set: { 'nodes.size.gate': 'true' } }, 400],
    ['/runs/latest/rerun', { where: 'row.' }, 400],
    ['/runs/latest/rerun', { pipeline: '../other.yaml' }, 403],
    ['/what-if', { run: 'latest', set: { 'nodes.size.gate': '${HOME} == row.note' } }, 400],
    ['/what-if', { run: 'latest', set: { 'nodes.size.transform': 'passthrough' } }, 400],
    ['/what-if', { run: 'latest', set: { 'sources.in.options.delimiter': ';' } }, 400],
    ['/what-if', { run: 'latest', set: { 'nodes.size.gate': 'row.' } }, 400],
    ['/runs/0000/stop', undefined, 404],
  ])('%s %j → %i', async (path, body, status) => {
    if (body !== undefined && 'pipeline' in body && body.pipeline === 'linked.yaml')
      symlinkSync(inject('bin'), join(shell.folder, 'linked.yaml'))
    const before = (await ask('GET', '/runs')).json.length
    const answer = await ask('POST', path, body)
    expect([answer.status, answer.json.error?.code], JSON.stringify(answer.json)).toEqual([
      status,
      expect.stringMatching(/^CUSTODY_/),
    ])
    expect((await ask('GET', '/runs')).json.length).toBe(before)
  })
})

test('the pipelines are listed; without sign-in nobody else is listened to', async () => {
  const { json } = await ask('GET', '/pipelines')
  expect(json.pipelines).toMatchObject([
    { path: 'quick.yaml', name: 'quick', problems: [] },
    { path: 'slow.yaml', name: 'slow', problems: [] },
  ])
  // Of this machine as well, but under a name that the server wouldn't know itself by.
  for (const host of ['0.0.0.0', '127.0.0.2'])
    expect((await shell.run(`custody serve --host ${host}`)).join('\n')).toMatch(/CUSTODY_SERVE: without sign-in/)
})
