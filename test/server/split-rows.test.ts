/** Rows and tokens of a run with splits are asked for by HTTP and MCP as commands take them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LedgerAnswers } from '../../src/host/answers/ledger-answers.ts'
import { idOf } from '../../src/model/part-ids.ts'
import { mcpServer } from '../../src/server/mcp/mcp-server.ts'
import { splitPipeline } from '../explorer/split-runs.ts'
import { API, DemoServer } from '../support/demo-server.ts'

let server: DemoServer
let answers: LedgerAnswers
let client: Client

beforeAll(async () => {
  server = await DemoServer.begin()
  const { work } = server
  for (const [name, text] of Object.entries(splitPipeline('dealt', 3, 4))) {
    mkdirSync(dirname(join(work.folder, name)), { recursive: true })
    writeFileSync(join(work.folder, name), text)
  }
  expect((await work.custody('run', 'dealt.yaml', '--ledger', server.url)).exit).toBe(0)
  answers = await LedgerAnswers.open({ url: server.url, env: work.env })
  const [own, other] = InMemoryTransport.createLinkedPair()
  await mcpServer({ answers, values: true, version: '1.0.0' }).connect(other)
  client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(own)
})
afterAll(async () => {
  await client.close()
  await answers.close()
  await server.close()
})

const asked = async (path: string) => {
  const response = await server.withToken(`${API}/runs/latest/${path}`)
  return { status: response.status, json: JSON.parse(await response.text()) }
}

async function toolSays(name: string, input: object): Promise<string> {
  const given = await client.callTool({ name, arguments: { run: 'latest', ...input } })
  return JSON.stringify([given.isError ?? false, given.structuredContent ?? given.content])
}

const ROW = idOf(2, 3)

describe.each([`${ROW}`, '2:3', '2%3A3', 'in:7'])('row %s', named => {
  test('has one story and one proof, whatever it is called', async () => {
    const story = await asked(`rows/${named}`)
    expect(story).toMatchObject({ status: 200, json: { row: ROW, source: 'in', origin: { index: 7 } } })
    const proof = await server.withToken(`${API}/runs/latest/rows/${named}/proof`)
    expect(proof.status).toBe(200)
    expect(proof.headers.get('content-disposition')).toContain(`row-${ROW}-of-`)
  })

  test('is the same to an assistant', async () => {
    const row = decodeURIComponent(named)
    expect(await toolSays('explain_row', { row })).toContain(`"row":${ROW},"source":"in"`)
    expect(await toolSays('prove_row', { row })).toContain(`"row":${ROW},"sha256"`)
  })
})

test('a token is found by its split and number', async () => {
  expect(await asked('tokens/2:3')).toMatchObject({ status: 200, json: { tokens: [{ token: ROW }] } })
  expect(await toolSays('explain_row', { token: '2:3' })).toContain(`"token":${ROW}`)
})

test.each(['4:1', '2:5', '1', 'in:13', 'out:1'])('there is no row %s', async named => {
  expect(await asked(`rows/${named}`)).toMatchObject({ status: 404, json: { error: { code: 'CUSTODY_ROW_UNKNOWN' } } })
  expect(await asked(`rows/${named}/proof`)).toMatchObject({ status: 404 })
  expect(await toolSays('explain_row', { row: named })).toMatch(/^\[true.*CUSTODY_ROW_UNKNOWN/)
})

const NONE = [
  '0',
  '0:1',
  '2:0',
  '2:',
  ':3',
  '2:3:1',
  '-1',
  '1e3',
  'in',
  'in:',
  'in:0',
  '9007199254740993',
  '2:4294967296',
]

test.each(NONE)('%s names no row', async named => {
  expect(await asked(`rows/${named}`)).toMatchObject({ status: 400 })
  expect(await toolSays('explain_row', { row: named })).toMatch(/^\[true/)
})

test('a token has no name by a source', async () => {
  expect((await asked('tokens/in:7')).status).toBe(400)
})
