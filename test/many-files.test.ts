/** Sources of many files, end to end within this process: what is written, what is on record, what resume, re-run and replay read. */
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'
import { zipOf } from './support/zip.ts'

const PIPELINE = `
name: nightly
defaults: { on_error: broken, on_invalid: broken }
sources:
  claims:
    plugin: csv
    options: { path: 'in/*', path_field: file }
    schema: { mode: fixed, fields: { id: integer, amount: integer } }
    to: all
sinks:
  all: { plugin: csv, options: { path: out/all.csv, if_exists: replace } }
  broken: { plugin: jsonl, options: { path: out/broken.jsonl, if_exists: replace }, on_error: discard }
`

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-files-'))
  put('p.yaml', PIPELINE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}
function view(query: string): readonly Record<string, unknown>[] {
  const db = new DatabaseSync(join(folder, 'custody.db'))
  try {
    return db
      .prepare(query)
      .all()
      .map(each => ({ ...each }))
  } finally {
    db.close()
  }
}
const text = (path: string) => readFileSync(join(folder, path), 'utf8')

async function custody(...argv: string[]) {
  const result = await runInProcess(argv, folder, { XDG_CONFIG_HOME: join(folder, 'home') })
  return { ...result, json: argv.includes('--json') ? JSON.parse(result.stdout) : null }
}
const origin = async (row: number) =>
  (await custody('explain', 'latest', '--row', String(row), '--json')).json.origin as unknown
const holds = async () => expect((await custody('verify', '--json')).json).toMatchObject({ ok: true })

const A = 'id,amount\n1,10\n'
const B = 'amount,id\n20,2\nx,3\n'
const C = zipOf([{ name: 'c.csv', content: 'id,amount\n4,40\n' }])

describe('many files', () => {
  test('are one input: rows in order, each with its file, line and record', async () => {
    put('in/b.csv', B)
    put('in/a.csv', A)
    put('in/c.zip', C)
    const { json } = await custody('run', 'p.yaml', '--json')
    expect(json).toMatchObject({ status: 'completed_with_failures', rows: { read: 4, rejected: 1 } })
    expect(text('out/all.csv')).toBe('id,amount,file\n1,10,in/a.csv\n2,20,in/b.csv\n4,40,in/c.zip/c.csv\n')
    expect(JSON.parse(text('out/broken.jsonl'))).toMatchObject({ file: 'in/b.csv', line: 3, raw: 'x,3' })
    expect(await origin(1)).toEqual({ path: 'in/a.csv', line: 2, index: 1 })
    expect(await origin(3)).toEqual({ path: 'in/b.csv', line: 3, index: 3 })
    expect(await origin(4)).toEqual({ path: 'in/c.zip/c.csv', line: 2, index: 4 })
    const files = [
      ['in/a.csv', 1, A],
      ['in/b.csv', 2, B],
      ['in/c.zip/c.csv', 1, 'id,amount\n4,40\n'],
    ] as const
    const inputs = files.map(([path, rows, read], i) => ({
      ...{ run_id: json.run, source: 'claims', file: i + 1, path, rows, bytes: read.length },
      sha256: createHash('sha256').update(read).digest('hex'),
    }))
    expect(view('SELECT * FROM inputs')).toEqual(inputs)
    await holds()
    // As an erasure leaves them.
    view('DROP TRIGGER payloads_no_update')
    view(`UPDATE payloads SET body = json_replace(body, '$[0]', NULL, '$[2]', NULL)
      WHERE seq IN (SELECT seq FROM entries WHERE body LIKE '%"k":"file"%')`)
    expect(view('SELECT * FROM inputs')).toEqual(inputs.map(each => ({ ...each, path: null, sha256: null })))
  })

  test('are those of a folder, but what is left out; the record has what was read', async () => {
    put('in/b.csv', B)
    put('in/a.csv', A)
    put('in/a.csv.part', 'half')
    put('in/old/z.csv', A)
    put('p.yaml', PIPELINE.replace("path: 'in/*'", "path: in, exclude: '*.part'"))
    const { json } = await custody('run', 'p.yaml', '--json')
    expect(json).toMatchObject({ rows: { read: 3, rejected: 1 } })
    expect(text('out/all.csv')).toBe('id,amount,file\n1,10,in/a.csv\n2,20,in/b.csv\n')
    expect(view('SELECT path, rows FROM inputs')).toEqual([
      { path: 'in/a.csv', rows: 1 },
      { path: 'in/b.csv', rows: 2 },
    ])
    expect(await origin(2)).toEqual({ path: 'in/b.csv', line: 2, index: 2 })
    await holds()
    const { stderr } = await custody('run', 'p.yaml', '--set', 'sinks.all.options.path=in/all.csv')
    expect(stderr).toContain('which `claims` would read the next time')
    expect((await custody('run', 'p.yaml', '--set', 'sinks.all.options.path=in/all.csv.part')).exit).toBe(0)
  })

  test('the last of which lacks a column stop the run before anything is written', async () => {
    put('in/a.csv', A)
    put('in/b.csv', 'id,sum\n1,2\n')
    put('out/all.csv', 'as it was')
    const { stderr } = await custody('run', 'p.yaml')
    expect(stderr).toContain('in/b.csv lacks `amount`, which the schema requires')
    expect(text('out/all.csv')).toBe('as it was')
  })

  test('that are none stop the run, unless that is said to be fine', async () => {
    expect((await custody('run', 'p.yaml')).stderr).toContain('CUSTODY_FILE_NOT_FOUND: no file matches in/*')
    const { json } = await custody('run', 'p.yaml', '--json', '--set', 'sources.claims.options.if_missing=empty')
    expect(json).toMatchObject({ status: 'empty', rows: { read: 0 } })
    await holds()
  })

  test.each([1, 2, 3])('are read up to --limit %i', async limit => {
    put('in/a.csv', A)
    put('in/b.csv', B)
    const { json } = await custody('run', 'p.yaml', '--json', '--limit', String(limit))
    expect(json).toMatchObject({ rows: { read: limit } })
    await holds()
  })

  test('where a sink would write what the next run reads, are refused', async () => {
    put('in/a.csv', A)
    const { stderr } = await custody('run', 'p.yaml', '--set', 'sinks.all.options.path=in/all.csv')
    expect(stderr).toContain('which `claims` would read the next time')
    expect((await custody('run', 'p.yaml', '--set', 'sinks.all.options.path=in/a.csv')).stderr).toContain(
      'which `claims` reads',
    )
  })
})

