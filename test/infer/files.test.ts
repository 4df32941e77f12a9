/** Public files, and files of a first day: what is inferred of each is valid, and a run of it reads every record. */
import { cpSync, readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LONG } from '../support/form.ts'
import { runInProcess } from '../support/in-process.ts'
import { InferFolder } from './try-infer.ts'

const VEGA = join(import.meta.dirname, '..', '..', 'node_modules', 'vega-datasets', 'data')
/** In bytes. Of larger ones the short form only reads the rows: what differs between their runs is how long they take. */
const MOST_RUN = LONG ? 1_000_000 : 1000
const MOST_READ = LONG ? 5_000_000 : 100_000

const folder = new InferFolder()
afterAll(() => folder.remove())

const files = readdirSync(VEGA)
  .filter(name => ['.csv', '.tsv', '.json'].includes(extname(name)))
  .map(name => ({ name, size: statSync(join(VEGA, name)).size }))

describe('public files', () => {
  test.each(files.filter(({ size }) => size <= MOST_READ))('$name', async ({ name, size }) => {
    cpSync(join(VEGA, name), join(folder.path, name))
    const { diagnostics, sources: found, rows } = await folder.try([name])
    const [file] = found
    expect({ diagnostics, rejected: file?.rejected.count, rows: rows.length }).toEqual({
      diagnostics: [],
      rejected: 0,
      rows: file?.records,
    })
    if (size > MOST_RUN) return
    const { exit, stdout } = await runInProcess(['run', 'p.yaml', '--json'], folder.path, {
      XDG_CONFIG_HOME: join(folder.path, 'config'),
    })
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: { read: file?.records, ingested: file?.records, rejected: 0 } })
  })
})
