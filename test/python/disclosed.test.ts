/** Files that a record discloses: a second implementation ties them to it as the first one does. */
// @module-tag proof
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runInProcess } from '../support/in-process.ts'
import { askPython, NO_PYTHON, type PythonAnswer, pythonFolder } from './python.ts'

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
  `a verifier in Python says of disclosed files what the first one says${NO_PYTHON === null ? '' : ` (skipped: ${NO_PYTHON})`}`,
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
