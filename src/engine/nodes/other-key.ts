/** What stops a run whose records are dealt by a field: a row that comes, with another value, to where each value is to be in one split. */
import { CustodyError } from '../../model/error.ts'

/** `instead`: how that could be done, a sentence without its end. */
export function otherKey(name: string, instead: string): CustodyError {
  return new CustodyError(
    'CUSTODY_SPLITS',
    `a row came to \`${name}\` with another value of the field by which records are dealt than its record had, and other splits have that value`,
    { where: { node: name }, hint: `${instead}; give this run up with \`custody abandon\`.` },
  )
}
