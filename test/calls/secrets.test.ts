/** Secrets of a pipeline that asks a model and the web, and sends to it, reach nothing that is written, whatever services do with them. */
// @module-tag proof
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { custody, custodyHere } from '../support/custody-process.ts'

/** Each with something that texts, URLs and JSON write in other ways. */
const SECRETS = {
  MODEL_KEY: 'sk-canary/key+1"quoted',
  MODEL_HEADER: 'canary-header-22',
  MODEL_USER: 'canary user 33',
  MODEL_PASSWORD: 'canary:password@44',
  MODEL_QUERY: 'canary&query=55',
  ELSEWHERE: 'canary-elsewhere-66',
  WEB_QUERY: 'canary web?query=77',
  WEB_HEADER: 'canary-web-header-88',
  WEB_USER: 'canary web user 99',
  WEB_PASSWORD: 'canary:web/password@00',
  WEB_TOKEN: 'canary-web-token+"11"',
}
/** Too short to be told from ordinary words: kept out of headers, URLs and errors. */
const SHORT = 'q7Zx!v'
const ROWS = 30

/** Repeats all that it was sent, in answers and errors of every kind. */
async function blabber(): Promise<{ readonly port: number; readonly server: Server; seen: string; refuses: boolean }> {
  const blab = { port: 0, seen: '', server: createServer(), refuses: false }
  /** By what is asked, so that each is answered in every way, whoever comes first. */
  const requests = new Map<string, number>()
  blab.server.on('request', async (request: IncomingMessage, response) => {
    for await (const _ of request) await Promise.resolve()
    const detail = JSON.stringify({ url: request.url, headers: request.headers, raw: request.rawHeaders })
    const basic = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
    blab.seen += `${detail} ${decodeURIComponent(request.url ?? '')} ${basic}`
    const answer = (status: number, body: string, headers = {}) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-detail': encodeURIComponent(detail),
        ...headers,
      })
      response.end(body)
    }
    const error = JSON.stringify({ error: { message: `refused: ${detail}`, type: detail, code: detail } })
    const choice = (content: string, finish_reason: string) =>
      JSON.stringify({
        id: 'x',
        model: detail,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason }],
      })
    if (blab.refuses) return answer(401, error)
    const asked = request.url?.split('/')[1] ?? ''
    const nth = requests.get(asked) ?? 0
    requests.set(asked, nth + 1)
    switch (nth % 14) {
      case 0:
        return answer(200, choice(detail, 'stop'))
      case 1:
        return answer(400, error)
      case 2:
        return answer(200, error)
      case 3:
        return answer(500, error)
      case 4:
        return answer(429, error, { 'retry-after': '0' })
      case 5:
        return answer(200, `{"broken": ${detail}`)
      case 6:
        return answer(503, `<html>${detail}</html>`, { 'content-type': 'text/html' })
      case 7:
        return answer(200, choice(detail, 'length'))
      case 8:
        return answer(200, choice(detail, 'content_filter'))
      case 9:
        return answer(302, detail, { location: `/elsewhere?${request.url?.split('?')[1]}` })
      case 10:
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' })
        response.write(detail)
        return setTimeout(() => request.socket.resetAndDestroy(), 5)
      case 11:
        return answer(200, `data: ${choice(detail, 'stop').replace('"message"', '"delta"')}\n\ndata: [DONE]\n\n`)
      case 12:
        return answer(502, detail, { 'content-encoding': 'gzip' })
      default:
        return answer(200, JSON.stringify({ choices: detail }))
    }
  })
  await new Promise<void>(resolve => blab.server.listen(0, '127.0.0.1', resolve))
  blab.port = (blab.server.address() as AddressInfo).port
  onTestFinished(async () => {
    blab.server.closeAllConnections()
    await new Promise(resolve => blab.server.close(resolve))
  })
  return blab
}

/** Parameters, headers and credentials of a request. */
const HIDDEN = (auth: string) =>
  `query: { token: { secret: WEB_QUERY } }, headers: { x-tenant: { secret: WEB_HEADER } }, auth: ${auth}`
const BASIC = '{ basic: { username: { secret: WEB_USER }, password: { secret: WEB_PASSWORD } } }'
const BEARER = '{ bearer: { secret: WEB_TOKEN } }'

