/** How a plugin's calls come out where no run takes care of them: in tests of plugins. */
import { canonicalize } from '../../model/canonical.ts'
import type { Call, CallAnswer, CallResult } from '../call.ts'
import type { VisitContext } from '../spec.ts'

/** Makes each call at once, and once. Give it to `visitContext` to try a plugin against a real service. */
export const performing: Call = async (_service, { request }, perform) => {
  canonicalize(request)
  return resultOf(await perform({ signal: new AbortController().signal }))
}

/** Gives these answers in order, and begins again after the last; nothing is performed. */
export function answering(answers: readonly CallAnswer[]): Call {
  let calls = 0
  return async (service, { request }) => {
    canonicalize(request)
    const answer = answers[calls++ % answers.length]
    if (answer === undefined) throw new Error(`it calls ${service}, and the example has no \`answers\``)
    return resultOf(answer)
  }
}

/** What a visit of a test gets. */
export function visitContext(call: Call = answering([])): VisitContext {
  return { attempt: 1, signal: new AbortController().signal, call }
}

function resultOf(answer: CallAnswer): CallResult {
  if (answer.kind === 'answer') return { kind: 'answer', response: answer.response }
  const { code, message, retryable, retry_after_ms } = answer
  return { kind: 'error', code, message, retryable, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) }
}
