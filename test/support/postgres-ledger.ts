/** The records of a ledger in SQLite, in PostgreSQL: the same ledger in both. */
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { schemaStatements } from '../../src/ledger/postgres/schema.ts'

const TABLES = ['logs', 'entries', 'payloads', 'endings', 'open_tokens', 'tiles', 'heads', 'leases']
const AT_ONCE = 500

/** Makes `schema` in the database at `url`, and returns the URL of the ledger in it. */
export async function inPostgres(path: string, url: string, schema: string): Promise<string> {
  const db = new DatabaseSync(path, { readOnly: true })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`CREATE SCHEMA ${schema}; SET search_path = ${schema}, pg_catalog, pg_temp`)
    await client.query(schemaStatements().join(';\n'))
    for (const table of TABLES) {
      const all = db.prepare(`SELECT * FROM ${table}`).all()
      const columns = Object.keys(all[0] ?? {})
      for (let from = 0; from < all.length; from += AT_ONCE) {
        const values: unknown[] = []
        const rows = all.slice(from, from + AT_ONCE).map(row => {
          const cells = columns.map(column => `$${values.push(cell(row[column]))}`)
          return `(${cells.join(', ')})`
        })
        await client.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${rows.join(', ')}`, values)
      }
    }
  } finally {
    await client.end()
    db.close()
  }
  return `${url}?schema=${schema}`
}

const cell = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value) : value)
