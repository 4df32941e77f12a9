/** Whether a table may be written to, found out without writing: a server checks the rights of a statement that it only plans. */
import type { Database } from '../../databases/database.ts'
import { DatabaseError } from '../../databases/database-error.ts'
import { quotedTable, type TableName } from '../../databases/dialect.ts'
import { onConflict, type Target } from './statements.ts'

/**
 * `columns`: those that rows are written with; `receipts`: the table for these, null if it isn't there yet. Whatever else a server has against
 * such a statement says nothing of rights.
 * @throws DatabaseError of kind `denied`
 */
export async function needRights(
  database: Database,
  target: Target,
  columns: readonly string[],
  receipts: TableName | null,
): Promise<void> {
  const { dialect } = database
  // The files of others have no users.
  if (dialect.kind !== 'postgres' && dialect.kind !== 'mysql') return
  const into = (table: TableName) => `EXPLAIN INSERT INTO ${quotedTable(dialect, table)}`
  const names = columns.map(dialect.identifier).join(', ')
  const upsert = target.mode === 'upsert' ? ` ${onConflict(dialect, target.key, columns)}` : ''
  const asked = [`${into(target.table)} (${names}) VALUES (${columns.map(() => 'NULL').join(', ')})${upsert}`]
  const nothing = dialect.kind === 'mysql' ? '() VALUES ()' : 'DEFAULT VALUES'
  if (receipts !== null) asked.push(`${into(receipts)} ${nothing}`)
  for (const statement of asked) {
    try {
      await database.ask(statement)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.kind === 'denied' || database.isLost) throw error
    }
  }
}