describe('a run that stopped within the second of three files', { tags: ['proof'] }, () => {
  beforeEach(async () => {
    put('in/a.csv', A)
    put('in/b.csv', 'id,amount\n2,20\n3,"30\n')
    put('in/c.zip', C)
    expect((await custody('run', 'p.yaml')).stderr).toContain('CUSTODY_UNCLOSED_QUOTE')
  })
  const repair = () => put('in/b.csv', 'id,amount\n2,20\n3,"30"\n')
  const resume = (...more: string[]) => custody('resume', 'latest', ...more)

  test('continues there when that is repaired, and reads no file that has come since', async () => {
    put('in/aa.csv', 'id,amount\n9,9\n')
    repair()
    expect(await resume()).toMatchObject({ exit: 0 })
    expect(text('out/all.csv').split('\n').slice(1, -1)).toEqual([
      ...['1,10,in/a.csv', '2,20,in/b.csv', '3,30,in/b.csv', '4,40,in/c.zip/c.csv'],
    ])
    expect(await origin(4)).toEqual({ path: 'in/c.zip/c.csv', line: 2, index: 4 })
    await holds()
  })

  test('tells of a row in the file that wasn’t read to its end', async () => {
    expect(await origin(2)).toEqual({ path: 'in/b.csv', line: 2, index: 2 })
  })

  test('is refused while a file that it has read isn’t what it was; put back, it continues', async () => {
    repair()
    appendFileSync(join(folder, 'in/a.csv'), '7,70\n')
    const { exit, stderr } = await resume()
    expect([exit, stderr]).toEqual([1, expect.stringContaining('CUSTODY_SOURCE_CHANGED')])
    expect(stderr).toContain('in/a.csv, which this run has read, isn’t what it was then')
    rmSync(join(folder, 'in/a.csv'))
    expect((await resume()).stderr).toContain('in/a.csv was there when the run began, and isn’t any more')
    put('in/a.csv', A)
    expect(await resume()).toMatchObject({ exit: 0 })
    await holds()
  })

  test.each([
    ['resume', 'latest', '--from-ledger-only'],
    ['abandon', 'latest'],
  ])('is finished with all files gone: %s', async (...argv) => {
    rmSync(join(folder, 'in'), { recursive: true })
    expect(await custody(...argv)).toMatchObject({ exit: argv[0] === 'abandon' ? expect.any(Number) : 0 })
    expect((await custody('show', 'latest', '--json')).json).toMatchObject({ ended_at: expect.any(String) })
    await holds()
  })
})

