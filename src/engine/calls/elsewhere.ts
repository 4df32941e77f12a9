/** What other sessions of the same run have asked of services, which counts for this one, too. */
import type { RateWindow } from './rate-window.ts'

export interface Elsewhere {
  /** What their calls have cost, and may have cost that are on no record, in nano-dollars. */
  readonly cost_nusd: number
  /** When calls of a service may begin, theirs included. */
  paceOf(service: string, per_minute: number): RateWindow
}
