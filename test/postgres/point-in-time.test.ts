/**
 * A server that is taken back to a moment, by a base backup and the archived write-ahead log (docs/postgres.md): the ledger is whole as it was then,
 * in the middle of a run as well. Whoever saw it later hears so, and a checkpoint says whether it is from before that moment. For `npm run postgres`.
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ALL_OF_POSTGRES, ask } from '../support/postgres.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { ROOT } from '../support/source-file.ts'
import { WorkFolder } from '../support/work-folder.ts'

const ROWS = 6_000
const MOMENT_AT = 5_000
const PIPELINE = `name: moments
defaults: { on_error: discard, on_invalid: discard }
plugins: [./moment.ts]
sources: { rows: { plugin: jsonl, options: { path: rows.jsonl }, to: moment } }
nodes: { moment: { transform: moment, to: out } }
sinks: { out: { plugin: jsonl, options: { path: out.jsonl, if_exists: number } } }
`
/** Names the moment in the write-ahead log when it is asked for, at one row. */
const PLUGIN = `
import pg from 'pg'
import { z } from 'zod'
import { defineTransform } from '${join(ROOT, 'src/sdk/index.ts')}'
export default defineTransform({
  name: 'moment', summary: 'Names a moment', options: z.strictObject({}), examples: [{ title: 'x', options: {} }],
  cardinality: 'one', determinism: 'deterministic', errors: {},
  create: () => ({
    process: async row => {
      if (row.i === ${MOMENT_AT} && process.env.MOMENT_URL !== undefined) {
        const client = new pg.Client({ connectionString: process.env.MOMENT_URL })
        await client.connect()
        await client.query("SELECT pg_create_restore_point('the moment')")
        await client.end()
      }
      return { kind: 'row', row }
    },
  }),
})
`

describe.runIf(ALL_OF_POSTGRES)('a server that is taken back to a moment in the middle of a run', () => {
  let server: PostgresServer
  let work: WorkFolder
  /** Of whoever has seen all of it, and of an auditor who looked before that moment. */
  const on = (...argv: string[]) => work.custody(...argv, '--ledger', server.url())
  const auditor = (...argv: string[]) => work.custodyAs('auditor', ...argv, '--ledger', server.url())

  beforeAll(async () => {
    const rows = Array.from({ length: ROWS }, (_, i) => `{"i":${i + 1}}\n`)
    work = new WorkFolder({ 'p.yaml': PIPELINE, 'moment.ts': PLUGIN, 'rows.jsonl': rows.join('') })
    const archive = join(work.folder, 'archive')
    mkdirSync(archive)
    for (const each of [work.folder, archive]) chmodSync(each, 0o777)
    const primary = await PostgresServer.begin(['archive_mode=on', `archive_command=cp %p ${archive}/%f`])
    server = primary
    expect((await on('run', 'p.yaml')).exit).toBe(0)
    for (const home of ['home-auditor', 'home-auditor/custody']) mkdirSync(join(work.folder, home))
    copyFileSync(join(work.folder, 'home/custody/key'), join(work.folder, 'home-auditor/custody/key'))
    expect((await auditor('verify')).exit).toBe(0)
    writeFileSync(join(work.folder, 'before.txt'), (await on('checkpoint')).stdout)
    const restored = await PostgresServer.backupOf(primary)

    vi.stubEnv('MOMENT_URL', primary.url())
    expect((await on('run', 'p.yaml')).exit).toBe(0)
    vi.unstubAllEnvs()
    writeFileSync(join(work.folder, 'later.txt'), (await on('checkpoint')).stdout)
    expect((await on('verify', '--since', 'later.txt')).exit).toBe(0)

    await ask(primary.url(), 'SELECT pg_switch_wal()')
    await primary.remove()
    restored.put('recovery.signal', '')
    const target = ['recovery_target_name=the moment', 'recovery_target_action=promote']
    await restored.start([`restore_command=cp ${archive}/%f %p`, ...target])
    server = restored
    await vi.waitFor(async () => {
      expect(await ask(restored.url(), 'SELECT pg_is_in_recovery() AS "is"')).toEqual([{ is: false }])
    })
  }, 60_000)
  afterAll(async () => {
    await server.remove()
    work.close()
  })

  test('has the run as far as it was durable then, and all of it holds', async () => {
    const { json } = await auditor('runs', '--json')
    const [struck, before] = json as ReadonlyArray<{
      readonly rows: { readonly read: number }
      readonly ended_at: unknown
    }>
    expect(json).toHaveLength(2)
    expect(struck?.ended_at).toBe(null)
    expect(struck?.rows.read).toBeGreaterThan(0)
    expect(before?.rows.read).toBe(ROWS)
    const verified = await auditor('verify')
    expect([verified.exit, verified.stdout]).toEqual([0, expect.stringMatching(/\(not sealed\)[\s\S]*holds\./)])
  })

  test('is older to whoever saw it later, and isn’t written by them', async () => {
    expect((await on('show', 'latest')).stderr).toContain('is older than when you last saw it')
    const refused = await on('resume', 'latest')
    expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining('CUSTODY_LEDGER_ROLLED_BACK')])
  })

  test('compared with checkpoints: it continues those from before, and lacks what later ones have', async () => {
    const before = await auditor('verify', '--since', 'before.txt')
    expect([before.exit, before.stdout]).toEqual([
      0,
      expect.stringContaining('it continues the checkpoint that was given'),
    ])
    const later = await auditor('verify', '--since', 'later.txt')
    expect([later.exit, later.stdout]).toEqual([
      1,
      expect.stringMatching(/since: the checkpoint is of \d entries, and \d are there: .*CUSTODY_LEDGER_ROLLED_BACK/),
    ])
  })
})
