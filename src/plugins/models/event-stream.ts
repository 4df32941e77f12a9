/** A stream of chat completion chunks (server-sent events), put together to the answer that it would have been in one piece. */

import { parseJson } from '../../model/json.ts'
import type { Json, MutableRow } from '../../model/row.ts'
import { isMap, type JsonMap } from './json-map.ts'
import { contentText } from './reading.ts'

/** Whether a body is a stream, whatever its content type says. */
export function isEventStream(content_type: string, text: string): boolean {
  const start = text.trimStart()
  if (/^(?:data|event|id|retry):|^:/.test(start)) return true
  return /^text\/event-stream\b/i.test(content_type) && !start.startsWith('{')
}

/** The body of a whole answer, or of the error that the stream reported; a text says what is wrong with it. */
export function assembled(text: string): JsonMap | string {
  const whole: Whole = { content: '', refusal: '', calls: [], finish: null, model: null, usage: null }
  let ended = false
  for (const data of eventsIn(text)) {
    if (data === '[DONE]') {
      ended = true
      break
    }
    const chunk = parsed(data)
    if (!isMap(chunk)) return 'the stream has an event that isn’t a JSON object'
    if (isMap(chunk.error) || typeof chunk.error === 'string') return { error: chunk.error, usage: whole.usage }
    if (!add(whole, chunk)) return 'the stream has an event that isn’t part of an answer'
  }
  if (!ended && whole.finish === null) return 'the stream ends before its answer does'
  const { content, refusal, calls, finish, model, usage } = whole
  const message = { role: 'assistant', content, refusal, tool_calls: calls }
  return { model, usage, choices: [{ index: 0, message, finish_reason: finish }] }
}

interface Whole {
  content: string
  refusal: string
  calls: Json[]
  finish: string | null
  model: Json
  usage: Json
}

/** False for anything but a chunk. */
function add(whole: Whole, { model, usage, choices, ...rest }: JsonMap): boolean {
  if (typeof model === 'string') whole.model = model
  if (isMap(usage)) whole.usage = usage
  if (isMap(rest.x_groq) && isMap(rest.x_groq.usage)) whole.usage = rest.x_groq.usage
  if (!Array.isArray(choices)) return isMap(usage)
  const choice = choices.filter(isMap).find(({ index }) => index === undefined || index === 0)
  if (choice === undefined) return true
  const delta = [choice.delta, choice.message].find(isMap) ?? {}
  whole.content += contentText(delta.content ?? choice.text) ?? ''
  if (typeof delta.refusal === 'string') whole.refusal += delta.refusal
  if (Array.isArray(delta.tool_calls)) whole.calls.push(...delta.tool_calls)
  if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') whole.finish = choice.finish_reason
  return true
}

/** The data of each event (HTML Standard, 9.2.6); of the last one also if no blank line ends it. */
function* eventsIn(text: string): Iterable<string> {
  let data: string[] = []
  for (const line of `${text}\n`.split(/\r\n|\n|\r/)) {
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
    else if (line === '' && data.length > 0) {
      yield data.join('\n')
      data = []
    }
  }
}

function parsed(text: string): Json | MutableRow {
  try {
    return parseJson(text) as Json
  } catch {
    return null
  }
}
