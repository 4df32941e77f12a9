/** `custody test --watch`: cases are run again when a file of theirs has changed, plugins included, until somebody interrupts it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { Shell } from './transcript.ts'

const PIPELINE = `
name: watched
plugins: [./double.mjs]
defaults: { on_error: discard, on_invalid: discard }
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, to: double } }
nodes: { double: { transform: double, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl } } }
`
const plugin = (by: number) => `
import { z } from 'zod'
import { defineTransform, derive } from 'custody/sdk'
export default defineTransform({
  name: 'double', summary: 'Doubles', options: z.strictObject({}), determinism: 'deterministic', errors: {},
  examples: [{ title: 'One', options: {} }], cardinality: 'one',
  create: () => ({ process: row => ({ kind: 'row', row: derive(row, { n: row.n * ${by} }) }) }),
})
`
const cases = (n: number) =>
  `cases: [{ name: doubled, rows: { in: [{ n: 1 }] }, expect: { sinks: { out: [{ n: ${n} }] } } }]\n`

let shell: Shell
const write = (name: string, text: string) => writeFileSync(join(shell.folder, name), text)
beforeAll(() => {
  shell = new Shell(inject('bin'))
  write('p.yaml', PIPELINE)
  write('double.mjs', plugin(3))
  write('p.test.yaml', cases(2))
})
afterAll(() => shell.close())

test('a plugin, the cases, and a pipeline that is broken meanwhile', async () => {
  const child = spawn('custody', ['test', 'p.yaml', '--watch'], { cwd: shell.folder, env: shell.env })
  let said = ''
  let heard: () => void = () => undefined
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => {
      said += text
      heard()
    })
  /** All that is said up to the next time that it waits for changes. */
  const next = async (): Promise<string> => {
    const waits = /watching (\d) files; Ctrl-C ends it\n/
    while (!waits.test(said)) await new Promise<void>(resolve => (heard = resolve))
    const [before = '', , ...rest] = said.split(waits)
    said = rest.join('')
    return before
  }
  expect(await next()).toContain('- {"n":2}\n        + {"n":3}')
  write('double.mjs', plugin(2))
  expect(await next()).toContain('1 case passes')
  write('p.test.yaml', cases(1))
  expect(await next()).toContain('0 of 1 case pass')
  write('p.yaml', 'name: [')
  expect(await next()).toContain('CUSTODY_YAML')
  write('p.yaml', PIPELINE.replace('in.jsonl', 'other.jsonl'))
  expect(await next()).toContain('0 of 1 case pass')
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([130, null])
})
