/** Decimals whose texts differ and whose amounts don't, as keys: end to end, and the record holds. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from './support/in-process.ts'

/** Where the file's decimals have no scale, texts of one amount may differ. */
const PIPELINE = `name: amounts
defaults: { on_error: problems, on_invalid: problems }
sources:
  in: { plugin: csv, options: { path: in.csv }, schema: { mode: fixed, fields: { id: integer, net: decimal } }, to: ways }
nodes:
  ways: { fork: { named: named, once: once, spread: spread, wide: wide, some: some } }
  named:
    transform: lookup
    options: { path: names.csv, key: { net: amount }, select: [name], missing: 'null' }
    to: names
  once: { aggregate: dedupe, output: passthrough, options: { key: [net] }, to: firsts }
  spread: { aggregate: batch_distribution, options: { field: net }, to: counts }
  wide: { aggregate: pivot, options: { column: net, value: id, combine: count, prefix: at_ }, to: columns }
  some: { transform: sample, options: { one_in: 2, key: net }, to: samples }
sinks:
  names: { plugin: jsonl, options: { path: names.jsonl, if_exists: replace } }
  firsts: { plugin: jsonl, options: { path: firsts.jsonl, if_exists: replace } }
  counts: { plugin: jsonl, options: { path: counts.jsonl, if_exists: replace } }
  columns: { plugin: jsonl, options: { path: columns.jsonl, if_exists: replace } }
  samples: { plugin: jsonl, options: { path: samples.jsonl, if_exists: replace } }
  problems: { plugin: jsonl, options: { path: problems.jsonl, if_exists: replace }, on_error: discard }
`
const NETS = ['1.0', '2', '1.00', '3.10', '3.1', '1', '2.000']

const folder = mkdtempSync(join(tmpdir(), 'custody-decimal-keys-'))
const custody = async (...argv: readonly string[]) => {
  const env = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_CACHE_HOME: join(folder, 'cache') }
  const { exit, stdout, stderr } = await runInProcess([...argv, '--json'], folder, env)
  expect(stdout, stderr).not.toBe('')
  return { exit, answer: JSON.parse(stdout) }
}
const rowsOf = (name: string) =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .flatMap(line => (line === '' ? [] : [JSON.parse(line)]))

const run = async (nets: readonly string[]) => {
  writeFileSync(join(folder, 'in.csv'), `id,net\n${nets.map((net, i) => `${i + 1},${net}\n`).join('')}`)
  expect(await custody('run', 'p.yaml')).toMatchObject({ exit: 0 })
}

beforeAll(async () => {
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  writeFileSync(join(folder, 'names.csv'), 'amount,name\n1.000,one\n3.1,three\n')
  await run(NETS)
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a lookup finds them, and rows keep their digits', () => {
  const names = rowsOf('names.jsonl').map(({ net, name }) => [net, name])
  const named = ['one', null, 'one', 'three', 'three', 'one', null]
  expect(names).toEqual(NETS.map((net, i) => [net, named[i]]))
})

test('dedupe, distributions and pivot take them for one', () => {
  expect(rowsOf('firsts.jsonl').map(({ id, net }) => [id, net])).toEqual([
    [1, '1.0'],
    [2, '2'],
    [4, '3.10'],
  ])
  expect(rowsOf('counts.jsonl').map(({ value, count }) => [value, count])).toEqual([
    ['1.0', 3],
    ['2', 2],
    ['3.10', 2],
  ])
  expect(rowsOf('columns.jsonl')).toEqual([{ at_1: 3, at_2: 2, 'at_3.1': 2 }])
})

test('a sample keeps all or none of them', () => {
  const kept = new Set(rowsOf('samples.jsonl').map(({ id }) => id))
  for (const same of [
    [1, 3, 6],
    [2, 7],
    [4, 5],
  ])
    expect(new Set(same.map(id => kept.has(id))).size).toBe(1)
})

test('the record holds', async () => {
  expect(await custody('verify', 'latest', '--decisions')).toMatchObject({ exit: 0, answer: { ok: true } })
})

test('diff matches rows by them if both runs declare the field', async () => {
  const keys = async () => {
    const { rows, key } = (await custody('diff', 'latest~1', 'latest', '--key', 'net')).answer
    return { compared: rows.compared, only_old: rows.only_old, repeated: key.new.repeated.keys }
  }
  await run(['1', '1.0000', '1', '2.0', '2', '3.1', '3.10'])
  expect(await keys()).toEqual({ compared: 7, only_old: 0, repeated: 3 })
  writeFileSync(join(folder, 'p.yaml'), PIPELINE.replace('net: decimal', 'net: string'))
  await run(['1', '1.0000', '1', '2.0', '2', '3.1', '3.10'])
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  await run(['1.0', '1', '1', '2.0', '2.000', '3.1', '3.10'])
  expect(await keys()).toEqual({ compared: 5, only_old: 2, repeated: 1 })
})
