/** One database of each kind, with real servers behind them, for tests of what reads and writes them. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Json } from '../../src/model/row.ts'
import type { DatabaseKind } from '../../src/plugins/databases/dialect.ts'
import { GUEST, MARIADB, MARIADB_SAID, MariadbServer } from './mariadb.ts'
import { ask, newDatabase, postgres } from './postgres.ts'
import { USER } from './postgres-server.ts'

export interface SqlDatabase {
  readonly kind: DatabaseKind
  /** Options of a plugin that say where it is, of a user who needs no password. */
  readonly options: { readonly [option: string]: Json }
  /** Statements, one or several, by its owner. */
  run(statements: string): Promise<void>
  remove(): Promise<void>
}

export const SQL_KINDS = ['postgres', 'mysql', 'sqlite', 'duckdb'] as const

/** For names of tests: what is missing on this machine. */
export async function missingServer(kind: DatabaseKind): Promise<string> {
  if (kind === 'postgres') return (await postgres()).said
  return kind === 'mysql' ? MARIADB_SAID : ''
}

let mariadb: Promise<MariadbServer> | null = null

/** The server of this file of tests. */
export function mariadbServer(): Promise<MariadbServer> {
  mariadb ??= MariadbServer.begin()
  return mariadb
}

/** Of the file of tests that is done. */
export async function removeServers(): Promise<void> {
  const server = await mariadb
  mariadb = null
  await server?.remove()
}

let count = 0

/** A new database; in `folder` where it is a file. */
export async function sqlDatabase(kind: DatabaseKind, folder: string): Promise<SqlDatabase> {
  const name = `d${++count}`
  switch (kind) {
    case 'postgres':
      return await postgresDatabase()
    case 'mysql':
      return await mysqlDatabase(`custody_${name}`)
    case 'sqlite':
      return sqliteDatabase(join(folder, `${name}.db`))
    case 'duckdb':
      return await duckdbDatabase(join(folder, `${name}.duckdb`))
  }
}

export const hasServer = (kind: DatabaseKind): boolean => kind !== 'mysql' || MARIADB !== null

const connectionTo = (port: number, database: string, user: string) => ({
  connection: { host: '127.0.0.1', port, database, user },
})

async function postgresDatabase(): Promise<SqlDatabase> {
  const { url, said } = await postgres()
  if (url === null) throw new Error(`there is no server${said}`)
  const made = await newDatabase(url)
  const { port, pathname } = new URL(made.url)
  return {
    kind: 'postgres',
    options: connectionTo(Number(port), pathname.slice(1), USER),
    run: async statements => void (await ask(made.url, statements)),
    remove: () => made.remove(),
  }
}

async function mysqlDatabase(name: string): Promise<SqlDatabase> {
  const server = await mariadbServer()
  await server.sql(`CREATE DATABASE ${name}`)
  return {
    kind: 'mysql',
    options: connectionTo(server.port, name, GUEST),
    run: statements => server.sql(statements, name),
    remove: () => server.sql(`DROP DATABASE ${name}`),
  }
}

function sqliteDatabase(path: string): SqlDatabase {
  const run = async (statements: string) => {
    const db = new DatabaseSync(path)
    try {
      db.exec(statements)
    } finally {
      db.close()
    }
  }
  void run('PRAGMA journal_mode = WAL')
  const options = { path }
  return { kind: 'sqlite', options, run, remove: async () => rmSync(path, { force: true }) }
}

async function duckdbDatabase(path: string): Promise<SqlDatabase> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const run = async (statements: string) => {
    const instance = await DuckDBInstance.create(path)
    const connection = await instance.connect()
    try {
      await connection.run(statements)
    } finally {
      connection.closeSync()
      instance.closeSync()
    }
  }
  await run('SELECT 1')
  const options = { path }
  return { kind: 'duckdb', options, run, remove: async () => rmSync(path, { force: true }) }
}

/** A statement that makes a table `letters` of rows 1 … `rows`, with the key `id`. */
export function lettersSql(kind: DatabaseKind, rows: number): string {
  const text = kind === 'mysql' ? "concat('letter ', i, ' of many')" : "'letter ' || i || ' of many'"
  const from = {
    postgres: `generate_series(1, ${rows}) AS s(i)`,
    mysql: `(SELECT seq AS i FROM seq_1_to_${rows}) AS s`,
    sqlite: `(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${rows}) SELECT i FROM s)`,
    duckdb: `range(1, ${rows + 1}) AS s(i)`,
  }[kind]
  const letters = `INSERT INTO letters SELECT i, ${text}, i % 7, i * 1.25 FROM ${from}`
  return `CREATE TABLE letters (id bigint PRIMARY KEY, subject varchar(100), weight int, price decimal(20, 2)); ${letters}`
}
