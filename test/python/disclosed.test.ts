/** Files that a record discloses: a second implementation ties them to it as the first one does. */
// @module-tag proof
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runInProcess } from '../support/in-process.ts'
import { askPython, NO_PYTHON, type PythonAnswer, pythonFolder } from './python.ts'

const SKIPPED = NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`
const { folder } = pythonFolder()

const PLAN = `name: people
sources:
  people: { plugin: csv, options: { path: in.csv }, on_invalid: discard, to: old }
nodes:
  old: { gate: row.name != "two", routes: { true: kept, false: discard }, on_error: discard }
sinks:
  kept: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard }
`
const custody = (...words: readonly string[]) =>
  runInProcess(words, folder, { XDG_CONFIG_HOME: join(folder, 'config') })

test.skipIf(NO_PYTHON !== null)(
  `a verifier in Python says of disclosed files what the first one says${SKIPPED}`,
  async () => {
    writeFileSync(join(folder, 'plan.yaml'), PLAN)
    writeFileSync(join(folder, 'in.csv'), 'name,n\none,1\ntwo,2\nthree,3\n')
    expect((await custody('run', 'plan.yaml')).exit).toBe(0)
    const what = ['source:people', 'output:kept', 'plan', 'options:people'].flatMap(each => ['--disclose', each])
    expect((await custody('prove', 'latest', '--out', 'record.gz', ...what)).exit).toBe(0)
    writeFileSync(join(folder, 'keys'), (await custody('key', 'show')).stdout)
    const record = join(folder, 'record.gz')
    const files = ['--source', `people=${join(folder, 'in.csv')}`, '--output', `kept=${join(folder, 'out.jsonl')}`]
    const both = async () => {
      const { stdout } = await custody('check', record, '--key', join(folder, 'keys'), ...files, '--json')
      const sets = [JSON.parse(stdout) as PythonAnswer, ...askPython([record], join(folder, 'keys'), ...files)]
      return sets.map(({ ok, trust, proven }) => ({ ok, trust, proven: proven?.map(each => each.what).toSorted() }))
    }
    const [first, second] = await both()
    expect(second).toEqual(first)
    expect(second?.ok).toBe(true)
    expect(second?.proven?.join('\n')).toMatch(
      /in\.csv is what people read: 3 records[\s\S]*out\.jsonl is what kept published: 2 rows/,
    )
    appendFileSync(join(folder, 'in.csv'), 'four,4\n')
    const [third, fourth] = await both()
    expect(fourth).toEqual(third)
    expect(fourth).toMatchObject({ ok: false, trust: 'key' })
  },
)

const CUT = `name: cut
splits: { count: 4 }
sources:
  alone: { plugin: csv, options: { path: alone.csv }, on_invalid: discard, to: kept }
  many: { plugin: csv, options: { path: many/*.csv }, on_invalid: discard, to: kept }
sinks:
  kept: { plugin: jsonl, options: { path: cut.jsonl }, on_error: discard }
`

test.skipIf(NO_PYTHON !== null)(
  `of a source that was cut it says it of the ranges that it was cut to${SKIPPED}`,
  async () => {
    const lines = (count: number) => `id,n\n${Array.from({ length: count }, (_, i) => `${i},${i * i}\n`).join('')}`
    mkdirSync(join(folder, 'many'))
    writeFileSync(join(folder, 'cut.yaml'), CUT)
    const files = { 'alone.csv': lines(120), 'many/1.csv': lines(5), 'many/2.csv': lines(200) }
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
    const { exit, stderr } = await custody('run', 'cut.yaml')
    expect(exit, stderr).toBe(0)
    const record = join(folder, 'cut.gz')
    const what = ['source:alone', 'source:many', 'output:kept'].flatMap(each => ['--disclose', each])
    expect((await custody('prove', 'latest', '--out', record, ...what)).exit).toBe(0)
    writeFileSync(join(folder, 'keys'), (await custody('key', 'show')).stdout)
    const given = Object.keys(files).flatMap(path => [
      '--source',
      `${path.startsWith('many') ? 'many' : 'alone'}=${join(folder, path)}`,
    ])
    const both = async () => {
      const { stdout } = await custody('check', record, '--key', join(folder, 'keys'), ...given, '--json')
      const sets = [JSON.parse(stdout) as PythonAnswer, ...askPython([record], join(folder, 'keys'), ...given)]
      return sets.map(({ ok, proven }) => ({ ok, proven: proven?.map(each => each.what).toSorted() }))
    }
    const [first, second] = await both()
    expect(second).toEqual(first)
    expect(first?.ok).toBe(true)
    expect(first?.proven?.join('\n')).toMatch(
      /alone\.csv is what alone read: 120 records[\s\S]*1\.csv is what many read: 5 records[\s\S]*2\.csv is what many read: 200 records/,
    )
    // Within the last of its pieces.
    writeFileSync(join(folder, 'alone.csv'), lines(120).replace('115,13225', '115,13226'))
    const [third, fourth] = await both()
    expect(fourth).toEqual(third)
    expect(third?.ok).toBe(false)
  },
)
