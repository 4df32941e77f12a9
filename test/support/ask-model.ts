/** For tests: one question to a model, and what a run would see of the call. */
import type { Json } from '../../src/model/row.ts'
import { Model } from '../../src/plugins/models/model.ts'
import type { ModelOptions } from '../../src/plugins/models/model-options.ts'
import type { OutputShape } from '../../src/plugins/models/output-shape.ts'
import type { Call, CallAnswer } from '../../src/sdk/call.ts'
import type { SecretOption } from '../../src/sdk/spec.ts'

export interface Asking {
  readonly service: string
  readonly request: Json
  readonly at_most_usd: number | undefined
  readonly answer: CallAnswer
}

/** Asks once; `secrets`: which of the options are. */
export async function askOnce(
  options: ModelOptions,
  shape: OutputShape | null = null,
  signal = new AbortController().signal,
  secrets: readonly SecretOption[] = [],
): Promise<Asking> {
  let seen: Asking | null = null
  const call: Call = async (service, { request, at_most_usd }, perform) => {
    const answer = await perform({ signal })
    seen = { service, request, at_most_usd, answer }
    return answer.kind === 'answer' ? { kind: 'answer', response: answer.response } : { ...answer, kind: 'error' }
  }
  const messages = [
    { role: 'system' as const, content: 'Be brief.' },
    { role: 'user' as const, content: 'Hello' },
  ]
  const model = new Model(options, { node: 'node', secrets })
  await model.ask(call, { messages, shape })
  await model.close()
  if (seen === null) throw new Error('it made no call')
  return seen
}
