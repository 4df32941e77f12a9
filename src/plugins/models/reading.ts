/**
 * What a model's answer is, in the four forms that providers send it. Read here and not by a library, because what is complete, what
 * is broken off and what was counted has to be known exactly; what isn't needed may be of any type.
 */
import type { Json } from '../../model/row.ts'
import { isMap, type JsonMap } from './json-map.ts'
import type { Provider } from './model-options.ts'
import { type Tokens, tokensOf } from './tokens.ts'

/** `chat`: OpenAI's chat completions. */
export type Format = 'chat' | 'anthropic' | 'google' | 'bedrock'

export interface Reading {
  readonly text: string
  /** Empty: none. */
  readonly refusal: string
  /** The provider's word for why the answer ended; null if it says none. */
  readonly finish: string | null
  /** It asks for a tool, or for a function, and nobody offered it one. */
  readonly wants_tool: boolean
  readonly model: string | null
  readonly tokens: Tokens
}

export function formatOf(provider: Provider): Format {
  switch (provider) {
    case 'anthropic':
    case 'google':
      return provider
    case 'amazon-bedrock':
      return 'bedrock'
    default:
      return 'chat'
  }
}

/** Or one sentence that says what the body lacks. */
export function readAnswer(format: Format, body: Json): Reading | string {
  if (!isMap(body)) return 'the answer is no JSON object'
  const found = READERS[format](body)
  if (typeof found === 'string') return found
  return { refusal: '', wants_tool: false, model: textOf(body.model), ...found, tokens: tokensOf(format, body) }
}

type Found = Pick<Reading, 'text' | 'finish'> & Partial<Reading>

const READERS: { readonly [format in Format]: (body: JsonMap) => Found | string } = {
  chat: readChat,
  anthropic: readAnthropic,
  google: readGoogle,
  bedrock: readBedrock,
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

const mapsIn = (value: Json | undefined): readonly JsonMap[] => (Array.isArray(value) ? value.filter(isMap) : [])

function readChat({ choices }: JsonMap): Found | string {
  const [choice] = mapsIn(choices)
  if (choice === undefined) return 'the answer has no `choices`'
  const message = isMap(choice.message) ? choice.message : {}
  const { content, refusal, tool_calls, function_call } = message
  const calls = mapsIn(tool_calls).length > 0 || isMap(function_call)
  const text = contentText(content ?? choice.text)
  if (text === null) return 'the content of the answer is no text'
  return { text, refusal: textOf(refusal) ?? '', finish: textOf(choice.finish_reason), wants_tool: calls }
}

/** A text, or parts of which those count that are texts; null for what is neither. */
export function contentText(content: Json | undefined): string | null {
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  return content
    .map(part =>
      typeof part === 'string' ? part : isMap(part) && part.type === 'text' ? (textOf(part.text) ?? '') : '',
    )
    .join('')
}

/** The tool in whose input a library lets models that know no JSON Schema put their answer. */
const ANSWER_TOOL = 'json'

function readAnthropic({ content, stop_reason }: JsonMap): Found | string {
  if (!Array.isArray(content)) return 'the answer has no `content`'
  const blocks = mapsIn(content)
  const texts = blocks.map(block => (block.type === 'text' ? (textOf(block.text) ?? '') : ''))
  const tools = blocks.filter(({ type }) => type === 'tool_use')
  return answered(texts.join(''), tools, textOf(stop_reason))
}

function readBedrock({ output, stopReason }: JsonMap): Found | string {
  const message = isMap(output) && isMap(output.message) ? output.message : null
  if (message === null || !Array.isArray(message.content)) return 'the answer has no `output` with a message'
  const blocks = mapsIn(message.content)
  const texts = blocks.map(block => textOf(block.text) ?? '')
  const tools = blocks.map(({ toolUse }) => toolUse).filter(isMap)
  return answered(texts.join(''), tools, textOf(stopReason))
}

function answered(text: string, tools: readonly JsonMap[], finish: string | null): Found {
  const [tool] = tools
  if (tools.length === 1 && tool?.name === ANSWER_TOOL && tool.input !== undefined)
    return { text: JSON.stringify(tool.input), finish: finish === 'tool_use' ? 'end_turn' : finish }
  return { text, finish, wants_tool: tools.length > 0 }
}

function readGoogle({ candidates, promptFeedback, modelVersion }: JsonMap): Found | string {
  const model = textOf(modelVersion)
  const [candidate] = mapsIn(candidates)
  const blocked = isMap(promptFeedback) ? textOf(promptFeedback.blockReason) : null
  if (blocked !== null && !/UNSPECIFIED/.test(blocked)) return { text: '', finish: `BLOCKED_${blocked}`, model }
  if (candidate === undefined) return 'the answer has no `candidates`'
  const parts = isMap(candidate.content) ? mapsIn(candidate.content.parts) : []
  const texts = parts.map(part => (part.thought === true ? '' : (textOf(part.text) ?? '')))
  const wants_tool = parts.some(({ functionCall }) => isMap(functionCall))
  return { text: texts.join(''), finish: textOf(candidate.finishReason), wants_tool, model }
}
