/** Runs with splits that read Parquet files: row groups are what is cut. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WorkFolder } from './support/work-folder.ts'

const ROWS = 500
let work: WorkFolder
beforeEach(() => {
  const lines = Array.from({ length: ROWS }, (_, i) => `${i + 1},${'abc'[i % 3]},${i % 50 === 0 ? '' : i * 3}\n`)
  work = new WorkFolder({ 'in.csv': `id,who,amount\n${lines.join('')}` })
})
afterEach(() => work.close())

const made = (path: string, keep: string, rows: number) => `
name: made
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, who: string, amount: integer? } }, to: some }
nodes: { some: { transform: filter, options: { keep: '${keep}' }, to: out } }
sinks: { out: { plugin: parquet, options: { path: ${path}, row_group_rows: ${rows}, if_exists: replace } } }
`

const read = (splits: string, path: string) => `
name: read
${splits}
defaults: { on_error: problems, on_invalid: problems }
sources:
  rows:
    plugin: parquet
    options: { path: ${path}, path_field: file }
    schema: { mode: fixed, fields: { id: integer, who: string, amount: integer } }
    to: large
nodes: { large: { transform: filter, options: { keep: row.amount > 100 }, to: out } }
sinks:
  out: { plugin: csv, options: { path: out/all.csv, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`

async function run(yaml: string, ...argv: string[]): Promise<string> {
  writeFileSync(join(work.folder, 'p.yaml'), yaml)
  return await work.run(...argv)
}

const outputs = () => ['all.csv', 'problems.jsonl'].map(name => readFileSync(join(work.folder, 'out', name), 'utf8'))

test('leave what they leave without splits, of one file, of lists, and of a part of it', {
  tags: ['proof'],
}, async () => {
  await run(made('data/1.parquet', 'row.id <= 300', 40))
  await run(made('data/2.parquet', 'row.id > 300', 25))
  for (const [path, limit] of [
    ['data/1.parquet', []],
    ['data/*.parquet', []],
    ['data/*.parquet', ['--limit', '333']],
  ] as const) {
    await run(read('', path), ...limit)
    const left = outputs()
    for (const splits of [3, 40]) {
      const cut = await run(read(`splits: { count: ${splits} }`, path), ...limit)
      expect(outputs()).toEqual(left)
      const { stdout } = await work.custody('verify', cut, '--files')
      expect(stdout).toMatch(/holds\.\n$/)
      expect(stdout).not.toContain('changed since')
    }
  }
})

test('share row groups, and say which file has changed since', async () => {
  await run(made('data/1.parquet', 'true', 50))
  const cut = await run(read('splits: { count: 4 }', 'data/1.parquet'))
  for (const part of [1, 2, 3, 4])
    expect((await work.custody('explain', cut, '--row', `${part}:1`)).stdout).toContain(`1.parquet`)
  const verified = async () => (await work.custody('verify', cut, '--files', '--json')).json
  expect(JSON.stringify(await verified())).toContain('"compared":1')
  appendFileSync(join(work.folder, 'data', '1.parquet'), 'x')
  const again = await work.custody('verify', cut, '--files')
  expect(again.exit).toBe(0)
  writeFileSync(
    join(work.folder, 'data', '1.parquet'),
    readFileSync(join(work.folder, 'data', '1.parquet')).fill(7, 600, 610),
  )
  expect((await work.custody('verify', cut, '--files')).stdout).toContain('was changed since it was read')
})
