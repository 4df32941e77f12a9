/** Which row or token a question is about: a number, or a text that names one as commands take it. */
import { CustodyError } from '../../model/error.ts'
import { idIn } from '../../model/part-ids.ts'
import { type NamedRow, namedRow } from '../../read/recorded/named-row.ts'
import type { Subject } from './explained-row.ts'

type Named = number | string

/** @throws CustodyError CUSTODY_ARGUMENT */
export function askedSubject(asked: { readonly row: Named } | { readonly token: Named }): Subject {
  return 'row' in asked ? { row: askedRow(asked.row) } : { token: numbered(asked.token, idIn, 'token') }
}

/** @throws CustodyError CUSTODY_ARGUMENT */
export function askedRow(row: Named): NamedRow {
  return numbered(row, namedRow, 'row')
}

function numbered<T>(named: Named, read: (text: string) => T | null, what: 'row' | 'token'): T | number {
  if (typeof named === 'number') return named
  const found = read(named)
  if (found !== null) return found
  throw new CustodyError('CUSTODY_ARGUMENT', `${JSON.stringify(named)} is the number of no ${what}`, {
    hint: 'Numbers are whole, from 1 up; 3:17 is the 17th of split 3.',
  })
}
