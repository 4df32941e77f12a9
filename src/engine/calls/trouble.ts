/** What a call that came back says of its service, and what follows for the call. Pure. */
import type { CallAnswer } from '../../sdk/call.ts'

/** `stops`: nobody's calls can succeed; `throttled`: it wants to be left alone; `outage`: it is down. null: it works. */
export type Trouble = 'stops' | 'throttled' | 'outage' | null

export function troubleOf(answer: CallAnswer): Trouble {
  if (answer.kind === 'answer') return null
  if (answer.stops !== undefined) return 'stops'
  if (answer.throttled === true) return 'throttled'
  return answer.outage === true || answer.outage === 'surely' ? 'outage' : null
}

/** Times that one call is made again after it was throttled though the service answers others, before that is an error of its visit. */
const MOST_THROTTLED = 5

export interface ThrottledCall {
  /** How often it was throttled before. */
  readonly times: number
  /** Whether the service says when to come back. */
  readonly says_when: boolean
  /** Whether it has answered anybody since the call was first throttled. */
  readonly answers_others: boolean
  /** Whether other calls of the service wait, too. */
  readonly others_wait: boolean
}

/**
 * Whether a call that was throttled is made again, with no attempt used up: as long as the service turns everybody away that is no
 * error of the visit. (How long that may last the service's `max_wait` bounds.)
 */
export function isMadeAgain({ times, says_when, answers_others, others_wait }: ThrottledCall): boolean {
  return times < MOST_THROTTLED || (!answers_others && (says_when || others_wait))
}
