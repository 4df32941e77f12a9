/** `custody rerun`, end to end within this process: which rows, on which pipeline, what is written where, what is on record. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { signingKey } from '../src/ledger/keys/keys.ts'
import { eraseValues, recordErasure } from './support/erasing.ts'
import { runInProcess } from './support/in-process.ts'

const ROOT = join(import.meta.dirname, '..')
const PLUGIN = `
import { appendFileSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { defineTransform, derive } from '${join(ROOT, 'src/sdk/index.ts')}'
export default defineTransform({
  name: 'ask', summary: 'Asks', options: z.strictObject({}), determinism: 'external', services: () => ['oracle'],
  errors: { NO: 'It said no.' }, examples: [{ title: 'x', options: {} }], cardinality: 'one',
  create: () => ({
    process: async (row, { call }) => {
      const result = await call('oracle', { request: { id: row.id } }, async () => {
        appendFileSync('asked.txt', row.id + '\\n')
        return { kind: 'answer', response: { said: 'about ' + row.id } }
      })
      return result.kind === 'error' ? result : { kind: 'row', row: derive(row, { said: result.response.said }) }
    },
  }),
})
`
const PIPELINE = `
name: claims
defaults: { on_error: failed, on_invalid: broken }
plugins: [./ask.ts]
sources:
  claims:
    plugin: csv
    options: { path: claims.csv }
    schema: { mode: fixed, fields: { id: integer, amount: number, kind: string } }
    to: asked
nodes:
  asked: { transform: ask, to: split }
  split: { fork: { one: taken, two: gated } }
  taken: { transform: passthrough, to: all }
  gated: { gate: 'row.amount / row.amount > 0.5', routes: { true: paid, false: discard } }
sinks:
  all: { plugin: jsonl, options: { path: out/all.jsonl } }
  paid: { plugin: jsonl, options: { path: out/paid.jsonl } }
  failed: { plugin: jsonl, options: { path: out/failed.jsonl }, on_error: discard }
  broken: { plugin: jsonl, options: { path: out/broken.jsonl }, on_error: discard }
`
const LINEAR = PIPELINE.replace('to: split', 'to: gated').replace(/ {2}(split|taken|all):.*\n/g, '')
const CSV = 'id,amount,kind\n1,10,a\n2,0,b\n3,ten,c\n4,40,d\n'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'custody-rerun-'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'ask.ts'), PLUGIN)
  writeFileSync(join(folder, 'claims.csv'), CSV)
  writeFileSync(join(folder, 'p.yaml'), LINEAR)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function custody(...argv: string[]) {
  const result = await runInProcess(argv, folder, { XDG_CONFIG_HOME: join(folder, 'home') })
  return { ...result, json: argv.includes('--json') ? JSON.parse(result.stdout) : null }
}
const linesOf = (file: string) =>
  readFileSync(join(folder, file), 'utf8')
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
const asked = () => readFileSync(join(folder, 'asked.txt'), 'utf8').trim().split('\n')
const holds = async () => expect((await custody('verify', '--json')).json).toMatchObject({ ok: true })

describe('rows of a finished run, again', () => {
  test('those that failed, rejected records too, on a fixed pipeline; answers on record are used', async () => {
    expect((await custody('run', 'p.yaml', '--json')).json).toMatchObject({ rows: { read: 4, rejected: 1 } })
    expect(linesOf('out/failed.jsonl')).toMatchObject([{ id: 2, _error: { node: 'gated' } }])
    writeFileSync(
      join(folder, 'fixed.yaml'),
      LINEAR.replace('amount: number', 'amount: any').replace(/gate: '.*?'/, "gate: 'true'"),
    )
    const { exit, json } = await custody('rerun', 'latest', '--pipeline', 'fixed.yaml', '--json')
    expect([exit, json.rows, json.reruns.rows, json.reruns.left_out]).toEqual([
      0,
      { read: 2, ingested: 2, rejected: 0 },
      2,
      [],
    ])
    expect(linesOf('out/paid.jsonl').map(({ id }) => id)).toEqual([1, 4])
    expect(linesOf('out/paid.jsonl.rerun-1')).toEqual([
      { id: 2, amount: 0, kind: 'b', said: 'about 2' },
      { id: 3, amount: 'ten', kind: 'c', said: 'about 3' },
    ])
    // Row 2 was answered before; the record of row 3 never got so far.
    expect(asked()).toEqual(['1', '2', '4', '3'])
    await holds()
    expect((await custody('show', 'latest~1', '--json')).json.reruns).toMatchObject({
      failed_rows: 2,
      still_failed_rows: 0,
    })
    const again = (await custody('explain', 'latest~1', '--row', '2', '--json')).json
    expect([again.row, again.reruns.map((each: { row: number }) => each.row)]).toEqual([2, [1]])
    const before = (await custody('explain', 'latest', '--row', '2', '--json')).json
    expect([before.row, before.repeats.map((each: { row: number }) => each.row)]).toEqual([2, [3]])
  })

  test('nothing is replaced: numbered beside, or appended; and a number is used once', {
    tags: ['proof'],
  }, async () => {
    await custody('run', 'p.yaml')
    await custody('rerun', 'latest')
    await custody('rerun', 'latest~1', '--outputs', 'append')
    await custody('rerun', 'latest~2', '--fresh')
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(
      ['broken', 'failed', 'paid'].flatMap(name => [`${name}.jsonl`, `${name}.jsonl.rerun-1`, `${name}.jsonl.rerun-3`]),
    )
    expect(linesOf('out/failed.jsonl').map(({ id }) => id)).toEqual([2, 2])
    expect(asked()).toEqual(['1', '2', '4', '2'])
    await custody('rerun', 'latest')
    // Rows of a re-run are compared with those that they repeat, by whichever way round; those of two re-runs with each other, also of a re-run of one.
    for (const runs of [
      ['latest~4', 'latest~3'],
      ['latest~3', 'latest~4'],
      ['latest~3', 'latest~2'],
      ['latest~1', 'latest'],
      ['latest', 'latest~4'],
      ['latest~3', 'latest'],
    ]) {
      const { exit, json } = await custody('diff', ...runs, '--json')
      expect([exit, json.matched_by, json.rows.same, json.rows.different]).toEqual([0, 'repeats', 2, 0])
    }
    await holds()
  })

  test('rejected records have the columns of then, whatever the file has now', { tags: ['proof'] }, async () => {
    const all = async (...argv: string[]) =>
      (await custody('rerun', ...argv, '--pipeline', 'fixed.yaml', '--json')).json
    writeFileSync(
      join(folder, 'claims.csv'),
      CSV.replace('id,amount,kind', 'id,"amount",kind').replace('3,ten,c', '3,"ten",c'),
    )
    await custody('run', 'p.yaml', '--json')
    const fixed = (type: string, gate: string) =>
      LINEAR.replace('amount: number', `amount: ${type}`).replace('row.amount / row.amount > 0.5', gate)
    writeFileSync(join(folder, 'fixed.yaml'), fixed('string', 'row.amount > "a"'))
    // Today's columns stand in another order; then nothing is there any more.
    writeFileSync(join(folder, 'claims.csv'), 'kind,id,amount\nd,4,40\n')
    expect(await all('latest')).toMatchObject({ rows: { read: 2, ingested: 1, rejected: 1 } })
    const third = { id: 3, amount: 'ten', kind: 'c' }
    expect(linesOf('out/paid.jsonl.rerun-1')).toMatchObject([third])
    rmSync(join(folder, 'claims.csv'))
    expect(await all('latest~1')).toMatchObject({ rows: { read: 2, ingested: 1 } })
    expect(linesOf('out/paid.jsonl.rerun-2')).toMatchObject([third])
    // What only the schema of then refused is looked at with that of now.
    writeFileSync(join(folder, 'fixed.yaml'), fixed('any', 'row.id > 0'))
    expect(await all('latest')).toMatchObject({ rows: { read: 1, ingested: 1 } })
    expect(linesOf('out/paid.jsonl.rerun-3')).toMatchObject([{ id: 2, amount: 0 }])
    await holds()
  })

  test('rows with a token in a sink are named and left out, unless they are wanted', async () => {
    writeFileSync(join(folder, 'p.yaml'), PIPELINE)
    await custody('run', 'p.yaml')
    expect((await custody('rerun', 'latest', '--json')).json.reruns).toMatchObject({ rows: 1, left_out: [2] })
    const nothing = await custody('rerun', 'latest~1', '--where', 'row.id > 1')
    expect(nothing.stderr).toContain('left out: 2 rows with a token in a sink already, or perhaps: 2, 4')
    expect(nothing.stderr).toContain('nothing to run again')
    const { json } = await custody('rerun', 'latest~1', '--include-written', '--json')
    expect(json.reruns).toMatchObject({ rows: 2, left_out: [] })
    await holds()
  })

  test('what is wrong is said: no such source, an unfinished run, a pipeline that was changed', async () => {
    await custody('run', 'p.yaml')
    writeFileSync(join(folder, 'other.yaml'), LINEAR.replace('  claims:\n', '  others:\n'))
    const lost = await custody('rerun', 'latest', '--pipeline', 'other.yaml', '--json')
    expect([lost.exit, lost.json.error.code]).toEqual([2, 'CUSTODY_RERUN_SOURCE'])
    writeFileSync(join(folder, 'p.yaml'), LINEAR.replace('0.5', '0.4'))
    const changed = await custody('rerun', 'latest', '--json')
    expect([changed.exit, changed.json.error.code]).toEqual([2, 'CUSTODY_PLAN_CHANGED'])
    expect(changed.json.error.hint).toContain('--pipeline')
  })

  test('a row whose data was erased is rejected with a code', async () => {
    await custody('run', 'p.yaml')
    const ledger = new DatabaseSync(join(folder, 'custody.db'))
    const of_row = ledger.prepare('SELECT seq FROM payloads JOIN entries USING (log, seq) WHERE log = 1 AND "row" = 2')
    const seqs = of_row.all().map(({ seq }) => Number(seq))
    eraseValues(ledger, 1, seqs)
    // Nobody said that they may be gone.
    for (const command of ['explain', 'rerun', 'diff'] as const) {
      const more = command === 'explain' ? ['--row', '2'] : command === 'diff' ? ['latest'] : []
      const refused = await custody(command, 'latest', ...more)
      expect([refused.exit, refused.stdout + refused.stderr]).toEqual([
        expect.toBeOneOf([1, 2]),
        expect.stringContaining('no erasure is on record'),
      ])
    }
    const signer = signingKey({ XDG_CONFIG_HOME: join(folder, 'home') })
    recordErasure(
      ledger,
      signer,
      1,
      seqs.map(seq => [seq, seq]),
    )
    ledger.close()
    await holds()
    const { stdout } = await custody('explain', 'latest', '--row', '2')
    expect(stdout).toContain('its data is erased')
    const { json } = await custody('rerun', 'latest', '--json')
    expect(json.rows).toEqual({ read: 2, ingested: 0, rejected: 2 })
    expect(linesOf('out/broken.jsonl.rerun-1').map(({ _error }) => _error.code)).toEqual([
      'VALUE_ERASED',
      'SCHEMA_TYPE',
    ])
  })
})
