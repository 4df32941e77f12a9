/**
 * The PostgreSQL server of this run of tests, and databases in it. `test.skipIf(postgres.url === null)` and names that say why
 * (`postgres.said`) where no server can be had.
 */
import pg from 'pg'
import { inject } from 'vitest'
import type { Answer } from './postgres-server.ts'

/** Whether all is tried, as `npm run postgres` does; `npm test` tries some of each. */
export const ALL_OF_POSTGRES = process.env.CUSTODY_POSTGRES === 'long'

export interface Postgres {
  /** Of its own database, with a user who may do anything; null if there is no server. */
  readonly url: string | null
  /** For names of tests: empty, or why there is none. */
  readonly said: string
}

/** Asks for the server of this run of tests, which is started for whoever asks first. */
export async function postgres(): Promise<Postgres> {
  const response = await fetch(`http://127.0.0.1:${inject('postgres')}/`)
  const answer = (await response.json()) as Answer
  return 'url' in answer ? { url: answer.url, said: '' } : { url: null, said: ` (no server: ${answer.why})` }
}

/** Files of a pipeline that copies two rows, as often as it is run. */
export const TWO_ROWS = {
  'p.yaml': `
name: two-rows
defaults: { on_error: discard, on_invalid: discard }
sources:
  rows: { plugin: csv, options: { path: in.csv }, to: out }
sinks:
  out: { plugin: csv, options: { path: out.csv, if_exists: number } }
`,
  'in.csv': 'id\n1\n2\n',
}

let databases = 0

/** A new database, and how to remove it. `url`: of the server's own. */
export async function newDatabase(url: string): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const name = `t${process.pid}_${Date.now().toString(36)}_${++databases}`
  await ask(url, `CREATE DATABASE ${name}`)
  const place = new URL(url)
  place.pathname = `/${name}`
  return { url: place.href, remove: async () => void (await ask(url, `DROP DATABASE ${name} WITH (FORCE)`)) }
}

/** One statement over a connection of its own. */
export async function ask(
  url: string,
  statement: string,
): Promise<ReadonlyArray<{ readonly [column: string]: unknown }>> {
  const client = new pg.Client({ connectionString: url })
  // Whoever asks hears of it.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}
