/** What a pipeline adds to the bodies of requests: settings that only some servers know. What Custody sets itself stays. */
import { type Json, type MutableRow, withoutPrototypes } from '../../model/row.ts'
import type { OptionProblem, SecretOption } from '../../sdk/spec.ts'
import { secretAt } from '../templates/json-template.ts'
import { isMap, type JsonMap } from './json-map.ts'
import type { ModelOptions } from './model-options.ts'
import { type Format, formatOf } from './reading.ts'

/** The option that says the same; null: it follows from the prompts or the schema, or would change what an answer is. */
const TAKEN: { readonly [format in Format]: { readonly [name: string]: string | null } } = {
  chat: {
    model: 'model',
    messages: null,
    max_tokens: 'max_output_tokens',
    max_completion_tokens: 'max_output_tokens',
    temperature: 'temperature',
    top_p: 'top_p',
    seed: 'seed',
    reasoning_effort: 'reasoning',
    response_format: 'structured',
    n: null,
    tools: null,
    tool_choice: null,
    functions: null,
  },
  anthropic: {
    model: 'model',
    messages: null,
    system: 'system',
    max_tokens: 'max_output_tokens',
    temperature: 'temperature',
    top_p: 'top_p',
    output_format: 'structured',
    stream: null,
    tools: null,
    tool_choice: null,
  },
  google: { contents: null, systemInstruction: 'system', tools: null, toolConfig: null },
  bedrock: { messages: null, max_tokens: 'max_output_tokens', temperature: 'temperature', top_p: 'top_p', tools: null },
}

export function extraBodyProblems({ provider, body }: ModelOptions): readonly OptionProblem[] {
  const taken = TAKEN[formatOf(provider)]
  return Object.keys(body ?? {}).flatMap(name => {
    if (!Object.hasOwn(taken, name)) return []
    const option = taken[name] ?? null
    const hint = option === null ? 'leave it out' : `use the option \`${option}\``
    return { path: ['body', name], message: `\`${name}\` of a request is set by Custody`, hint }
  })
}

/** As it is recorded: secrets by their names. */
export function shownBody(body: JsonMap, secrets: readonly SecretOption[]): Json {
  const shown = (value: Json, path: readonly (string | number)[]): Json => {
    const secret = secretAt(secrets, path)
    if (secret !== null) return { secret }
    if (Array.isArray(value)) return value.map((each, index) => shown(each, [...path, index]))
    if (!isMap(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each, [...path, name])]))
  }
  return shown(body, ['body'])
}

/**
 * Maps are joined to any depth. @throws TypeError where both have a value that isn't one: which of them is meant isn't known.
 */
export function withExtra(own: JsonMap, extra: JsonMap, path: readonly string[] = ['body']): JsonMap {
  const joined = withoutPrototypes(own) as MutableRow
  for (const [name, value] of Object.entries(extra)) {
    const at = [...path, name]
    const there = Object.hasOwn(own, name) ? own[name] : undefined
    if (there === undefined) joined[name] = value
    else if (isMap(there) && isMap(value)) joined[name] = withExtra(there, value, at)
    else throw new TypeError(`\`${at.join('.')}\` is set by Custody in this request: leave it out`)
  }
  return joined
}
