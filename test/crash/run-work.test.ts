/** A thread of a worker that comes too late. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RunWork } from '../../src/host/distributed/run-work.ts'
import { WorkFolder } from '../support/work-folder.ts'

const PIPELINE = `
name: orders
splits: { count: 2 }
defaults: { on_error: discard, on_invalid: discard }
sources:
  orders: { plugin: jsonl, options: { path: in.jsonl }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'p.yaml': PIPELINE, 'in.jsonl': '{"id":1}\n{"id":2}\n' })
})
afterEach(() => work.close())

test('a run that is over by the time that a thread looks at it has nothing to do, which is no refusal', {
  tags: ['proof'],
}, async () => {
  const { json } = await work.custody('run', 'p.yaml', '--json')
  const url = work.env.CUSTODY_LEDGER ?? `sqlite:${work.folder}/custody.db`
  const input = { run: json.run, token: 'any', url, env: work.env, cwd: work.folder, custody: '0', keys: [] }
  expect(await new RunWork(input, () => undefined).ended).toEqual({ kind: 'idle' })
})
