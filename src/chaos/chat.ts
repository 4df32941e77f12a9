/** Chat completions in the form of OpenAI's API, whole or as server-sent events, and what a model itself can do wrong. */

import { parseJson } from '../model/json.ts'
import type { Json } from '../model/row.ts'
import type { Answerer } from './answer.ts'
import { BYTES_PER_TOKEN, type ChatRequest, readChatRequest, tokensIn } from './chat-request.ts'
import type { FaultKind } from './faults.ts'
import { isTarget, unfittingValue } from './fitting.ts'
import { errorWithin, oddReason, oddUsage, wrapped } from './oddities.ts'
import { badRequest, jsonReply, type Reply } from './reply.ts'

/** What the model says. */
interface Completion {
  readonly content: string | null
  readonly refusal: string | null
  /** `stop`, `length`, `content_filter`, or something odd. */
  readonly finish_reason: string | null
}

/** A reply, and the fault that is in it already: one of the model. */
export interface ModelReply {
  readonly reply: Reply
  readonly fault: FaultKind | null
}

export interface ChatDecision {
  /** Makes the answer's id. */
  readonly key: string
  readonly drawn: FaultKind | null
  readonly detail: number
  /** Statuses of errors. */
  readonly statuses: readonly number[]
}

export function chatReply(body: Json, decision: ChatDecision, answerer: Answerer): ModelReply {
  const { key, drawn, detail, statuses } = decision
  const request = readChatRequest(body)
  if (typeof request === 'string') return { reply: badRequest(request), fault: null }
  const answered = answerer(request.question, request.form)
  if ('problem' in answered) return { reply: badRequest(answered.problem), fault: null }
  const sound = completionOf(answered.text, request.max_tokens)
  const flawed = drawn === null ? null : withFault(sound, drawn, detail, request)
  const completion = flawed ?? sound
  const broken = drawn === 'wrong_schema' && flawed === null
  const unasked = drawn === 'unasked_stream' && !request.streamed
  if (request.streamed || unasked) {
    const reply = eventsReply(unasked ? { ...request, with_usage: true } : request, key, completion, broken)
    return { reply, fault: flawed !== null || broken || unasked ? drawn : null }
  }
  if (drawn === 'error_in_body') return { reply: jsonReply(200, errorWithin(statuses, detail)), fault: drawn }
  const odd = drawn === 'odd_usage'
  const usage = odd ? oddUsage(usageOf(request, completion), detail) : usageOf(request, completion)
  const reply = wholeReply(request, key, completion, { broken, usage })
  return { reply, fault: flawed !== null || broken || odd ? drawn : null }
}

function completionOf(text: string, max_tokens: number | null): Completion {
  const cut = max_tokens !== null && tokensIn(text) > max_tokens
  return {
    content: cut ? firstBytes(text, max_tokens * BYTES_PER_TOKEN) : text,
    refusal: null,
    finish_reason: cut ? 'length' : 'stop',
  }
}

/** Without a character that is cut in two. */
function firstBytes(text: string, size_bytes: number): string {
  return new TextDecoder().decode(Buffer.from(text).subarray(0, size_bytes), { stream: true })
}

/** Null where the model has no part in the fault, or the fault doesn't apply to what was asked. */
function withFault(sound: Completion, fault: FaultKind, detail: number, { form }: ChatRequest): Completion | null {
  const text = sound.content ?? ''
  const part = text.slice(0, Math.floor(text.length * detail)).toWellFormed()
  switch (fault) {
    case 'truncated':
      return { ...sound, content: part, finish_reason: 'length' }
    case 'malformed_answer':
      // Outside of a text the ellipsis is no JSON, and a text that it stands in has no end.
      return form === 'text' ? null : { ...sound, content: `${part} …` }
    case 'wrong_schema': {
      if (typeof form !== 'object' || !isTarget(form)) return null
      const wrong = unfittingValue(form, parsedOr(text, {}), detail)
      return wrong === undefined ? null : { ...sound, content: JSON.stringify(wrong) }
    }
    case 'refusal':
      return { content: null, refusal: 'I can’t help with that.', finish_reason: 'stop' }
    case 'content_filter':
      return { content: null, refusal: null, finish_reason: 'content_filter' }
    case 'odd_finish':
      return { ...sound, content: part, finish_reason: oddReason(detail) }
    case 'wrapped_answer':
      return form === 'text' ? null : { ...sound, content: wrapped(text, detail) }
    default:
      return null
  }
}

/** An answer that was set needn't be JSON, even where JSON was asked for. */
function parsedOr(text: string, otherwise: Json): Json {
  try {
    return parseJson(text) as Json
  } catch {
    return otherwise
  }
}

/** 2026-01-01: always the same, so that the same request gets the same bytes. */
const CREATED = 1_767_225_600

function wholeReply(
  request: ChatRequest,
  key: string,
  completion: Completion,
  { broken, usage }: { readonly broken: boolean; readonly usage: Json | undefined },
): Reply {
  const { content, refusal, finish_reason } = completion
  const choice = {
    index: 0,
    message: { role: 'assistant', content, refusal },
    logprobs: null,
    finish_reason,
  }
  return jsonReply(200, {
    ...headOf(request, key, 'chat.completion'),
    ...(broken ? { output: content } : { choices: [choice] }),
    ...(usage === undefined ? {} : { usage }),
  })
}

function headOf({ model }: ChatRequest, key: string, object: string) {
  return { id: `chatcmpl-${key.slice(0, 24)}`, object, created: CREATED, model }
}

function usageOf({ prompt_tokens }: ChatRequest, { content, refusal }: Completion) {
  const completion_tokens = tokensIn(content ?? refusal ?? '')
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens }
}

function eventsReply(request: ChatRequest, key: string, completion: Completion, broken: boolean): Reply {
  const head = headOf(request, key, 'chat.completion.chunk')
  const chunk = (delta: { readonly [key: string]: Json }, finish_reason: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason }],
  })
  const part = completion.refusal === null ? 'content' : 'refusal'
  const pieces = (completion.refusal ?? completion.content ?? '').match(/\S+\s*|\s+/g) ?? []
  const chunks: readonly Json[] = broken
    ? [{ ...head, output: completion.content }]
    : [
        chunk({ role: 'assistant', content: '' }),
        ...pieces.map(piece => chunk({ [part]: piece })),
        chunk({}, completion.finish_reason),
        ...(request.with_usage ? [{ ...head, choices: [], usage: usageOf(request, completion) }] : []),
      ]
  const text = [...chunks.map(each => JSON.stringify(each)), '[DONE]'].map(data => `data: ${data}\n\n`).join('')
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: Buffer.from(text), streamed: true }
}
