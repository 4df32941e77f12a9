/** W1 with its ledger in PostgreSQL and in SQLite, in turns, on one machine and one disk. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from '../test/support/postgres-server.ts'
import { measure, type Start } from './start.ts'
import { median } from './statistics.ts'
import type { RunSample } from './task.ts'

export interface PostgresResult {
  readonly rows: number
  readonly repetitions: number
  /** Rows per second, medians. */
  readonly postgres: number
  readonly sqlite: number
  /** Median of each pair's ratio: what a busy machine changes least. */
  readonly ratio: number
  /** CPU time a row of Custody's own process, in microseconds: what the server takes isn't in it. */
  readonly cpu_us_per_row: { readonly postgres: number; readonly sqlite: number }
}

/** `folder` has data.csv. The server has its own settings, and waits for the disk at each commit. */
export async function measurePostgres(
  folder: string,
  { rows, repeat, start }: { readonly rows: number; readonly repeat: number; readonly start: Start },
): Promise<PostgresResult> {
  const server = await PostgresServer.begin(['max_wal_size=4GB'], folder)
  try {
    const pairs: Array<{ readonly sqlite: RunSample; readonly postgres: RunSample }> = []
    for (let turn = 1; turn <= repeat; turn++) {
      const run = async (ledger?: string) => {
        const place = join(folder, `turn-${turn}`)
        const task = { kind: 'run', workload: 'w1', rows, evidence: true, folder: place } as const
        const sample = await measure({ ...task, ...(ledger === undefined ? {} : { ledger }) }, start)
        rmSync(place, { recursive: true })
        return sample
      }
      const sqlite = await run()
      pairs.push({ sqlite, postgres: await run(`${server.url()}?schema=turn${turn}`) })
    }
    const of = (store: 'sqlite' | 'postgres', what: 'rows_per_second' | 'cpu_us_per_row') =>
      median(pairs.map(pair => pair[store][what]))
    return {
      rows,
      repetitions: repeat,
      postgres: of('postgres', 'rows_per_second'),
      sqlite: of('sqlite', 'rows_per_second'),
      ratio: median(pairs.map(({ sqlite, postgres }) => postgres.rows_per_second / sqlite.rows_per_second)),
      cpu_us_per_row: { postgres: of('postgres', 'cpu_us_per_row'), sqlite: of('sqlite', 'cpu_us_per_row') },
    }
  } finally {
    await server.remove()
  }
}
