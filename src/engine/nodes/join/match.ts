/** What makes rows of two sides match, and what a pair of them becomes: pure functions. */
import { canonicalize, isDeeper, MAX_ROW_DEPTH } from '../../../model/canonical.ts'
import { keyValue } from '../../../model/decimal-text.ts'
import { counted } from '../../../model/number-text.ts'
import { derive, type Json, newRow, type Row } from '../../../model/row.ts'
import type { JoinNode } from '../../../plan/plan.ts'
import type { RowError } from '../../../sdk/spec.ts'
import { TOO_DEEP } from '../../token/facts.ts'

/**
 * Canonical text of the values of the key's fields: two rows match exactly if theirs are the same. null where one of them is null or
 * missing: that row matches nothing. `by_value`: places of decimals, which match if they are the same amount.
 */
export function keyOf(fields: readonly string[], row: Row, by_value: readonly number[]): string | null {
  const key: Json[] = []
  for (const [i, field] of fields.entries()) {
    const value = row[field] ?? null
    if (value === null) return null
    key.push(keyValue(value, by_value.includes(i)))
  }
  return canonicalize(key)
}

/** Fields of a union stand as in the left row, those that only the right one has behind them. */
export function pairOf(merge: JoinNode['merge'], left: Row, right: Row): Row {
  const more = newRow()
  if (merge === 'nested') {
    more.left = left
    more.right = right
    return more
  }
  for (const [field, value] of Object.entries(right)) if (!(field in left)) more[field] = value
  return derive(left, more)
}

/** The error of a left row that more right rows match than may. */
export function tooMany({ name, max_matches }: JoinNode): RowError {
  const most = counted(max_matches, 'match', 'matches')
  const message = `it has more than ${most} at \`${name}\`, as many as max_matches allows`
  return { kind: 'error', code: 'TOO_MANY_MATCHES', message, retryable: false }
}

/** Whether no pair with this row of either side is a row: it is nested too deep, together with whatever else. */
export function isTooDeep(merge: JoinNode['merge'], row: Row): boolean {
  return merge === 'nested' && isDeeper(row, MAX_ROW_DEPTH - 1)
}

/** The error of a left row with a pair that is nested too deep. */
export function tooDeep(): RowError {
  return { kind: 'error', code: 'ROW_TOO_DEEP', message: TOO_DEEP, retryable: false }
}
