/** Yesterday's good outputs, and today's bad input: what a user of the command line gets. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `
name: nightly
sources:
  rows:
    plugin: csv
    options: { path: in.csv }
    schema: { mode: fixed, fields: { id: integer, name: string } }
    on_invalid: rejected
    to: tier
nodes:
  tier: { gate: row.id > 5, routes: { true: many, false: few }, on_error: rejected }
sinks:
  many: { plugin: csv, options: { path: out/many.csv, if_exists: replace }, on_error: discard }
  few: { plugin: jsonl, options: { path: out/few.jsonl, if_exists: append }, on_error: discard }
  rejected: { plugin: csv, options: { path: out/rejected.csv, if_exists: replace }, on_error: discard }
`
const RECORDS = Array.from({ length: 12 }, (_, i) => `${i + 1},n${i + 1}`)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-guards-'))
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const input = (text: string) => writeFileSync(join(folder, 'in.csv'), text)
const good = () => input(`id,name\n${RECORDS.join('\n')}\n`)
const bad = () => input(`id,name\n${RECORDS.map(each => `x${each}`).join('\n')}\n`)

/** By name: what lies beside the pipeline's outputs, hidden files too. */
function outputs(): { [name: string]: string } {
  const out = join(folder, 'out')
  const names = existsSync(out) ? readdirSync(out).sort() : []
  return Object.fromEntries(names.map(name => [name, readFileSync(join(out, name), 'utf8')]))
}
const shown = () => Object.fromEntries(Object.entries(outputs()).filter(([name]) => !name.startsWith('.')))

async function custody(...args: string[]) {
  const { exit: code, stdout, stderr } = await runInProcess(args, folder, { XDG_CONFIG_HOME: join(folder, '.config') })
  return { code, stdout, stderr, json: stdout.startsWith('{') ? (JSON.parse(stdout) as Answer) : null }
}
interface Answer {
  readonly run: string
  readonly status: string
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string }
}

test('all records rejected: the run stops, yesterday’s outputs stay, and resume publishes if that is wanted', async () => {
  good()
  expect((await custody('run', 'p.yaml', '--json')).code).toBe(0)
  const yesterday = shown()
  bad()
  const { code, json } = await custody('run', 'p.yaml', '--json')
  expect(code).toBe(1)
  expect(json).toMatchObject({ status: 'failed', error: { code: 'CUSTODY_GUARD' } })
  expect(json?.error?.message).toBe('all 12 records of source `rows` were rejected')
  expect(shown()).toEqual(yesterday)
  expect(JSON.parse((await custody('runs', '--json')).stdout)[0]).toMatchObject({ status: 'failed' })
  expect(JSON.parse((await custody('show', 'latest', '--json')).stdout)).toMatchObject({
    ...{ status: 'failed', failed_rows: 12, stopped: { reason: 'guard', code: 'CUSTODY_GUARD' } },
  })

  const resumed = await custody('resume', 'latest', '--set', 'sources.rows.guards.rejected=off')
  expect(resumed.code).toBe(0)
  expect(resumed.stderr).toContain('all 12 rows ended in failure')
  expect(shown()['rejected.csv']?.split('\n')).toHaveLength(14)
  expect(shown()['few.jsonl']).toBe(yesterday['few.jsonl'])
})

test('abandon drops what was staged, and cuts back what was appended', async () => {
  good()
  await custody('run', 'p.yaml', '--json')
  const yesterday = outputs()
  const { code, stderr } = await custody('run', 'p.yaml', '--set', 'guards.min_rows=13')
  expect(code).toBe(1)
  expect(stderr).toContain('the run has 12 rows, and guards.min_rows asks for 13')
  expect(stderr).toContain('out/many.csv and 1 other output are as they were')
  expect(stderr).toContain('5 rows stand at the end of out/few.jsonl, until the run is abandoned')
  expect(stderr).toMatch(/Try: .* resume [0-9a-f-]{13} --set guards\.min_rows=0 +publish all the same\n.* abandon /)
  expect(shown()['few.jsonl']).not.toBe(yesterday['few.jsonl'])
  const given_up = await custody('abandon', 'latest', '--json')
  expect(given_up.json?.status).toBe('abandoned')
  expect(outputs()).toEqual(yesterday)
  expect((await custody('verify', '--files')).code).toBe(0)
})

