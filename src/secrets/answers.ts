/** What the status of an answer says, where a manager speaks plain HTTP: its body is never quoted, since it may hold anything. */
import { SecretProblem } from './keeper.ts'
import type { WebAnswer } from './web.ts'

export interface Asked {
  readonly who: string
  /** What was asked for. */
  readonly what: string
  /** Hints. */
  readonly missing: string
  readonly refused: string
}

/** For an answer without a value. */
export function statusProblem({ status }: WebAnswer, { who, what, missing, refused }: Asked): SecretProblem {
  if (status === 404) return new SecretProblem('CUSTODY_SECRET_NOT_FOUND', `${who} has no secret ${what}`, missing)
  if (status === 401 || status === 403)
    return new SecretProblem('CUSTODY_SECRET_DENIED', `${who} doesn’t let these credentials read ${what}`, refused)
  if (status === 400)
    return new SecretProblem(
      'CUSTODY_SECRET_NOT_FOUND',
      `${who} has no version of ${what} that can be read`,
      'it may be disabled or destroyed, or the name isn’t one that can be',
    )
  const how = status === 200 ? 'without a value' : `with status ${status}`
  return new SecretProblem('CUSTODY_SECRET_UNREACHABLE', `${who} answers for ${what} ${how}`)
}
