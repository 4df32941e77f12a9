/** What calls have to do with a difference: pure. */
import { CALL_THROTTLED, type CallFact, isCallError } from '../../format/entry.ts'
import type { Both, Parting } from './difference.ts'
import { sameValue } from './known-values.ts'
import { nameOf, type Tale } from './tale.ts'

/** Compares the calls made at a node, by a token of each run (0: for a batch). The first that differs tells. */
export function reasonOf(node: string, callers: Both<number>, tales: Both<Tale>): Parting['because'] {
  const before = callsAt(node, callers.old, tales.old)
  const after = callsAt(node, callers.new, tales.new)
  const values = (number: (call: CallFact) => number, x: CallFact, y: CallFact) => ({
    old: tales.old.values.get(number(x)),
    new: tales.new.values.get(number(y)),
  })
  for (const [i, x] of before.entries()) {
    const y = after[i]
    if (y === undefined) return null
    const asked = sameValue(values(call => call.request, x, y))
    if (asked !== true) return asked === false ? 'request' : null
    if (isAnswer(x) !== isAnswer(y)) return 'answer'
    const answered = sameValue(values(call => call.response, x, y))
    if (answered !== true) return answered === false ? 'answer' : null
  }
  return null
}

/** The results of each attempt. */
function callsAt(node: string, token: number, { course, topology }: Tale): readonly CallFact[] {
  const own = course.calls.get(token) ?? []
  return own
    .map(({ fact }) => fact)
    .filter(call => call.status !== CALL_THROTTLED && nameOf(topology, call.node) === node)
    .sort((a, b) => a.attempt - b.attempt || a.ordinal - b.ordinal)
}

function isAnswer({ status }: CallFact): boolean {
  return !isCallError(status)
}
