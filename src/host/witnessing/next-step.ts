/**
 * What follows from a witness's answer (C2SP tlog-witness): a pure decision.
 *
 * NEXT-STEP-1. A conflict at a size that the log had is asked again from there: the witness knows best what it cosigned last.
 * NEXT-STEP-2. A conflict at a larger size, and a proof that is refused, mean that the witness has seen another history of this log. That is
 *     an alarm, for people; asking again would not change it, and might hide it.
 * NEXT-STEP-3. All else passes, or waits for somebody to register a key: it is tried again with a later head.
 */
import { parseSize } from '../../format/add-checkpoint.ts'

/** A request that was made. */
export interface Asked {
  readonly old_size: number
  /** Of the head. */
  readonly size: number
  /** How many times this head was given to this witness, this one included. */
  readonly times: number
}

export type NextStep =
  /** `lines`: what it signed, not yet checked. */
  | { readonly kind: 'answered'; readonly lines: string }
  | { readonly kind: 'ask'; readonly old_size: number }
  /** It knows no key that has signed the head. */
  | { readonly kind: 'unregistered' }
  /** What went wrong; a sentence's end. */
  | { readonly kind: 'later'; readonly why: string }
  /** `size`: what it has cosigned, where that is more than the head has. */
  | { readonly kind: 'alarm'; readonly what: string; readonly size: number | null }

/** Others may submit heads of the same ledger at the same time; so often one is overtaken at most. */
const MOST_TIMES = 4

export function nextStep(answer: { readonly status: number; readonly body: string }, asked: Asked): NextStep {
  const { status, body } = answer
  switch (status) {
    case 200:
      return { kind: 'answered', lines: body }
    case 403:
    case 404:
      return { kind: 'unregistered' }
    case 409:
      return afterConflict(parseSize(body), asked)
    case 422:
      return {
        kind: 'alarm',
        what: `it refuses the proof that ${asked.size} entries extend the ${asked.old_size} that it has cosigned`,
        size: null,
      }
    default:
      return { kind: 'later', why: `answers with status ${status}` }
  }
}

function afterConflict(size: number | null, { old_size, size: own, times }: Asked): NextStep {
  if (size === null) return { kind: 'later', why: 'answers with a conflict, and doesn’t say at which size' }
  if (size > own)
    return { kind: 'alarm', what: `it has cosigned a head of ${size} entries, and there are ${own}`, size }
  if (size === old_size) return { kind: 'later', why: 'answers with a conflict at the size that it was asked from' }
  if (times >= MOST_TIMES) return { kind: 'later', why: `was overtaken ${times} times` }
  return { kind: 'ask', old_size: size }
}
