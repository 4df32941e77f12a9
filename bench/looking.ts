/** What readers take of a processor to explain a row, and to show a page of rows, of a long run: over PostgreSQL and over SQLite. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findStory } from '../src/host/answers/explained-row.ts'
import { Looking } from '../src/host/answers/moment.ts'
import { rowsPage } from '../src/host/answers/rows.ts'
import { UNOBSERVED } from '../src/host/checked-run.ts'
import { seeLedger } from '../src/host/seen-ledger.ts'
import type { Environment } from '../src/ledger/keys/config-folder.ts'
import { openLedgerReader } from '../src/ledger/open.ts'
import type { LedgerReader } from '../src/ledger/read-port.ts'
import { PostgresServer } from '../test/support/postgres-server.ts'
import { cpuSeconds, descendantsOf } from './cpu-time.ts'
import { measure, type Start } from './start.ts'
import { median } from './statistics.ts'
import type { LookSample, LookTask } from './task.ts'

export interface LookingResult {
  readonly rows: number
  readonly sqlite: LookSample
  readonly postgres: LookSample
}

const EXPLAINED = 40
const PAGES = 20
const PAGE_ROWS = 50

/** `folder` has data.csv. */
export async function measureLooking(folder: string, rows: number, start: Start): Promise<LookingResult> {
  const server = await PostgresServer.begin(['max_wal_size=4GB'], folder)
  const place = join(folder, 'looked-at')
  try {
    const server_pid = Number(readFileSync(join(server.data, 'postmaster.pid'), 'utf8').split('\n')[0])
    const run = { kind: 'run', workload: 'w1', rows, evidence: true, folder: place } as const
    await measure(run, start)
    await measure({ ...run, folder: join(folder, 'run'), ledger: server.url() }, start)
    rmSync(join(folder, 'run'), { recursive: true })
    const look = (ledger: string, server_pid: number | null) =>
      measure({ kind: 'look', ledger, rows, server_pid, config: place }, start)
    const sqlite = await look(`sqlite:${join(place, 'custody.db')}`, null)
    return { rows, sqlite, postgres: await look(server.url(), server_pid) }
  } finally {
    await server.remove()
    rmSync(place, { recursive: true, force: true })
  }
}

/** In a process of its own. The first of each isn't counted: it loads code, and fills the caches of the database. */
export async function look({ ledger, rows, server_pid, config }: LookTask): Promise<LookSample> {
  const reader = await openLedgerReader(ledger)
  const env = { XDG_CONFIG_HOME: config }
  const rowAt = (nth: number, of: number) => Math.max(1, Math.floor((rows * nth) / (of + 1)))
  const taken = async (times: number, work: (row: number) => Promise<unknown>) => {
    await work(rowAt(times, times))
    const waited: number[] = []
    const [own, server] = [process.cpuUsage(), serverSeconds(server_pid)]
    for (let nth = 1; nth <= times; nth++) {
      const began = performance.now()
      await work(rowAt(nth, times) + 1)
      waited.push(performance.now() - began)
    }
    const { user, system } = process.cpuUsage(own)
    return {
      own_ms: (user + system) / 1000 / times,
      server_ms: ((serverSeconds(server_pid) - server) * 1000) / times,
      waited_ms: median(waited),
    }
  }
  try {
    // As whoever has run the pipeline: they know the ledger.
    await reader.snapshot(() => seeLedger(reader, null, env, () => undefined))
    return {
      explain: await taken(EXPLAINED, row => explain(reader, env, row)),
      page: await taken(PAGES, row => page(reader, env, row)),
    }
  } finally {
    await reader.close()
  }
}

/** Of its backends: those of this process stay until it closes them. */
const serverSeconds = (pid: number | null) => (pid === null ? 0 : cpuSeconds([pid, ...descendantsOf(pid)]))

/** As `custody explain` does. */
const explain = (reader: LedgerReader, env: Environment, row: number) =>
  reader.snapshot(() => findStory(env, reader, 'latest', { row }, UNOBSERVED))

/** As the browser’s list of rows asks for it, of a server that remembers nothing of questions before. */
const page = (reader: LedgerReader, env: Environment, row: number) =>
  new Looking(reader, { env, before: null, index: null, keys: [] }).at(moment =>
    rowsPage(moment, { run: 'latest', at: row, limit: PAGE_ROWS }, true),
  )
