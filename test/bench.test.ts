/** The harness itself, on few rows; what it measures then means nothing. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { CoordinatingResult } from '../bench/coordinating.ts'
import { measureAll } from '../bench/measurements.ts'
import { planOf } from '../bench/plan.ts'
import { render } from '../bench/report.ts'
import { compare } from '../bench/targets.ts'
import { WORKLOADS, type WorkloadName } from '../bench/workloads.ts'
import { encodeSigningKeys, newSeed } from '../src/format/signing-key.ts'
import { LONG } from './support/form.ts'
import { binaries } from './support/postgres-server.ts'

const COMMAND_LINE = join(import.meta.dirname, 'crash', 'custody.ts')

/** Whether there is a server for this machine. */
const postgresHere = () =>
  binaries().then(
    () => true,
    () => false,
  )

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'custody-bench-'))
  // A server may run as another user.
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function coordinated(found: CoordinatingResult | null): void {
  if (found === null) return
  const { splits, postgres, sqlite } = found
  expect([splits, sqlite.server]).toEqual([30, null])
  // Its begin and its end; what else there is are single statements.
  expect(postgres.server?.transactions).toBeGreaterThanOrEqual(2)
  expect(postgres.server?.statements).toBeGreaterThan(postgres.server?.transactions ?? 0)
}

test.runIf(LONG)('measures a workload, and compares each number with its target', async () => {
  const results = await measureAll({
    workloads: ['w1'],
    sizes: [6000],
    others: 1000,
    repeat: 1,
    open_groups: 2000,
    held_rows: 2000,
    // One after the other: how many of several overlap would be up to the machine.
    calls: { rows: 40, concurrency: 1, latency_ms: 2 },
    watched: null,
    postgres: null,
    encrypted: { rows: 1000, repeat: 2 },
    splits: { rows: 1000, repeat: 1, program: COMMAND_LINE },
    coordinated: (await postgresHere()) ? { splits: 30, program: COMMAND_LINE } : null,
    looked_at: (await postgresHere()) ? 1000 : null,
    program: false,
    folder: temporary(),
    start: { key: encodeSigningKeys('bench', newSeed(), newSeed()) },
    onStep: () => undefined,
  })
  const sample = {
    rows: 6000,
    repetitions: 1,
    rows_per_second: expect.any(Number),
    cpu_us_per_row: expect.any(Number),
    main_cpu_us_per_row: expect.any(Number),
    peak_rss_bytes: expect.any(Number),
    ledger_bytes_per_row: expect.any(Number),
    discarding: { rows_per_second: expect.any(Number), cpu_us_per_row: expect.any(Number) },
    ratio: expect.any(Number),
  }
  expect(results.workloads).toEqual({ w1: [sample] })
  expect(results.long_run).toMatchObject({ rows: 6000, readers: { verify_ok: true }, one_row: null })
  expect(results.long_run?.resume.restored_seconds).toBeLessThan(results.long_run?.resume.first_commit_seconds ?? 0)

  expect(results.held_rows).toMatchObject({ rows: 2000, rows_per_second: expect.any(Number) })
  expect(results.open_groups).toMatchObject({ rows: 2000, groups: 100_000, rows_per_second: expect.any(Number) })

  const calls = { rows: 40, concurrency: 1, peak_in_flight: 1, rows_per_second: expect.any(Number) }
  expect(results.calls).toMatchObject(calls)
  expect(results.calls?.requests).toBeGreaterThanOrEqual(40)

  const ratio = expect.any(Number)
  expect(results.encryption).toEqual({ rows: 1000, repetitions: 2, cpu: ratio, wall: ratio, ledger: ratio })
  const splitting = { wall: ratio, cpu: ratio, memory: ratio, peak_rss_bytes: expect.any(Number) }
  const none = { peak_rss_bytes: expect.any(Number) }
  expect(results.splitting).toEqual({ rows: 1000, repetitions: 1, splits: 8, none, one: splitting, two: splitting })
  coordinated(results.coordinating)
  if (results.looking !== null) {
    const look = { own_ms: expect.any(Number), server_ms: expect.any(Number), waited_ms: expect.any(Number) }
    const sample = { explain: look, page: look }
    expect(results.looking).toEqual({ rows: 1000, sqlite: sample, postgres: sample })
  }

  const compared = compare(results)
  expect(compared.map(({ what }) => what)).toContain('verify / the run that it verifies, time')
  for (const { measured, verdict } of compared) expect(measured === null).toBe(verdict === 'not measured')
  const machine = {
    ...{ cpu: 'a CPU', cores: 2, memory_bytes: 2 ** 34, os: 'linux x64', node: '26.0.0', sqlite: '3.50.0' },
    ...{ load: 0, filesystem: 'ext2/3/4', fsync_ms: 0.3 },
  }
  const text = render({ started_at: '2026-01-01T00:00:00.000Z', machine, results, compared })
  expect(text).toContain('a CPU, 2 cores, 16 GiB, linux x64 · Node 26.0.0, SQLite 3.50.0')
  expect(text).toContain('verify / the run that it verifies, time')
  expect(text).toContain('W1 in 8 splits, 1,000 rows, 1 turns, against without')
})

test.each(Object.keys(WORKLOADS) as WorkloadName[])('%s compiles', async name => {
  const plan = await planOf(name, temporary())
  expect(plan.name).toBe(name)
})
