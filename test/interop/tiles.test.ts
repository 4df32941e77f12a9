/**
 * What `custody export --format tiles` writes, read by Go's own client of tiled logs. `npm run interop`: it fetches a Go module, and compiles.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runInProcess } from '../support/in-process.ts'

const CLIENT = join(import.meta.dirname, 'tiles-go')
const has_go = process.env.CUSTODY_INTEROP === 'yes' && spawnSync('go', ['version']).status === 0
/** More than a tile of entries. */
const ROWS = 700

describe.skipIf(!has_go)('Go’s golang.org/x/mod/sumdb', () => {
  const folder = mkdtempSync(join(tmpdir(), 'custody-interop-'))
  const client = join(folder, 'client')
  let logs: ReadonlyArray<{ readonly folder: string; readonly size: number }> = []
  let key = ''

  beforeAll(async () => {
    const env = { XDG_CONFIG_HOME: join(folder, 'home') }
    const custody = (...argv: string[]) => runInProcess(argv, folder, env)
    writeFileSync(join(folder, 'rows.jsonl'), Array.from({ length: ROWS }, (_, i) => `{"i":${i}}\n`).join(''))
    const pipeline = `
name: rows
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, on_invalid: discard, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl }, on_error: discard } }
`
    writeFileSync(join(folder, 'p.yaml'), pipeline)
    expect((await custody('run', 'p.yaml')).exit).toBe(0)
    logs = JSON.parse((await custody('export', 'latest', '--format', 'tiles', '--out', 't', '--json')).stdout).logs
    key = JSON.parse((await custody('key', 'show', '--json')).stdout).verifier_key
    const built = spawnSync('go', ['build', '-o', client, '.'], { cwd: CLIENT, encoding: 'utf8' })
    expect(built.status, built.stderr).toBe(0)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const read = (log: string) => spawnSync(client, [join(folder, 't', log), key], { encoding: 'utf8' })

  test('finds every entry in the ledger’s log and in the run’s, and every smaller tree the beginning of it', () => {
    expect(logs).toHaveLength(2)
    for (const { folder: log, size } of logs) {
      const { status, stdout, stderr } = read(log)
      expect(status, stderr).toBe(0)
      expect(stdout).toContain(`: ${size} entries hold`)
    }
    expect(logs[1]?.size).toBeGreaterThan(ROWS)
  })

  test('refuses an entry that was changed', () => {
    const bundle = join(folder, 't', logs[1]?.folder ?? '', 'tile', 'entries', '001')
    writeFileSync(bundle, Buffer.from(readFileSync(bundle).toString('latin1').replace('"o":0', '"o":1'), 'latin1'))
    expect(read(logs[1]?.folder ?? '')).toMatchObject({ status: 1, stderr: expect.stringContaining('entry 256') })
  })
})