test.each(['changed', 'gone'])('a run can be given up whose pipeline file is %s', { tags: ['proof'] }, async what => {
  good()
  await custody('run', 'p.yaml', '--json')
  const yesterday = outputs()
  expect((await custody('run', 'p.yaml', '--set', 'guards.min_rows=13')).code).toBe(1)
  const file = join(folder, 'p.yaml')
  if (what === 'gone') rmSync(file)
  else writeFileSync(file, readFileSync(file, 'utf8').replace('few.jsonl', 'other.jsonl'))
  expect((await custody('resume', 'latest')).code).not.toBe(0)
  const { code, json } = await custody('abandon', 'latest', '--json')
  expect([code, json?.status]).toEqual([0, 'abandoned'])
  expect(outputs()).toEqual(yesterday)
})

test('an empty file is no reason to wipe what the last run has made; it is if there was none', async () => {
  input('')
  expect((await custody('run', 'p.yaml', '--json')).json?.status).toBe('empty')
  good()
  await custody('run', 'p.yaml', '--json')
  const yesterday = shown()
  input('')
  for (const more of [[], ['--dry-run']]) {
    const { code, json } = await custody('run', 'p.yaml', '--json', ...more)
    expect(code).toBe(1)
    expect(json?.error?.message).toBe('source `rows` is empty, and had 12 records in this pipeline’s last run')
    expect(json?.error?.hint).toContain(more.length === 0 ? '--set guards.min_rows=0' : 'A run would stop here')
  }
  // A run that didn't end is no last run.
  expect((await custody('run', 'p.yaml', '--json')).code).toBe(1)
  expect(shown()).toEqual(yesterday)
  expect((await custody('resume', 'latest', '--set', 'guards.min_rows=0', '--json')).json?.status).toBe('empty')
  expect((await custody('run', 'p.yaml', '--json')).code).toBe(0)
})

