/**
 * Which columns rows have in a CSV file: the row's own fields, then what rejected records have beside them, then what stands for
 * `_error`.
 */
import type { Row } from '../../model/row.ts'
import { ERROR_FIELD, flatErrors, flatNames, REJECT_FIELDS } from '../../sdk/error-row.ts'

/** Whether rows with these fields may be rejected records'. */
export function bringsRejects(fields: { has(field: string): boolean }): boolean {
  return fields.has(ERROR_FIELD) && [...REJECT_FIELDS.keys()].every(field => fields.has(field))
}

/** The columns for rows with these fields. `rejects`: rejected records' rows are among them. */
export function csvColumns(fields: Iterable<string>, rejects: boolean): readonly string[] {
  const all = new Set(fields)
  const own = [...all].filter(field => field !== ERROR_FIELD)
  const isLate = (field: string) => rejects && REJECT_FIELDS.has(field)
  return [
    ...own.filter(field => !isLate(field)),
    ...[...REJECT_FIELDS.keys()].filter(field => isLate(field) && all.has(field)),
    ...(all.has(ERROR_FIELD) ? flatNames(own) : []),
  ]
}

/** Columns that a file may do without: they describe errors and rejected records, and have a place of their own elsewhere. */
export function lateColumns(fields: { has(field: string): boolean }): readonly string[] {
  if (!fields.has(ERROR_FIELD)) return []
  return [...(bringsRejects(fields) ? REJECT_FIELDS.keys() : []), ...flatNames()]
}

/** The first field of a row that is lost if only `columns` are written; `late` ones of a row that met an error aren't. */
export function lostField(row: Row, columns: readonly string[], given: boolean): string | undefined {
  const flat = flatErrors(row)
  const late = new Set<string>()
  if (given && flat !== row) {
    for (const field in flat) if (!Object.hasOwn(row, field)) late.add(field)
    if (bringsRejects({ has: field => Object.hasOwn(row, field) }))
      for (const field of REJECT_FIELDS.keys()) late.add(field)
  }
  return Object.keys(flat).find(field => !columns.includes(field) && !late.has(field))
}
