/** The words of a statement in SQL, as far as it takes to see which tables it names. */
import { TABLE_STATEMENTS } from '../../ledger/sqlite/schema.ts'

/** In small letters, those that SQLite makes among them. */
export const TABLES: ReadonlySet<string> = new Set([
  ...TABLE_STATEMENTS.map(each => /^CREATE TABLE (\w+)/.exec(each)?.[1] ?? ''),
  ...['sqlite_schema', 'sqlite_master', 'sqlite_temp_schema', 'sqlite_temp_master', 'sqlite_stat1'],
])

/** A comment; a text; a name in one of its three quotations; a word. */
const WORDS =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([\p{L}_][\p{L}\p{N}_$]*)|\S/gu

/** The first table of a ledger that it names; null if it names none. A text behind FROM, JOIN or a point is a name as well. */
export function tableIn(sql: string): string | null {
  let before = ''
  for (const [all, text, double, back, square, word] of sql.matchAll(WORDS)) {
    if (all.startsWith('--') || all.startsWith('/*')) continue
    const name = (
      double ??
      back ??
      square ??
      word ??
      (/^(?:from|join|\.)$/i.test(before) ? text : undefined)
    )?.toLowerCase()
    if (name !== undefined && TABLES.has(name)) return name
    before = all
  }
  return null
}

/** Whether it asks for rows: EXPLAIN is another question, and whatever else is none. */
export function isQuery(sql: string): boolean {
  for (const [all] of sql.matchAll(WORDS))
    if (!all.startsWith('--') && !all.startsWith('/*')) return /^(?:select|with|values|\()$/i.test(all)
  return false
}
