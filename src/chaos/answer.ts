/** What a model would have said: by a rule, as the options say, or made by chance from the question. */
import { type Json, newRow } from '../model/row.ts'
import { compilePattern, isPattern } from '../sdk/expression.ts'
import { fittingValue, type SchemaProblem, type Target } from './fitting.ts'
import type { AnswerFunction, ChaosSettings, Question } from './options.ts'
import { Random, words } from './random.ts'

/** What form is wanted: any text, any JSON object, or what a schema takes. */
export type Form = 'text' | 'json' | Target

/** Gives the text of an answer. The same question gets the same, whenever and however often it is asked. */
export type Answerer = (question: Question, form: Form) => { readonly text: string } | SchemaProblem

export function makeAnswerer({ seed, answers, answer }: Pick<ChaosSettings, 'seed' | 'answers' | 'answer'>): Answerer {
  const rules = answers.map(({ model, match, answer }) => ({ model, found: testOf(match), answer: answer as Json }))
  return (question, form) => {
    const { prompt, body } = question
    const rule = rules.find(({ model, found }) => (model === undefined || model === body.model) && found(prompt))
    if (rule !== undefined) return { text: textOf(filled(rule.answer, prompt)) }
    if (typeof answer === 'function') return { text: textOf((answer as AnswerFunction)(question)) }
    if (answer !== undefined) return { text: textOf(filled(answer as Json, prompt)) }
    return made(new Random(`${seed} ${JSON.stringify(body)}`), form)
  }
}

function testOf(source: string): (text: string) => boolean {
  const compiled = compilePattern(source)
  if (!isPattern(compiled)) throw new TypeError(compiled.problem)
  return compiled.test
}

function textOf(answer: Json): string {
  return typeof answer === 'string' ? answer : JSON.stringify(answer)
}

/** `{{ prompt }}` replaced in every text of the value, at any depth. */
function filled(answer: Json, prompt: string): Json {
  if (typeof answer === 'string') return answer.replaceAll(/\{\{\s*prompt\s*\}\}/g, () => prompt)
  if (typeof answer !== 'object' || answer === null) return answer
  if (Array.isArray(answer)) return answer.map(each => filled(each, prompt))
  const copy = newRow()
  for (const [key, each] of Object.entries(answer)) copy[key] = filled(each, prompt)
  return copy
}

function made(random: Random, form: Form): { readonly text: string } | SchemaProblem {
  const text = words(random, random.between(5, 30))
  if (form === 'text') return { text }
  if (form === 'json') return { text: JSON.stringify({ answer: text }) }
  const fitting = fittingValue(form, random)
  return 'problem' in fitting ? fitting : { text: JSON.stringify(fitting.value) }
}