const yaml = (broken: boolean, host: string) => `
name: secretive
defaults: { on_error: failed, on_invalid: failed }
sources:
  rows: { plugin: csv, options: { path: rows.csv }, schema: { mode: fixed, fields: { id: integer } }, to: all }
nodes:
  all: { fork: { model: ask, service: look, webhook: hook } }
  look:
    transform: http
    options: { url: 'http://${host}/look/{{ id }}', allow: [127.0.0.1], as: text, field: said, ${HIDDEN(BASIC)} }
    to: answered
  ask:
    transform: llm
    options:
      provider: compatible
      model: blabber
      base_url: { secret: MODEL_URL }
      api_key: { secret: MODEL_KEY }
      headers: { x-tenant: { secret: MODEL_HEADER }, x-short: { secret: SHORT } }
      prompt: 'row {{ id }}'
      queries: ${broken ? '{ one: { prompt: a }, two: { prompt: b } }' : 'null'}
    to: answered
sinks:
  answered: { plugin: jsonl, options: { path: answered.jsonl } }
  hook:
    plugin: http
    options: { url: 'http://${host}/hook/{{ id }}', allow: [127.0.0.1], idempotent: true, ${HIDDEN(BEARER)} }
  failed: { plugin: jsonl, options: { path: failed.jsonl }, on_error: discard }
retry: { attempts: 3, backoff: 5ms, max_backoff: 10ms }
`

test('secrets are sent, and nothing that is written has them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const blab = await blabber()
  const encoded = (name: keyof typeof SECRETS) => encodeURIComponent(SECRETS[name])
  const host = `127.0.0.1:${blab.port}`
  const MODEL_URL = `http://${encoded('MODEL_USER')}:${encoded('MODEL_PASSWORD')}@${host}/v1?token=${encoded('MODEL_QUERY')}`
  const env = { ...SECRETS, SHORT, MODEL_URL, CUSTODY_DEBUG: '1' }
  writeFileSync(join(folder, 'rows.csv'), `id\n${Array.from({ length: ROWS }, (_, i) => i + 1).join('\n')}\n`)
  writeFileSync(join(folder, 'pipeline.yaml'), yaml(false, host).replace(/ *queries: null\n/, ''))
  const again = yaml(false, host).replaceAll('.jsonl', '-again.jsonl')
  writeFileSync(join(folder, 'refused.yaml'), again.replace(/ *queries: null\n/, ''))
  writeFileSync(join(folder, 'wrong.yaml'), yaml(true, host))

  let written = ''
  for (const words of [
    ['validate', 'wrong.yaml'],
    ['run', 'wrong.yaml'],
    ['validate', 'pipeline.yaml', '--json'],
    ['run', 'pipeline.yaml'],
    ['show', 'latest', '--json'],
    ['explain', 'latest', '--where', 'row.id <= 12'],
    ['explain', 'latest', '--row', '1', '--json'],
    ['verify'],
    ['run', 'refused.yaml'],
    ['show', 'latest', '--json'],
  ]) {
    blab.refuses = words[1] === 'refused.yaml'
    // All that a process says is looked at where services are asked.
    const asks = words[0] === 'run' && words[1] !== 'wrong.yaml'
    const { stdout, stderr } = await (asks ? custody(folder, words, env).exit : custodyHere(folder, words, env))
    written += `${stdout}\n${stderr}\n`
  }
  for (const code of ['LLM_', 'HTTP_STATUS', 'IN_DOUBT']) expect(written).toContain(code)
  const { MODEL_KEY, MODEL_HEADER, MODEL_QUERY, WEB_HEADER, WEB_USER, WEB_TOKEN } = SECRETS
  expect(blab.seen).toContain(MODEL_HEADER)
  expect(blab.seen).toContain(MODEL_QUERY)
  expect(blab.seen).toContain(WEB_HEADER)
  expect(blab.seen).toContain(WEB_USER)
  expect(blab.seen).toContain(JSON.stringify(WEB_TOKEN).slice(1, -1))
  expect(blab.seen).toContain(JSON.stringify(MODEL_KEY).slice(1, -1))

  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(each => each.isFile())
  expect(files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['custody.db', 'answered.jsonl', 'failed.jsonl']),
  )
  // A value in the ledger is JSON within JSON: compared without what escaping adds.
  const all = [...files.map(each => readFileSync(join(each.parentPath, each.name), 'latin1')), written].map(text =>
    text.replaceAll('\\', ''),
  )
  const forms = Object.values(SECRETS).flatMap(secret => [
    secret,
    encodeURIComponent(secret),
    btoa(secret),
    secret.replaceAll(' ', '+'),
  ])
  const basic = [
    btoa(`${SECRETS.MODEL_USER}:${SECRETS.MODEL_PASSWORD}`),
    btoa(`${SECRETS.WEB_USER}:${SECRETS.WEB_PASSWORD}`),
  ]
  const found = [...forms, ...basic].filter(form => all.some(text => text.includes(form)))
  expect(found).toEqual([])
  expect(blab.seen).toContain(SHORT)
  expect(readFileSync(join(folder, 'failed.jsonl'), 'utf8')).not.toContain(SHORT)
  // What stands in a secret’s place is told apart from what a service said.
  expect(readFileSync(join(folder, 'answered.jsonl'), 'utf8')).toContain('[secret MODEL_KEY]')
  expect(written).toContain('secrets masked: MODEL_HEADER')
})
