/** Answers about a record that doesn't hold. */
import type { Unsound } from '../../api/common.ts'
import { UnsoundRecord } from '../../read/evidence/unsound.ts'

export function isUnsound(answer: unknown): answer is Unsound {
  return typeof answer === 'object' && answer !== null && 'holds' in answer && answer.holds === false
}

/** For what is saved as a file: in its place there may be nothing that looks like one. @throws UnsoundRecord */
export function refuseUnsound<T>(answer: T | Unsound): T {
  if (isUnsound(answer)) throw new UnsoundRecord(answer.problems)
  return answer
}
