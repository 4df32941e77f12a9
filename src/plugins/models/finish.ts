/** Why an answer ended, and whether it is a whole one. Only reasons that are known to be a normal end make it that. */
import type { CallFailure } from '../../sdk/call.ts'
import { failure, type LlmErrorCode } from './failures.ts'
import type { Format, Reading } from './reading.ts'

/** Reasons in lower case. */
const NORMAL = new Set([
  'stop',
  'end_turn',
  'stop_sequence',
  'stop_token',
  'eos',
  'eos_token',
  'end_of_text',
  'complete',
  'completed',
])

type Reasons = ReadonlyArray<readonly [words: RegExp, code: LlmErrorCode, message: string]>

const REASONS: Reasons = [
  [
    /^(length|max_tokens|max_output_tokens|max_completion_tokens|model_length|model_context_window_exceeded|token_limit|continuation)$/,
    'LLM_LENGTH',
    'the answer was cut off: raise `max_output_tokens`, or ask for less',
  ],
  [
    /^(blocked_.*|content_filter(ed)?|content-filter|safety|.*_safety|recitation|.*_recitation|blocklist|prohibited_content|.*_prohibited_content|spii|sensitive|guardrail_intervened|language)$/,
    'LLM_CONTENT_FILTER',
    'the provider’s filter blocked the prompt or the answer',
  ],
  [/^refusal$/, 'LLM_REFUSAL', 'the model refused'],
  [
    /^(error|abort(ed)?|cancell?ed|timeout|time_limit|network_error|server_error|insufficient_system_resource|engine_overloaded|preempted|load|unload)$/,
    'LLM_SERVER',
    'the service broke its answer off',
  ],
  [
    /^(malformed_.*|unexpected_tool_call|invalid_.*)$/,
    'LLM_MALFORMED',
    'the model’s answer has a form that the service can’t read',
  ],
]

/** What stands in `accept_finish_reasons` for an answer that says no reason. */
const NO_REASON = 'none'

/**
 * Null if the answer is whole. `accepted`: reasons that the pipeline takes for a normal end as well.
 * Codes: LLM_LENGTH, LLM_CONTENT_FILTER, LLM_REFUSAL, LLM_SERVER, LLM_MALFORMED, LLM_INCOMPLETE, LLM_INVALID_OUTPUT.
 */
export function endedBadly(reading: Reading, format: Format, accepted: readonly string[]): CallFailure | null {
  const { finish, refusal, wants_tool, text } = reading
  const word = finish?.toLowerCase() ?? NO_REASON
  const found = REASONS.find(([words]) => words.test(word))
  const is_accepted = accepted.some(each => each.toLowerCase() === word)
  if (found !== undefined && !is_accepted) {
    const [, code, message] = found
    return failure(code, code === 'LLM_REFUSAL' ? refused(refusal || text) : `${message} (${finish})`)
  }
  if (refusal !== '') return failure('LLM_REFUSAL', refused(refusal))
  if (!NORMAL.has(word) && !is_accepted) return incomplete(finish, wants_tool, format)
  if (text.trim() !== '') return null
  return wants_tool ? incomplete(finish, true, format) : failure('LLM_INVALID_OUTPUT', 'the answer is empty')
}

const refused = (words: string) => `the model refused: ${words.slice(0, 500)}`

function incomplete(finish: string | null, wants_tool: boolean, format: Format): CallFailure {
  if (wants_tool) return failure('LLM_INCOMPLETE', `the model asks for a tool instead of answering (${finish})`)
  const how = finish === null ? 'doesn’t say why it ended' : `ended for a reason that is no normal end (${finish})`
  // Only servers of chat completions have words of their own; of the others all are known.
  const accept = `: if it is whole, write \`accept_finish_reasons: [${finish ?? NO_REASON}]\``
  return failure('LLM_INCOMPLETE', `the answer ${how}${format === 'chat' ? accept : ''}`)
}
