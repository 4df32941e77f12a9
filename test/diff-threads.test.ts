/** Runs are compared in threads, by number and by key: what these find is what is found without them. */
// @module-tag proof
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { diffOnAllCores } from '../src/host/diff.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import { diffRuns } from '../src/read/diff/diff.ts'
import { keysHere } from '../src/read/diff/row-keys.ts'
import { CheckedReader } from '../src/read/evidence/checked-reader.ts'
import { runInProcess } from './support/in-process.ts'

const PIPELINE = `
name: long
defaults: { on_error: discard, on_invalid: discard }
sources: { in: { plugin: jsonl, options: { path: in.jsonl }, schema: { mode: fixed, fields: { n: integer, m: integer } }, to: even } }
nodes: { even: { gate: row.m % 2 == 0, routes: { true: out, false: discard } } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: replace } } }
`
/** Some pages of them. */
const ROWS = 2_600

test('threads find what is found here', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-diff-threads-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'p.yaml'), PIPELINE)
  const run = async (rows: ReadonlyArray<{ readonly n: number; readonly m: number }>) => {
    writeFileSync(join(folder, 'in.jsonl'), rows.map(each => `${JSON.stringify(each)}\n`).join(''))
    const { exit, stderr } = await runInProcess(['run', 'p.yaml'], folder, { XDG_CONFIG_HOME: join(folder, 'home') })
    expect(exit, stderr).toBe(0)
  }
  const rows = Array.from({ length: ROWS }, (_, n) => ({ n, m: n }))
  await run(rows)
  const others = rows.filter(({ n }) => n !== 1500).map(each => (each.n === 7 ? { n: 7, m: 8 } : each))
  await run([...others.slice(0, 1000), { n: -1, m: 0 }, ...others.slice(1000)])
  const inner = await openLedgerReader(`sqlite:${join(folder, 'custody.db')}`)
  onTestFinished(() => inner.close())
  await inner.snapshot(async () => {
    const reader = new CheckedReader(inner, { remembered: null })
    const names = { old: 'latest~1', new: 'latest' }
    for (const fields of [null, ['n']]) {
      const by_key = fields === null ? {} : { key: { fields, rows: reader, keys: keysHere(reader) } }
      const here = await diffRuns(reader, names, { list: 2, ...by_key })
      expect(await diffOnAllCores(reader, names, { list: 2, key: fields, threaded_from_rows: 0 })).toEqual(here)
      const each = await diffRuns(reader, names, { list: 1, list_by: 'group', ...by_key })
      expect(each.differences.map(({ parted_at }) => parted_at)).toEqual(
        expect.arrayContaining(here.groups.map(({ rows, examples, ...parting }) => parting)),
      )
      expect(each.differences.length).toBe(here.groups.length)
      if (fields === null) expect(here.rows).toMatchObject({ different: 502, only_old: 0, only_new: 0 })
      else {
        expect(here.rows).toMatchObject({ compared: ROWS - 1, same: ROWS - 2, different: 1, only_old: 1, only_new: 1 })
        expect(here.differences).toMatchObject([
          { row: { old: 8, new: 8 }, key: { n: 7 }, changed: { m: { old: 7, new: 8 } } },
        ])
        expect(here.only).toMatchObject([
          { in: 'old', index: { from: 1501, to: 1501 } },
          { in: 'new', index: { from: 1001, to: 1001 } },
        ])
      }
    }
  })
})
