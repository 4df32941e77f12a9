/** What a schema can declare: which of the fields that were found, and as what. */
import { ERROR_FIELD } from '../sdk/error-row.ts'
import type { FieldFinding, Found } from './finding.ts'
import type { JsonType } from './json-column.ts'

/** As the shorthand of a schema has it. */
export type DeclaredType = JsonType | ExactName
/** What no double holds. */
export type ExactName = 'decimal' | `decimal(${number})` | 'big_integer'

/** What a schema says of these fields. */
export function declared(all: readonly FieldFinding[]): Pick<Found, 'mode' | 'fields' | 'doubts'> {
  const fields = all.filter(({ field }) => field !== '' && field !== ERROR_FIELD)
  const has = (name: string) => all.some(({ field }) => field === name)
  const doubts = []
  if (has(''))
    doubts.push('what is in the field without a name: no schema can declare it, so that others may be there, too')
  if (has(ERROR_FIELD))
    doubts.push(
      `what becomes of records with a field ${ERROR_FIELD}: they are rejected, since rows have errors there; rename it in the file`,
    )
  const mode = fields.length === 0 ? 'observed' : fields.length < all.length ? 'flexible' : 'fixed'
  return { mode, fields, doubts }
}
