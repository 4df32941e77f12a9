/** What records of runs with splits disclose of what sources read, and which files that ties to them. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WorkFolder } from './support/work-folder.ts'

const lines = (from: number, count: number) =>
  `id,text\n${Array.from({ length: count }, (_, i) => `${from + i},${'x'.repeat(i % 9)}\n`).join('')}`

let work: WorkFolder
beforeEach(() => {
  work = new WorkFolder({ 'in.csv': lines(1, 100) })
})
afterEach(() => work.close())

const pipeline = (source: string, more = '', to = 'out') => `
name: cut
splits: { count: 5 }
${more}
defaults: { on_error: discard, on_invalid: discard }
sources: { rows: { ${source}, schema: { mode: fixed, fields: { id: integer, text: string } }, to: ${to} } }
${to === 'out' ? '' : `nodes: { steady: { transform: steady, options: { broken: ${join(work.folder, 'broken')} }, to: out } }`}
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } } }
`

const put = (text: string) => writeFileSync(join(work.folder, 'p.yaml'), text)

/** Of the latest run: what is proven of a file, or why it isn't. */
async function said(path: string): Promise<string> {
  const made = await work.custody('prove', 'latest', '--out', 'r.gz', '--force', '--disclose', 'source:rows')
  expect(made.exit, made.stderr).toBe(0)
  writeFileSync(join(work.folder, 'keys'), (await work.custody('key', 'show')).stdout)
  const { json } = await work.custody('check', 'r.gz', '--key', 'keys', '--source', `rows=${path}`, '--json')
  const failed = json.checks.flatMap((each: { problems: readonly string[] }) => each.problems)
  const proven = json.proven.filter((each: { what: string }) => each.what.startsWith(path))
  expect(json.ok).toBe(failed.length === 0)
  return [...failed, ...proven.map((each: { what: string }) => each.what)].join('\n')
}

test('a file that was cut is what was read, piece by piece, or begins with it', async () => {
  put(pipeline('plugin: csv, options: { path: in.csv }'))
  await work.run()
  expect(await said('in.csv')).toMatch(/^in\.csv is what rows read: 100 records in 796 bytes, SHA-256 [0-9a-f]{64}$/)
  appendFileSync(join(work.folder, 'in.csv'), '101,\n')
  expect(await said('in.csv')).toMatch(/^in\.csv begins with what rows read: 100 records in 796 bytes/)
  writeFileSync(join(work.folder, 'other.csv'), lines(1, 100).replace('\n50,', '\n55,'))
  expect(await said('other.csv')).toBe('other.csv isn’t what rows read')
})

test('so it is with the beginning of it, with lists, and with Parquet', { tags: ['proof'] }, async () => {
  put(pipeline('plugin: csv, options: { path: in.csv }'))
  await work.run('--limit', '33')
  expect(await said('in.csv')).toMatch(/^in\.csv begins with what rows read: 33 records/)
  writeFileSync(join(work.folder, 'many-1.csv'), lines(1, 3))
  writeFileSync(join(work.folder, 'many-2.csv'), lines(4, 200))
  put(pipeline('plugin: csv, options: { path: many-*.csv }'))
  await work.run()
  expect(await said('many-1.csv')).toMatch(/^many-1\.csv is what rows read: 3 records/)
  expect(await said('many-2.csv')).toMatch(/^many-2\.csv is what rows read: 200 records/)
  await work.run('--limit', '100')
  expect(await said('many-2.csv')).toMatch(/^many-2\.csv begins with what rows read: 97 records/)
  put(`
name: made
sources: { rows: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: out } }
sinks: { out: { plugin: parquet, options: { path: in.parquet, row_group_rows: 9 }, on_error: discard } }
`)
  await work.run()
  put(pipeline('plugin: parquet, options: { path: in.parquet }').replace('id: integer', 'id: string'))
  await work.run()
  expect(await said('in.parquet')).toMatch(/^in\.parquet is what rows read: 100 records/)
})

test('what one split read as a whole can’t be disclosed', async () => {
  writeFileSync(join(work.folder, 'in.csv.gz'), gzipSync(lines(1, 100)))
  put(pipeline('plugin: csv, options: { path: in.csv.gz }'))
  await work.run()
  const refused = await work.custody('prove', 'latest', '--out', 'r.gz', '--disclose', 'source:rows')
  expect(refused.exit).not.toBe(0)
  expect(refused.stderr).toContain('source rows couldn’t be cut: split 1 read all of it')
  expect(refused.stderr).toContain('custody verify --files')
})

test('of a run that was given up, nothing is said of what splits haven’t read', { tags: ['proof'] }, async () => {
  writeFileSync(
    join(work.folder, 'steady.ts'),
    `import { existsSync } from 'node:fs'
import { z } from 'zod'
import { defineTransform } from 'custody/sdk'
export default defineTransform({
  name: 'steady', summary: 'Passes rows on', options: z.strictObject({ broken: z.string() }), errors: {},
  examples: [{ title: 'A row', options: { broken: 'no' }, rows_in: [{ id: 1 }], rows_out: [{ id: 1 }] }],
  cardinality: 'one', determinism: 'deterministic',
  create: ({ broken }) => ({
    process: row => {
      if (row.id === 47 && existsSync(broken)) throw new Error('not now')
      return { kind: 'row', row }
    },
  }),
})
`,
  )
  writeFileSync(join(work.folder, 'broken'), '')
  put(pipeline('plugin: csv, options: { path: in.csv }', 'plugins: [./steady.ts]', 'steady'))
  expect((await work.custody('run', 'p.yaml')).exit).toBe(1)
  rmSync(join(work.folder, 'broken'))
  const given_up = await work.custody('abandon', 'latest')
  expect(given_up.stderr + given_up.stdout).toContain('abandoned')
  expect(await said('in.csv')).toContain('in.csv: the record doesn’t disclose what rows read')
})
