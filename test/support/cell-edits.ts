/** Random edits of what a ledger's tables hold, as one who has the file and not the key could make them. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Random } from '../simulation/random.ts'
import { TABLES } from './forger.ts'

export interface Edit {
  /** For messages. */
  readonly what: string
  /** Carries it out; false if SQLite refuses it. */
  apply(): boolean
}

/** What nobody vouches for: who holds an open run, and until when, is the holder's claim. */
const CLAIMS: ReadonlySet<string> = new Set(['leases.holder', 'leases.expires_us'])

/** An SQL expression for another value of a cell that holds `value`, or of no value at all. */
function otherValue(value: SQLInputValue, column: string, nullable: boolean, random: Random): string {
  if (nullable && value !== null && random.chance(0.1)) return 'NULL'
  if (typeof value === 'number' || typeof value === 'bigint')
    return random.pick([
      `${column} + 1`,
      `${column} - 1`,
      '9007199254740993',
      '9223372036854775807',
      '-9223372036854775808',
    ])
  if (typeof value === 'string')
    return random.pick([
      `${column} || ' '`,
      `' ' || ${column}`,
      `CAST(CAST(${column} AS BLOB) || x'00' AS TEXT)`,
      `CAST(CAST(${column} AS BLOB) || x'ff' AS TEXT)`,
      `CAST(x'efbbbf' || CAST(${column} AS BLOB) AS TEXT)`,
      `substr(${column}, 1, length(${column}) - 1)`,
      `substr(${column}, 2)`,
      `''`,
      `'[[' || hex(zeroblob(40000)) || ']]'`,
      `replace(hex(zeroblob(${random.between(100, 400)})), '00', '[') || replace(hex(zeroblob(400)), '00', ']')`,
    ])
  if (value === null) return random.pick(['1', `'X'`, `x'00'`, '9223372036854775807'])
  return random.pick([`${column} || x'00'`, `CAST(substr(${column}, 2) AS BLOB)`, `x''`, `zeroblob(length(${column}))`])
}

/** One that changes something, if SQLite lets it. */
export function randomEdit(db: DatabaseSync, random: Random): Edit {
  for (;;) {
    const table = random.pick(TABLES)
    const columns = db.prepare(`PRAGMA table_info(${table})`).all()
    const key = columns.filter(each => Number(each.pk) > 0).map(each => `${each.name}`)
    const order = key.join(', ')
    const { n } = db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }
    if (n === 0) continue
    const record = db.prepare(`SELECT * FROM ${table} ORDER BY ${order} LIMIT 1 OFFSET ?`).get(random.below(n)) as {
      [column: string]: SQLInputValue
    }
    const where = key.map(each => `${each} IS ${record[each]}`).join(' AND ')
    const edit = statementFor(table, columns, key, record, where, random)
    if (edit === null) continue
    return { what: edit, apply: () => wasDone(db, edit) }
  }
}

type Columns = readonly { readonly [fact: string]: unknown }[]

function statementFor(
  table: string,
  columns: Columns,
  key: readonly string[],
  record: { readonly [column: string]: SQLInputValue },
  where: string,
  random: Random,
): string | null {
  const kind = random.next()
  if (kind < 0.08) return `DELETE FROM ${table} WHERE ${where}`
  const names = columns.map(each => `${each.name}`)
  if (kind < 0.16) {
    const moved = random.pick(key)
    const by = random.pick([1, 100_000, 2 ** 53, '9223372036854775000'])
    const values = names.map(name => (name === moved ? `${name} + ${by}` : name))
    return `INSERT INTO ${table} SELECT ${values.join(', ')} FROM ${table} WHERE ${where}`
  }
  const column = random.pick(columns)
  const name = `${column.name}`
  if (CLAIMS.has(`${table}.${name}`)) return null
  const value = record[name] ?? null
  return `UPDATE ${table} SET ${name} = ${otherValue(value, name, column.notnull === 0, random)} WHERE ${where}`
}

/** Whether something was changed. SQLite itself refuses what its keys and indexes can't take. */
function wasDone(db: DatabaseSync, statement: string): boolean {
  try {
    const prepared = db.prepare(statement)
    // What it says about the last record may be any number.
    prepared.setReadBigInts(true)
    return prepared.run().changes !== 0n
  } catch (error) {
    const code = (error as { readonly code?: string }).code
    if (code === 'ERR_SQLITE_ERROR') return false
    throw error
  }
}
