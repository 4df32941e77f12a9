/** How a plugin's calls come out where no run takes care of them: in tests of plugins. */
import { types } from 'node:util'
import { canonicalize } from '../../model/canonical.ts'
import type { Row } from '../../model/row.ts'
import type { Call, CallAnswer, CallResult } from '../call.ts'
import type { PluginContext, TransformResult, TransformSpec, VisitContext } from '../spec.ts'

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

/** Gives each new request the next of these answers, and whoever asks the same again the same one. */
export function answeringAlike(answers: readonly CallAnswer[]): Call {
  const known = new Map<string, CallAnswer>()
  return async (service, { request }) => {
    const text = canonicalize(request)
    const answer = known.get(text) ?? answers[known.size]
    if (answer === undefined)
      throw new Error(`it calls ${service}, and the example has only ${answers.length} \`answers\``)
    known.set(text, answer)
    return resultOf(answer)
  }
}

/** What a visit of a test gets. */
export function visitContext(call: Call = answering([])): VisitContext {
  return { attempt: 1, signal: new AbortController().signal, call }
}

/** One visit after the other of a transform, ordered or not. */
export interface TransformVisits {
  process(row: Row): Promise<TransformResult>
  close(): Promise<void>
}

/** `before`: how many rows have been taken already, where it takes them in order. */
export async function transformVisits<O>(
  spec: TransformSpec<O>,
  options: O,
  context: PluginContext,
  visit: VisitContext,
  before = 0,
): Promise<TransformVisits> {
  if (spec.ordered !== true) {
    const transform = await spec.create(options, context)
    return { process: async row => transform.process(row, visit), close: async () => transform.close?.() }
  }
  const transform = await spec.create(options, context)
  let position = before
  return {
    process: async row => {
      const result = transform.process(row, { position: ++position })
      if (types.isPromise(result)) throw new Error('it takes its rows in order, and doesn’t answer at once')
      return result
    },
    close: async () => transform.close?.(),
  }
}

function resultOf(answer: CallAnswer): CallResult {
  if (answer.kind === 'answer') return { kind: 'answer', response: answer.response }
  const { code, message, retryable, retry_after_ms } = answer
  return { kind: 'error', code, message, retryable, ...(retry_after_ms === undefined ? {} : { retry_after_ms }) }
}