test.each(['', 'splits: { count: 2 }'])('a source that --limit leaves unread is not empty (%s)', async splits => {
  const source = (name: string) => `  ${name}: { plugin: csv, options: { path: ${name}.csv }, to: out }\n`
  const sinks = 'sinks:\n  out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } }\n'
  const head = `name: two\n${splits}\ndefaults: { on_error: discard, on_invalid: discard }\n`
  writeFileSync(join(folder, 'two.yaml'), `${head}sources:\n${source('a')}${source('b')}${sinks}`)
  for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.csv`), 'id\n1\n2\n3\n')
  expect((await custody('run', 'two.yaml', '--json')).json?.status).toBe('completed')
  for (const [limit, status] of [
    [2, 'completed'],
    [3, 'completed'],
    [0, 'empty'],
  ] as const)
    expect((await custody('run', 'two.yaml', '--limit', `${limit}`, '--json')).json).toMatchObject({
      status,
      rows: { read: limit },
    })
  // Where it would be read it is.
  expect((await custody('run', 'two.yaml', '--json')).code).toBe(0)
  writeFileSync(join(folder, 'b.csv'), '')
  expect((await custody('run', 'two.yaml', '--limit', '5', '--json')).json?.error?.code).toBe('CUSTODY_GUARD')
})

test('nor is one in which nothing stands, or an empty JSON document', { tags: ['proof'] }, async () => {
  good()
  await custody('run', 'p.yaml', '--json')
  const yesterday = shown()
  for (const blank of ['\ufeff', '\ufeff\r\n', '\n\n']) {
    input(blank)
    expect((await custody('run', 'p.yaml', '--json')).json?.error?.code, JSON.stringify(blank)).toBe('CUSTODY_GUARD')
    expect((await custody('resume', 'latest', '--json')).json?.error?.code).toBe('CUSTODY_GUARD')
  }
  expect(shown()).toEqual(yesterday)

  const options = '{ path: in.json }, to: out }'
  const json = `name: documents\nsources: { rows: { plugin: json, on_invalid: discard, options: ${options} }\nsinks: { out: { plugin: jsonl, on_error: discard, options: { path: out/document.jsonl, if_exists: replace } } }\n`
  writeFileSync(join(folder, 'json.yaml'), json)
  writeFileSync(join(folder, 'in.json'), '[{"n":1}]')
  expect((await custody('run', 'json.yaml', '--json')).code).toBe(0)
  writeFileSync(join(folder, 'in.json'), '')
  expect((await custody('run', 'json.yaml', '--json')).json?.error?.code).toBe('CUSTODY_GUARD')
  expect(outputs()['document.jsonl']).toBe('{"n":1}\n')
})

test('an error’s columns that a file has no place for are left out, and that is said', async () => {
  const path = 'out/rejected.csv, if_exists: replace'
  writeFileSync(join(folder, 'p.yaml'), PIPELINE.replace(path, 'rejects.csv, if_exists: append'))
  writeFileSync(join(folder, 'rejects.csv'), 'id,name,raw,error_code\n')
  input('id,name\n1,a\nx,b\n')
  const { code, stderr } = await custody('run', 'p.yaml')
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /warning rejected: .*rejects.csv has no column for source, file, line, error_node, error_field, error_message/,
  )
  expect(readFileSync(join(folder, 'rejects.csv'), 'utf8')).toBe('id,name,raw,error_code\n,,"x,b",SCHEMA_TYPE\n')
})

test('--strict is judged before anything is published', async () => {
  good()
  await custody('run', 'p.yaml', '--json')
  const yesterday = shown()
  input(`id,name\n1,a\nx,b\n7,c\n`)
  const { code, json } = await custody('run', 'p.yaml', '--strict', '--json')
  expect(code).toBe(3)
  expect(json).toMatchObject({ status: 'failed', error: { code: 'CUSTODY_STRICT' } })
  expect(shown()['many.csv']).toBe(yesterday['many.csv'])
  expect((await custody('resume', 'latest', '--json')).json?.status).toBe('completed_with_failures')
  expect(shown()['many.csv']).toBe('id,name\n7,c\n')
  expect(shown()['rejected.csv']).toBe(
    'id,name,source,file,line,raw,error_code,error_node,error_field,error_message\n' +
      ',,rows,in.csv,3,"x,b",SCHEMA_TYPE,rows,id,"id is ""x""; it must be an integer between −(2^53−1) and 2^53−1"\n',
  )
})

test('what is made of batches belongs to no row: `failed` doesn’t count it, and --strict stops at it', {
  tags: ['proof'],
}, async () => {
  const pipeline = `
name: batches
guards: { failed: 1 }
defaults: { on_error: problems, on_invalid: problems }
sources:
  rows: { plugin: csv, options: { path: in.csv }, to: number }
nodes:
  number: { transform: compute, options: { set: { n: int(row.id) } }, to: batch }
  batch: { aggregate: report, trigger: { count: 1 }, options: { line: '{name}' }, to: again }
  again: { transform: compute, options: { set: { n: int(row.report) } }, to: out }
sinks:
  out: { plugin: jsonl, options: { path: out/out.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: out/problems.jsonl, if_exists: replace }, on_error: discard }
`
  writeFileSync(join(folder, 'p.yaml'), pipeline)
  input('id,name\n1,a\n2,b\nx,c\n')
  expect((await custody('run', 'p.yaml')).stderr).toContain('1 of 3 rows ended in failure')
  expect((await custody('show', 'latest', '--json')).json).toMatchObject({
    ...{ status: 'completed_with_failures', failed_rows: 1, rows: { read: 3 } },
    errors: [
      { node: 'again', count: 2 },
      { node: 'number', count: 1 },
    ],
  })
  input('id,name\n1,a\n2,b\n')
  const { code, json } = await custody('run', 'p.yaml', '--strict', '--json')
  expect([code, json?.error?.message]).toEqual([
    3,
    'some of what was made of rows ended in failure, and the run is --strict',
  ])
})
