/**
 * What splits cost beside what they read: runs with so many that nearly all of them are empty, of the built program, with a ledger in SQLite and in
 * PostgreSQL. What a run with few splits takes is taken off, and the rest divided by those that there are more. CPU time, bytes and statements
 * don't depend on what else the machine does; seconds do.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { PostgresServer } from '../test/support/postgres-server.ts'
import { familySeconds } from './cpu-time.ts'
import { writeData } from './data.ts'
import { PROGRAM, runProgram, type Start } from './start.ts'
import type { Usage } from './usage.ts'
import { WORKLOADS } from './workloads.ts'

/** Rows of the input, and splits of the run whose cost is taken off. */
const FEW = 10
const WORKERS = 2

/** Of one split. */
export interface OfSplit {
  readonly ms: number
  readonly cpu_ms: number
  readonly ledger_bytes: number
  readonly show_cpu_ms: number
  readonly verify_cpu_ms: number
  /** null of a ledger in a file. */
  readonly server: OfServer | null
}

interface OfServer {
  readonly cpu_ms: number
  readonly wal_bytes: number
  readonly statements: number
  readonly transactions: number
}

export interface CoordinatingResult {
  readonly splits: number
  readonly sqlite: OfSplit
  readonly postgres: OfSplit
  /** Of the run with all splits in SQLite. */
  readonly peak_rss_bytes: number
}

export interface CoordinatingOptions {
  readonly splits: number
  /** A file that Node starts as the command line; absent: the built program. */
  readonly program?: string
  readonly start: Start
}

/** `folder`: made for this. @throws Error if a command doesn't exit with 0. */
export async function measureCoordinating(folder: string, options: CoordinatingOptions): Promise<CoordinatingResult> {
  mkdirSync(folder, { recursive: true })
  await writeData(join(folder, 'data.csv'), FEW)
  const in_file = await beyondFew(options, splits => measureOne(folder, options, splits, inFile(folder)))
  const server = await PostgresServer.begin(['max_wal_size=4GB', 'shared_preload_libraries=pg_stat_statements'], folder)
  const client = new pg.Client({ connectionString: server.url() })
  try {
    await client.connect()
    await client.query('CREATE EXTENSION pg_stat_statements')
    let ledgers = 0
    const place = () => onServer(server, client, `${server.url()}?schema=ledger${++ledgers}`)
    const on_server = await beyondFew(options, splits => measureOne(folder, options, splits, place()))
    return {
      splits: options.splits,
      sqlite: { ...in_file.of_split, server: null },
      postgres: on_server.of_split,
      peak_rss_bytes: in_file.peak_rss_bytes,
    }
  } finally {
    await client.end()
    await server.remove()
  }
}

/** Where a ledger is, and what it has taken until now. */
interface Place {
  readonly url: string
  taken(): Promise<{ readonly bytes: number; readonly server: OfServer | null }>
}

function inFile(folder: string): Place {
  const file = join(folder, 'run', 'custody.db')
  const bytes = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return { url: `sqlite:${file}`, taken: async () => ({ bytes: bytes(), server: null }) }
}

function onServer(server: PostgresServer, client: pg.Client, url: string): Place {
  const pid = Number(readFileSync(join(server.data, 'postmaster.pid'), 'utf8').split('\n')[0])
  const taken = async () => {
    // What backends that have ended did counts from when they say so.
    const { rows } = await client.query(`SELECT pg_database_size(current_database())::float8 AS bytes,
      (pg_current_wal_insert_lsn() - '0/0')::float8 AS wal_bytes,
      (SELECT sum(calls)::float8 FROM pg_stat_statements) AS statements,
      (SELECT xact_commit::float8 FROM pg_stat_database WHERE datname = current_database()) AS transactions`)
    // cast: these are its columns.
    const { bytes, ...found } = rows[0] as { readonly bytes: number } & Omit<OfServer, 'cpu_ms'>
    return { bytes, server: { ...found, cpu_ms: familySeconds(pid) * 1000 } }
  }
  return { url, taken }
}

interface Measured extends Omit<OfSplit, 'server'> {
  readonly server: OfServer | null
  readonly peak_rss_bytes: number
}

async function beyondFew(
  { splits }: CoordinatingOptions,
  measure: (splits: number) => Promise<Measured>,
): Promise<{ readonly of_split: OfSplit; readonly peak_rss_bytes: number }> {
  const [few, all] = [await measure(FEW), await measure(splits)]
  const of = (get: (each: Measured) => number) => (get(all) - get(few)) / (splits - FEW)
  const ofServer = (get: (each: OfServer) => number) => of(({ server }) => (server === null ? 0 : get(server)))
  const server =
    all.server === null
      ? null
      : {
          cpu_ms: ofServer(each => each.cpu_ms),
          wal_bytes: ofServer(each => each.wal_bytes),
          statements: ofServer(each => each.statements),
          transactions: ofServer(each => each.transactions),
        }
  const of_split = {
    ms: of(each => each.ms),
    cpu_ms: of(each => each.cpu_ms),
    ledger_bytes: of(each => each.ledger_bytes),
    show_cpu_ms: of(each => each.show_cpu_ms),
    verify_cpu_ms: of(each => each.verify_cpu_ms),
    server,
  }
  return { of_split, peak_rss_bytes: all.peak_rss_bytes }
}

/** The server's share is that of the run alone. */
async function measureOne(
  parent: string,
  { program = PROGRAM, start }: CoordinatingOptions,
  splits: number,
  { url, taken }: Place,
): Promise<Measured> {
  const folder = join(parent, 'run')
  mkdirSync(folder)
  const pipeline = join(folder, 'pipeline.yaml')
  writeFileSync(pipeline, `splits: { count: ${splits}, pieces: pieces }${WORKLOADS.w1.yaml}`)
  const command = async (...words: readonly string[]): Promise<Usage> => {
    const usage = join(folder, 'usage.json')
    await runProgram(program, [...words, '--ledger', url], usage, folder, start)
    // cast: what usage.ts writes.
    return JSON.parse(readFileSync(usage, 'utf8')) as Usage
  }
  const before = await taken()
  const run = await command('run', pipeline, '--workers', String(WORKERS))
  const after = await taken()
  const show = await command('show', 'latest')
  const verify = await command('verify', 'latest')
  rmSync(folder, { recursive: true })
  return {
    ms: run.seconds * 1000,
    cpu_ms: run.cpu_seconds * 1000,
    ledger_bytes: after.bytes - before.bytes,
    show_cpu_ms: show.cpu_seconds * 1000,
    verify_cpu_ms: verify.cpu_seconds * 1000,
    server: difference(before.server, after.server),
    peak_rss_bytes: run.peak_rss_bytes,
  }
}

function difference(before: OfServer | null, after: OfServer | null): OfServer | null {
  if (before === null || after === null) return null
  return {
    cpu_ms: after.cpu_ms - before.cpu_ms,
    wal_bytes: after.wal_bytes - before.wal_bytes,
    statements: after.statements - before.statements,
    transactions: after.transactions - before.transactions,
  }
}
