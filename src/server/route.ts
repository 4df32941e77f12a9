/** One route: what it is asked and answers, in zod, from which requests are checked, the OpenAPI document is made, and docs/api.md. */
import type { Context } from 'hono'
import { z } from 'zod'
import type { Role } from '../api/session.ts'
import type { Who } from './who.ts'

/** What a route answers where all is well. */
export type Answers =
  /** `unsound`: an answer `{holds: false, problems}` is there, too, for a record that doesn't hold. */
  | { readonly kind: 'json'; readonly status: 200 | 202; readonly schema: z.ZodType; readonly unsound: boolean }
  | { readonly kind: 'nothing'; readonly status: 204 }
  | { readonly kind: 'events'; readonly events: { readonly [name: string]: z.ZodType } }
  | { readonly kind: 'file'; readonly types: readonly string[] }

/** What a viewer gets: the answer without values, or none of it (403). */
export type Values = 'none' | 'left out' | 'refused'

export interface RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: 'get' | 'post' | 'delete'
  /** Below /api/v1, parameters in braces. */
  readonly path: string
  readonly tag: string
  /** A phrase that says what it is for. */
  readonly summary: string
  /** The least that may ask; null: anybody, signed in or not. */
  readonly role: Role | null
  readonly values: Values
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly answers: Answers
}

export interface Asked<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly who: Who
  /** Aborted when whoever asks has gone away. */
  readonly signal: AbortSignal
  readonly context: Context
}

/** JSON with a header or two, or whatever else a response can be. */
export type Answer =
  | { readonly json: unknown; readonly headers?: { readonly [name: string]: string } }
  | { readonly response: Response }

export interface Route extends RouteSpec<z.ZodObject, z.ZodObject, z.ZodType> {
  /** Takes what the schemas made of the request. */
  readonly answer: (asked: Asked<unknown, unknown, unknown>) => Promise<Answer>
}

export const NO_PARAMETERS = z.strictObject({})
export const NO_BODY = z.undefined()

/** A route that is asked by GET. */
export interface Question<P extends z.ZodObject, Q extends z.ZodObject> {
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly role?: Role
  readonly values: Values
  readonly params: P
  readonly query: Q
  readonly answers: Answers
}

export function question<P extends z.ZodObject, Q extends z.ZodObject>(
  spec: Question<P, Q>,
  answer: (asked: Asked<z.output<P>, z.output<Q>, undefined>) => Promise<Answer>,
): Route {
  return route({ role: 'viewer', ...spec, method: 'get', body: NO_BODY }, answer)
}

export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  spec: RouteSpec<P, Q, B>,
  answer: (asked: Asked<z.output<P>, z.output<Q>, z.output<B>>) => Promise<Answer>,
): Route {
  return {
    ...spec,
    // cast: app.ts gives it what the schemas of this very route made of the request.
    answer: asked => answer(asked as Asked<z.output<P>, z.output<Q>, z.output<B>>),
  }
}

export const json = (schema: z.ZodType, unsound = false): Answers => ({ kind: 'json', status: 200, schema, unsound })
/** Of what a run's own record says: it may turn out not to hold. */
export const sound = (schema: z.ZodType): Answers => json(schema, true)
