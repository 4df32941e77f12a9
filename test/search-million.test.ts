/** A million rows: the index is built quickly, is smaller than the payloads, and any page of any filter comes within a second. For `npm run explorer`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { writeData } from '../bench/data.ts'
import { search } from '../bench/searching.ts'
import { WORKLOADS } from '../bench/workloads.ts'
import { runInProcess } from './support/in-process.ts'

const ROWS = 1_000_000
const MINUTES = 60_000
const is_asked_for = process.env.CUSTODY_EXPLORER === 'yes'

const folder = mkdtempSync(join(tmpdir(), 'custody-million-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.runIf(is_asked_for)(
  'a million rows are found in less than a second',
  async () => {
    await writeData(join(folder, 'data.csv'), ROWS)
    mkdirSync(join(folder, 'w1'))
    writeFileSync(join(folder, 'w1', 'p.yaml'), WORKLOADS.w1.yaml)
    const path = join(folder, 'custody.db')
    const env = { XDG_CONFIG_HOME: join(folder, 'home') }
    const { exit } = await runInProcess(['run', 'p.yaml', '--ledger', `sqlite:${path}`], join(folder, 'w1'), env)
    expect(exit).toBe(0)
    const db = new DatabaseSync(path, { readOnly: true })
    const payloads = Number(db.prepare('SELECT sum(length(body)) AS bytes FROM payloads WHERE log = 1').get()?.bytes)
    db.close()
    const { rows_per_cpu_second, bytes_per_row, slowest_ms } = await search(`sqlite:${path}`)
    console.info(
      `index: ${rows_per_cpu_second.toFixed(0)} rows a second of a processor, ${bytes_per_row.toFixed(0)} B a row; ${slowest_ms.toFixed(0)} ms`,
    )
    expect(bytes_per_row * ROWS).toBeLessThan(payloads)
    expect(rows_per_cpu_second).toBeGreaterThan(20_000)
    expect(slowest_ms).toBeLessThan(1_000)
  },
  10 * MINUTES,
)
