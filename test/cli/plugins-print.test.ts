/** What plugins print stands among messages, never among answers or rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { runProgram } from '../support/built-cli.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-print-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const PLUGIN = `
import { z } from 'zod'
import { defineTransform, oneRow } from 'custody/sdk'
console.log('loaded')
export const loud = defineTransform({
  kind: 'transform',
  name: 'loud',
  summary: 'Prints',
  options: z.strictObject({}),
  determinism: 'deterministic',
  errors: {},
  examples: [{ title: 'A row', options: {}, rows_in: [{ n: '1' }], rows_out: [{ n: '1' }] }],
  cardinality: 'one',
  create: () => ({
    process(row) {
      console.log('row', row.n)
      console.table([row])
      return oneRow(row)
    },
  }),
})
`
const PIPELINE = `
name: loud
plugins: [./loud.ts]
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: csv, options: { path: in.csv }, to: loud }
nodes:
  loud: { transform: loud, options: {}, to: out }
sinks:
  out: { plugin: jsonl, options: { path: '-' } }
`

test('to standard error', async () => {
  writeFileSync(join(folder, 'in.csv'), 'n\n1\n2\n')
  writeFileSync(join(folder, 'loud.ts'), PLUGIN)
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  const environment = { HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') }
  const { exit, stdout, stderr } = await runProgram(inject('bin'), 'custody', ['run', 'p.yaml'], folder, environment)
  expect([exit, stdout]).toEqual([0, '{"n":"1"}\n{"n":"2"}\n'])
  for (const printed of ['loaded\n', 'row 1\n', 'row 2\n', '(index)']) expect(stderr).toContain(printed)
})
