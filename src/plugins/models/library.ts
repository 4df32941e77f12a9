/**
 * Requests that a provider's library makes and signs. It sends them through a `fetch` that the wire of a question takes the place
 * of. A model of a library is expensive to make: it is used for one question after another, and there are as many as questions at once.
 */
import type { OpenAIProvider } from '@ai-sdk/openai'
import type { CallFailure } from '../../sdk/call.ts'
import type { Client } from './client.ts'
import { failure } from './failures.ts'
import type { ModelOptions } from './model-options.ts'
import type { Message, Question } from './question.ts'
import type { Wire } from './wire.ts'

/** All libraries make models of one type. */
type LibraryModel = ReturnType<OpenAIProvider['chat']>
type CallOptions = Parameters<LibraryModel['doGenerate']>[0]
type OwnOptions = NonNullable<CallOptions['providerOptions']>[string]
type Warnings = Awaited<ReturnType<LibraryModel['doGenerate']>>['warnings']

/** Makes a model whose requests go out through `fetch`. */
export type MakeModel = (fetch: typeof globalThis.fetch) => LibraryModel

/** A model, and the wire of the question that it is at. */
class Line {
  readonly model: LibraryModel
  wire: Wire | null = null

  constructor(make: MakeModel) {
    this.model = make((input, init) =>
      this.wire === null
        ? Promise.reject(new TypeError('the library asks what nobody wants'))
        : this.wire.fetch(input, init),
    )
  }
}

export function libraryClient(options: ModelOptions, make: MakeModel): Client {
  const idle: Line[] = []
  return {
    async ask(question, wire) {
      const line = idle.pop() ?? new Line(make)
      line.wire = wire
      try {
        return unsupported((await line.model.doGenerate(callOptions(options, question))).warnings)
      } finally {
        line.wire = null
        idle.push(line)
      }
    },
  }
}

function callOptions(options: ModelOptions, { messages, shape }: Question): CallOptions {
  const { max_output_tokens, temperature, top_p, seed, reasoning, structured } = options
  const strict = { strictJsonSchema: shape?.strict ?? false }
  const schema = structured === 'schema' && shape !== null ? { schema: shape.asked as object } : {}
  return {
    prompt: messages.map(promptMessage),
    maxOutputTokens: max_output_tokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(seed === undefined ? {} : { seed }),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(shape === null || structured === 'text' ? {} : { responseFormat: { type: 'json', ...schema } }),
    providerOptions: { openai: strict, azure: strict, ...bedrockBody(options) },
  }
}

/** Its requests are signed with all that is in them: the library has to put it in. */
const bedrockBody = ({ provider, body }: ModelOptions) =>
  provider === 'amazon-bedrock' && body !== undefined
    ? { amazonBedrock: { additionalModelRequestFields: body as OwnOptions } }
    : {}

function promptMessage({ role, content }: Message): CallOptions['prompt'][number] {
  return role === 'system' ? { role, content } : { role, content: [{ type: 'text', text: content }] }
}

/** Settings that a library may leave out of a request, with a warning only. */
const SETTINGS: { readonly [feature: string]: string } = {
  temperature: 'temperature',
  topP: 'top_p',
  seed: 'seed',
  reasoning: 'reasoning',
  maxOutputTokens: 'max_output_tokens',
}

function unsupported(warnings: Warnings): CallFailure | null {
  for (const warning of warnings) {
    const setting = warning.type === 'unsupported' ? SETTINGS[warning.feature] : undefined
    if (setting !== undefined)
      return failure(
        'LLM_UNSUPPORTED',
        `the model doesn’t take \`${setting}\` as it is set: change it, or leave it out`,
      )
  }
  return null
}
