/** `custody mcp` as a client starts it: the SDK's own one, over standard input and output. */
import { delimiter, join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { expect, inject, onTestFinished, test } from 'vitest'
import { runProgram } from '../support/built-cli.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PIPELINE = `
name: notes
sources: { in: { plugin: text, options: { path: in.txt, field: note }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard } }
`

test('an assistant asks, and the process ends with its client', async () => {
  const work = new WorkFolder({ 'p.yaml': PIPELINE, 'in.txt': 'one-canary\ntwo-canary\n' })
  onTestFinished(() => work.close())
  const run = await work.run()
  const bin = inject('bin')
  const begin = async (...options: string[]) => {
    const transport = new StdioClientTransport({
      command: join(bin, 'custody'),
      args: ['mcp', ...options],
      cwd: work.folder,
      env: { ...work.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
      stderr: 'pipe',
    })
    const client = new Client({ name: 'test', version: '1.0.0' })
    await client.connect(transport)
    return { client, transport }
  }
  const { client, transport } = await begin()
  expect(client.getServerVersion()).toMatchObject({ name: 'custody' })
  const story = await client.callTool({ name: 'explain_row', arguments: { run: 'latest', row: 2 } })
  expect(story.structuredContent).toMatchObject({ data: { run, row: 2, holds: true }, cut: { places: 0 } })
  expect(JSON.stringify(story)).toContain('two-canary')
  const counted = await client.callTool({ name: 'sql', arguments: { sql: 'SELECT count(*) FROM rows' } })
  expect(counted.structuredContent).toMatchObject({ data: { rows: [[2]] } })
  await client.close()
  expect(transport.pid).toBe(null)
  const bare = await begin('--no-values')
  const rows = await bare.client.callTool({ name: 'find_rows', arguments: { run: 'latest' } })
  expect(JSON.stringify(rows)).not.toContain('canary')
  await bare.client.close()
})

test('without a ledger it says so, and leaves standard output alone', async () => {
  const work = new WorkFolder({})
  onTestFinished(() => work.close())
  const { exit, stdout, stderr } = await runProgram(inject('bin'), 'custody', ['mcp'], work.folder, work.env)
  expect([exit, stdout]).toEqual([2, ''])
  expect(stderr).toContain('CUSTODY_LEDGER_NOT_FOUND')
})
