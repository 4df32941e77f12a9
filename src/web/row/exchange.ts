/** A request to a language model and its answer, as far as they have the form of a conversation. Others are shown as JSON. */

import { parseJson } from '../../model/json.ts'
import { isRecord } from './values.ts'

interface Said {
  readonly role: string
  readonly text: string
}

/** null if it is no conversation. `rest` is what was asked for beside it: the model, its settings, the form of the answer. */
export function conversationIn(request: unknown): { readonly said: readonly Said[]; readonly rest: unknown } | null {
  if (!isRecord(request) || !Array.isArray(request.messages)) return null
  const said = request.messages.map(saidIn)
  if (said.length === 0 || said.some(each => each === null)) return null
  const { messages: _, ...rest } = request
  return { said: said.filter(each => each !== null), rest }
}

function saidIn(message: unknown): Said | null {
  if (!isRecord(message) || typeof message.role !== 'string') return null
  const text = textIn(message.content)
  return text === null ? null : { role: message.role, text }
}

/** A text, or a list of parts; parts that are no text are named by their type. */
function textIn(content: unknown): string | null {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  const parts = content.map(part => {
    if (!isRecord(part)) return null
    if (typeof part.text === 'string') return part.text
    return typeof part.type === 'string' ? `[${part.type}]` : null
  })
  return parts.includes(null) ? null : parts.join('\n')
}

/** The text of an answer, and what came with it; null if it has none. `json` is what that text stands for, where it is JSON. */
export function answerIn(
  response: unknown,
): { readonly text: string; readonly json: unknown; readonly rest: unknown } | null {
  if (!isRecord(response) || typeof response.text !== 'string') return null
  const { text, ...rest } = response
  return { text, json: jsonIn(text), rest }
}

/** undefined if it is none, or only a number or the like, which reads better as it is. */
function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
