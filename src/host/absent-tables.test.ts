import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkPipeline } from './compile.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-absent-'))
  writeFileSync(
    join(folder, 'p.yaml'),
    `name: p
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: csv, options: { path: rows.csv }, schema: { mode: fixed, fields: { part: string } }, to: part }
nodes:
  part:
    transform: lookup
    options: { path: data/parts.csv, key: { part: part_no }, select: [price], missing: 'null' }
    to: out
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl } }
`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a table that isn’t there is a warning at its path, and none where it is; a source’s file may still come', async () => {
  const file = join(folder, 'p.yaml')
  const { plan, diagnostics } = await checkPipeline({}, file, [])
  expect(plan).not.toBeNull()
  expect(diagnostics).toMatchObject([
    {
      severity: 'warning',
      code: 'CUSTODY_FILE_NOT_FOUND',
      message: 'data/parts.csv, which `part` reads, isn’t there',
      file,
      line: 8,
      column: 22,
    },
  ])
  writeFileSync(join(folder, 'parts.csv'), 'part_no,price\na,1\n')
  const beside = ['nodes.part.options.path=parts.csv']
  expect((await checkPipeline({}, file, beside)).diagnostics).toEqual([])
})
