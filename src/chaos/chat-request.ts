/** A request for a chat completion, as far as it is read; other settings (temperature, tools) change nothing here. */
import { z } from 'zod'
import type { Json } from '../model/row.ts'
import type { Form } from './answer.ts'
import { isTarget, targetOf } from './fitting.ts'
import type { Question } from './options.ts'

const CONTENT = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  z.null(),
])

const CHAT = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: CONTENT.optional() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.literal(1).nullish(),
  response_format: z
    .union([
      z.looseObject({ type: z.literal('text') }),
      z.looseObject({ type: z.literal('json_object') }),
      z.looseObject({
        type: z.literal('json_schema'),
        json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()).optional() }),
      }),
    ])
    .nullish(),
})

export interface ChatRequest {
  readonly model: string
  readonly question: Question
  readonly form: Form
  readonly streamed: boolean
  /** Whether a stream reports the usage at its end. */
  readonly with_usage: boolean
  readonly max_tokens: number | null
  readonly prompt_tokens: number
}

/** Or one sentence that says what is wrong. */
export function readChatRequest(body: Json): ChatRequest | string {
  const parsed = CHAT.safeParse(body)
  if (!parsed.success) return issueText(parsed.error)
  const { data } = parsed
  const form = formOf(data.response_format)
  if (typeof form === 'object' && 'problem' in form) return form.problem
  const texts = data.messages.map(({ content }) => contentText(content))
  const last = data.messages.findLastIndex(({ role }) => role === 'user')
  const prompt = texts.at(last) ?? ''
  return {
    model: data.model,
    question: { prompt, body: body as Question['body'] },
    form,
    streamed: data.stream === true,
    with_usage: data.stream_options?.include_usage === true,
    max_tokens: data.max_completion_tokens ?? data.max_tokens ?? null,
    prompt_tokens: texts.reduce((sum, text) => sum + tokensIn(text), 0),
  }
}

export function issueText(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? 'the body is wrong' : `${issue.path.join('.') || 'the body'}: ${issue.message}`
}

function contentText(content: z.infer<typeof CONTENT> | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).flatMap(({ text }) => text ?? []).join('\n')
}

function formOf(format: z.infer<typeof CHAT>['response_format']): Form | { readonly problem: string } {
  if (format === null || format === undefined || format.type === 'text') return 'text'
  if (format.type === 'json_object') return 'json'
  const { schema } = (format as { readonly json_schema: { readonly schema?: { readonly [keyword: string]: unknown } } })
    .json_schema
  if (schema === undefined) return 'json'
  const target = targetOf(schema)
  return isTarget(target) ? target : { problem: target.problem }
}

/** An LLM token is four bytes of UTF-8 here: near enough to what models count, and the same everywhere. */
export const BYTES_PER_TOKEN = 4

export function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}
