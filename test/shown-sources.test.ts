/** What `custody show` counts of each of several sources is what that one had: records that a run without splits, and one with them, read of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WorkFolder } from './support/work-folder.ts'

const pipeline = (splits: string) => `
name: several
${splits}
defaults: { on_error: discard, on_invalid: discard }
sources:
  claims: { plugin: csv, options: { path: claims.csv }, schema: { mode: fixed, fields: { id: integer } }, to: out }
  letters: { plugin: jsonl, options: { path: letters.jsonl }, schema: { mode: fixed, fields: { id: integer } }, to: out }
  none: { plugin: csv, options: { path: none.csv }, schema: { mode: fixed, fields: { id: integer } }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } }
`

let work: WorkFolder
beforeAll(() => {
  work = new WorkFolder({
    'claims.csv': `id\n${Array.from({ length: 40 }, (_, i) => (i % 8 === 0 ? 'x' : i)).join('\n')}\n`,
    'letters.jsonl': '{"id":1}\nnot a record\n{"id":2}\n',
    'none.csv': 'id\n',
  })
})
afterAll(() => work.close())

test.each(['', 'splits: { count: 3 }', 'splits: { count: 3, by: id }'])('records of each (%s)', async splits => {
  writeFileSync(join(work.folder, 'p.yaml'), pipeline(splits))
  const run = await work.run()
  const { json } = await work.custody('show', run, '--json')
  expect(json.rows).toEqual({ read: 43, ingested: 37, rejected: 6 })
  expect(json.nodes.slice(0, 3)).toMatchObject([
    { node: 'claims', in: 40, ok: 35, error: 5, out: { to: 35, on_invalid: 5 } },
    { node: 'letters', in: 3, ok: 2, error: 1, out: { to: 2, on_invalid: 1 } },
    { node: 'none', in: 0, ok: 0, error: 0, out: { to: 0, on_invalid: 0 } },
  ])
})
