/**
 * Several questions to a model about one row. All first questions are asked at once; answers that don't fit their schema then
 * get one attempt each to be repaired, in the order of the queries, so that calls always begin in the same order.
 */
import type { Json, Row } from '../../model/row.ts'
import type { Call } from '../../sdk/call.ts'
import { fieldOf } from '../../sdk/expression.ts'
import { rowError } from '../../sdk/results.ts'
import type { RowError } from '../../sdk/spec.ts'
import type { Template } from '../templates/template.ts'
import type { Answer, Model } from './model.ts'
import type { OutputShape } from './output-shape.ts'
import { type OutputValue, outputValue } from './output-value.ts'
import type { Message, Question } from './question.ts'

/** A template, or anything else that makes a text of a row. */
export type Prompt = Pick<Template, 'fields' | 'render'>

export interface Query {
  /** For messages about it; empty for the only one. */
  readonly name: string
  readonly system: Prompt | null
  readonly prompt: Prompt
  /** Null: a text. */
  readonly shape: OutputShape | null
}

/** A text, or an object that fits the shape; in the order of the queries. */
export type Answers = { readonly kind: 'answers'; readonly values: readonly Json[] } | RowError

/** `parameters`: more variables of the templates. */
export async function askAll(
  queries: readonly Query[],
  model: Model,
  row: Row,
  parameters: Row,
  call: Call,
): Promise<Answers> {
  const questions: Question[] = []
  for (const query of queries) {
    const messages = worded(query, row, parameters)
    if ('kind' in messages) return messages
    questions.push({ messages, shape: query.shape })
  }
  const firsts = await Promise.all(questions.map(question => model.ask(call, question)))
  const failed = worst(queries, firsts)
  if (failed !== null) return failed
  const settled = await repaired(questions, firsts, model, call)
  return worst(queries, settled) ?? { kind: 'answers', values: settled.map(each => (each as Settled).value) }
}

function worded({ name, system, prompt }: Query, row: Row, parameters: Row): readonly Message[] | RowError {
  const messages: Message[] = []
  for (const [role, template] of [['system', system] as const, ['user', prompt] as const]) {
    if (template === null) continue
    const rendered = template.render(row, parameters)
    if (!rendered.ok)
      return named(name, rowError('LLM_TEMPLATE', `the ${role} prompt: ${rendered.message}`, fieldOf(rendered)))
    messages.push({ role, content: rendered.value.toWellFormed() })
  }
  return messages
}

type Settled = { readonly kind: 'value'; readonly value: Json }

/** All repairs are begun in one go, in order. */
async function repaired(
  questions: readonly Question[],
  firsts: readonly Answer[],
  model: Model,
  call: Call,
): Promise<ReadonlyArray<Settled | RowError>> {
  return Promise.all(
    questions.map((question, i): Promise<Settled | RowError> => {
      const { text } = firsts[i] as Extract<Answer, { kind: 'text' }>
      const found = read(text, question.shape)
      if (found.ok) return Promise.resolve({ kind: 'value', value: found.value })
      return repair(question, text, found.problem, model, call)
    }),
  )
}

async function repair(
  { messages, shape }: Question,
  text: string,
  problem: string,
  model: Model,
  call: Call,
): Promise<Settled | RowError> {
  const content = `That can’t be used: ${problem}. Answer again, with the whole JSON and nothing else.`
  const again: readonly Message[] = [...messages, { role: 'assistant', content: text }, { role: 'user', content }]
  const answer = await model.ask(call, { messages: again, shape })
  if (answer.kind === 'error') return answer
  const found = read(answer.text, shape)
  if (found.ok) return { kind: 'value', value: found.value }
  return rowError('LLM_INVALID_OUTPUT', `the answer doesn’t fit the schema, also after a repair: ${found.problem}`)
}

const read = (text: string, shape: OutputShape | null): OutputValue | { readonly ok: true; readonly value: string } =>
  shape === null ? { ok: true, value: text } : outputValue(text, shape)

/** An error that no other attempt can fix comes first, or attempts would be spent for nothing. */
function worst(
  queries: readonly Query[],
  results: ReadonlyArray<{ readonly kind: string } | RowError>,
): RowError | null {
  const errors = results.flatMap((result, i) =>
    result.kind === 'error' ? [named(queries[i]?.name ?? '', result as RowError)] : [],
  )
  return errors.find(({ retryable }) => !retryable) ?? errors[0] ?? null
}

const named = (name: string, error: RowError): RowError =>
  name === '' ? error : { ...error, message: `${name}: ${error.message}` }
