/** Errors that come with status 200, and the status that they should have had. */
import type { Json } from '../../model/row.ts'
import { isMap, type JsonMap } from './json-map.ts'

export interface ErrorWithin {
  readonly status: number
  /** Whether the service itself names the status. */
  readonly has_status: boolean
  readonly message: string
}

/** Null if there is none. OpenRouter, gateways and local servers send these, in the body or in a choice. */
export function errorWithin(body: Json): ErrorWithin | null {
  if (!isMap(body)) return null
  const [choice] = Array.isArray(body.choices) ? body.choices : []
  const error = [body.error, isMap(choice) ? choice.error : undefined, ...errorsOf(body)].find(isPresent)
  if (error === undefined) return null
  const parts = isMap(error) ? [error, ...(error === body ? [] : [outerOf(body)])] : [outerOf(body)]
  const statuses = parts.flatMap(({ code, status, status_code, http_status, http_code }) =>
    [code, status, status_code, http_status, http_code].flatMap(statusIn),
  )
  const words = parts.flatMap(({ code, type, status }) => [code, type, status].filter(each => typeof each === 'string'))
  const message = messageOf(error)
  return { status: statuses[0] ?? byWords([...words, message]), has_status: statuses.length > 0, message }
}

const isPresent = (error: Json | undefined): error is string | JsonMap =>
  (typeof error === 'string' && error !== '') || (isMap(error) && Object.keys(error).length > 0)

/** Lists of errors, and bodies that are one. */
function errorsOf(body: JsonMap): readonly (Json | undefined)[] {
  if (Array.isArray(body.errors)) return body.errors
  if (body.object === 'error' || body.type === 'error') return [body]
  // Nothing of an answer is in it, but a word for people is.
  const is_answer = ['choices', 'content', 'candidates', 'output', 'promptFeedback'].some(name => name in body)
  return is_answer || (typeof body.message !== 'string' && body.detail === undefined) ? [] : [body]
}

const outerOf = ({ code, status, status_code }: JsonMap): JsonMap => ({
  ...(code === undefined ? {} : { code }),
  ...(status === undefined ? {} : { status }),
  ...(status_code === undefined ? {} : { status_code }),
})

function statusIn(value: Json | undefined): number[] {
  const number = typeof value === 'string' && /^\d{3}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && number >= 400 && number <= 599 ? [number] : []
}

function messageOf(error: string | JsonMap): string {
  if (typeof error === 'string') return error
  const said = [error.message, error.detail, error.error, error.msg].find(
    each => typeof each === 'string' && each !== '',
  )
  return typeof said === 'string' ? said : JSON.stringify(error)
}

const WORDS: ReadonlyArray<readonly [words: RegExp, status: number]> = [
  [/overloaded/i, 529],
  [/insufficient[ _](?:quota|credits?|balance|funds)|billing|payment/i, 402],
  [/rate[ _-]?limit|too[ _]many[ _]requests|resource_exhausted|throttl|quota/i, 429],
  [/authentication|unauthenticated|unauthori[sz]ed|api[ _]key/i, 401],
  [/permission|forbidden/i, 403],
  [/content[ _]filter|content[ _]policy|moderation/i, 400],
  [/model.{0,60}(?:not[ _]found|does not exist)|not_found/i, 404],
  [/invalid_request|invalid_argument|bad[ _]request|validation|unsupported/i, 400],
  [/deadline_exceeded|timed?[ _]?out/i, 504],
  [/unavailable/i, 503],
]

const byWords = (words: readonly Json[]): number =>
  WORDS.find(([pattern]) => words.some(word => typeof word === 'string' && pattern.test(word)))?.[1] ?? 500