test('verify --files says which of them are as they were read, and which aren’t, and that is no fault', async () => {
  put('p.yaml', PIPELINE.replace('sinks:', `  one: { plugin: jsonl, options: { path: one.jsonl }, to: all }\nsinks:`))
  put('in/a.csv', A)
  put('in/b.csv', B)
  put('in/c.zip', C)
  put('one.jsonl', '{"id":5,"amount":50,"file":"one"}\n')
  await custody('run', 'p.yaml')
  const inputs = async (...more: string[]) => {
    const { exit, json } = await custody('verify', '--files', '--json', ...more)
    return [exit, json.runs[0].checks.find((each: { name: string }) => each.name === 'inputs')]
  }
  const packed = `source claims: ${join(folder, 'in/c.zip/c.csv')} is not compared: on record is the hash of what was unpacked`
  const holds = { name: 'inputs', ok: true, problems: [] }
  expect(await inputs()).toEqual([0, { ...holds, compared: 3, not_checked: [packed] }])
  // What stands behind what was read isn't looked at.
  appendFileSync(join(folder, 'in/a.csv'), '7,70\n')
  put('in/b.csv', B.replace('20', '21'))
  put('one.jsonl', '{}\n')
  const changed = [
    `source claims: ${join(folder, 'in/b.csv')} was changed since it was read`,
    packed,
    `source one: ${join(folder, 'one.jsonl')} was changed since: it has 3 bytes, and 34 were read`,
  ]
  expect(await inputs()).toEqual([0, { ...holds, compared: 1, not_checked: changed }])
  expect((await custody('verify', '--files')).stdout).toContain('1 input file of its, as read')
  const gone = ['in/a.csv', 'in/b.csv'].map(path => `source claims: ${join('/moved', path)} is gone`)
  const [, { compared, not_checked }] = await inputs('--root', '/moved')
  expect([compared, not_checked.slice(0, 2), not_checked.at(-1)]).toEqual([
    0,
    gone,
    'source one: /moved/one.jsonl is gone',
  ])
})

test('where files themselves are the rows, one that something was appended to has changed, too', async () => {
  const rows = `
name: documents
defaults: { on_error: discard, on_invalid: discard }
sources: { documents: { plugin: files, options: { path: 'in/*' }, to: all } }
sinks: { all: { plugin: jsonl, options: { path: out/all.jsonl } } }
`
  put('p.yaml', rows)
  put('in/a.txt', 'Dear all')
  put('in/b.txt', 'Yours')
  expect((await custody('run', 'p.yaml')).exit).toBe(0)
  appendFileSync(join(folder, 'in/a.txt'), '!')
  const { json } = await custody('verify', '--files', '--json')
  expect(json.runs[0].checks.find((each: { name: string }) => each.name === 'inputs')).toMatchObject({
    compared: 1,
    not_checked: [`source documents: ${join(folder, 'in/a.txt')} was changed since: it has 9 bytes, and 8 were read`],
  })
})

describe('another run', () => {
  beforeEach(async () => {
    put('in/a.csv', 'id,amount\n1,one\n')
    put('in/b.csv', 'amount,id\n20,2\nthree,3\n"4"x,4\n')
    await custody('run', 'p.yaml')
  })

  test('of the failed rows reads them as their files had them, with their names', async () => {
    put('fixed.yaml', PIPELINE.replace('amount: integer', 'amount: string'))
    rmSync(join(folder, 'in'), { recursive: true })
    expect(await custody('rerun', 'latest', '--pipeline', 'fixed.yaml', '--json')).toMatchObject({
      exit: 0,
    })
    const rows = text('out/all.csv.rerun-1').trim().split('\n')
    expect(rows).toEqual(['id,amount,file', '1,one,in/a.csv', '3,three,in/b.csv'])
    expect(JSON.parse(text('out/broken.jsonl.rerun-1'))).toMatchObject({ file: 'in/b.csv', line: 4 })
    expect(await origin(2)).toEqual({ path: 'in/b.csv', line: 3, index: 3 })
    await holds()
  })

  test('that replays it reads its files, and no newer ones', async () => {
    put('in/c.csv', 'id,amount\n9,9\n')
    const { json } = await custody('replay', 'p.yaml', '--from', 'latest', '--json')
    expect(json).toMatchObject({ rows: { read: 4 } })
  })
})
