/** The server's routes put together, behind its gate: who asks, whether they may, whether what they ask is well formed. */
import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { isUnsound } from '../host/answers/unsound.ts'
import { CustodyError } from '../model/error.ts'
import { parseJson } from '../model/json.ts'
import { failedBy, isOutOfRoom, notSignedIn } from './failures.ts'
import { gate, type Names } from './gate.ts'
import type { Metrics } from './metrics.ts'
import type { Answer, Route } from './route.ts'
import { type Doors, refuseForged, refuseUnless, whoAsks } from './sign-in/who-asks.ts'
import { seesValues, type Who } from './who.ts'

export const API = '/api/v1'
/** What is sent here is small: settings, codes, questions. */
const MOST_BYTES = 1_000_000

export interface AppPorts {
  readonly names: Names
  readonly doors: Doors
  readonly sign_in: 'local' | 'oidc'
  readonly metrics: Metrics
  readonly routes: readonly Route[]
  /** What stands beside the routes: the page, signing in, health. Gets the paths that no route has. */
  readonly beside: (app: Hono) => void
  /** Whether each answer is held against its schema: in development and tests. */
  readonly checks_answers: boolean
  /** Seconds, of a clock that never goes back. */
  readonly now_s: () => number
  /** An answer failed in a way that whoever asked can do nothing about. */
  readonly onTrouble: (error: unknown) => void
}

export function makeApp(ports: AppPorts): Hono {
  const app = new Hono({ strict: true })
  app.onError((thrown, context) => failure(thrown, context, ports))
  app.use(counting(ports))
  app.use(gate(ports.names))
  app.use(limited)
  for (const route of ports.routes)
    app.on(route.method.toUpperCase(), pathOf(route), context => answered(route, context, ports))
  ports.beside(app)
  for (const [path, methods] of methodsOf(ports.routes))
    app.all(path, context => {
      if (whoAsks(context, ports.doors) === null) throw notSignedIn()
      context.header('allow', methods.join(', '))
      throw new CustodyError('CUSTODY_METHOD_UNKNOWN', `this path is asked by ${methods.join(', ')}`)
    })
  app.all('*', context => {
    if (context.req.path.startsWith('/api/') && whoAsks(context, ports.doors) === null) throw notSignedIn()
    throw new CustodyError('CUSTODY_PATH_UNKNOWN', 'there is nothing at this path')
  })
  return app
}

/** As Hono has it. */
function pathOf({ path }: Route): string {
  return `${API}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`
}

/** By path. Whoever may GET may ask for the head of it alone. */
function methodsOf(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>()
  for (const route of routes) {
    const own = route.method === 'get' ? ['GET', 'HEAD'] : [route.method.toUpperCase()]
    methods.set(pathOf(route), [...(methods.get(pathOf(route)) ?? []), ...own])
  }
  return methods
}

function counting({ metrics, now_s }: AppPorts) {
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    const began_s = now_s()
    await next()
    const { method, routePath } = context.req
    metrics.count(routePath, method, context.res.status, now_s() - began_s)
  }
}

async function answered(route: Route, context: Context, ports: AppPorts): Promise<Response> {
  const who = whoAsks(context, ports.doors)
  if (route.role !== null) {
    if (who === null) throw notSignedIn()
    refuseUnless(who, route.role)
    if (route.values === 'refused' && !seesValues(who)) throw withheld()
    if (route.method !== 'get') refuseForged(who, context)
  }
  const asked = {
    params: checked(route.params, context.req.param(), 'the path'),
    query: checked(route.query, queryOf(context), 'the query'),
    body: checked(route.body, await bodyOf(route, context), 'the body'),
    who: who ?? NOBODY,
    signal: context.req.raw.signal,
    context,
  }
  const answer = await route.answer(asked)
  const response = respond(route, answer, context, ports)
  // Only its head is sent: what would make the rest of it hears that nobody takes that.
  if (context.req.method === 'HEAD') await response.body?.cancel()
  return response
}

/** For routes that ask for nobody. */
const NOBODY: Who = { user: '', role: 'viewer', by: { kind: 'cookie', csrf: '' } }

function respond(route: Route, answer: Answer, context: Context, ports: AppPorts): Response {
  if ('response' in answer) return answer.response
  if (route.answers.kind !== 'json') throw new TypeError(`${route.path} doesn’t answer with JSON`)
  if (ports.checks_answers && !isUnsound(answer.json)) route.answers.schema.parse(answer.json)
  for (const [name, value] of Object.entries(answer.headers ?? {})) context.header(name, value)
  context.header('cache-control', 'no-store')
  return context.json(answer.json, route.answers.status)
}

/** A key that is given once has its value, one that is repeated a list of them. */
function queryOf(context: Context): { readonly [key: string]: string | readonly string[] } {
  return Object.fromEntries(
    Object.entries(context.req.queries()).map(([key, values]) => [
      key,
      values.length === 1 ? (values[0] ?? '') : values,
    ]),
  )
}

async function bodyOf({ method, body }: Route, context: Context): Promise<unknown> {
  const text = await context.req.text()
  if (method === 'get' || (text === '' && body.safeParse(undefined).success)) return undefined
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? ''))
    throw new CustodyError('CUSTODY_REQUEST', 'the body is to be JSON, and its content-type application/json')
  try {
    return parseJson(text)
  } catch (cause) {
    throw new CustodyError('CUSTODY_REQUEST', 'the body isn’t JSON', { cause })
  }
}

function checked(schema: z.ZodType, value: unknown, what: string): unknown {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? what : path.join('.')}: ${message}`,
  )
  throw new CustodyError('CUSTODY_REQUEST', problems.join('; '))
}

function withheld(): CustodyError {
  return new CustodyError('CUSTODY_FORBIDDEN', 'this has values, which the role viewer doesn’t see')
}

/** By what a request says of its body, to which Node's parser holds it: so nothing is read of one that is too long. */
async function limited(context: Context, next: () => Promise<void>): Promise<void> {
  const length = context.req.header('content-length')
  if (length === undefined && context.req.header('transfer-encoding') !== undefined)
    throw new CustodyError('CUSTODY_REQUEST', 'the request doesn’t say how long its body is: it needs a content-length')
  if (Number(length ?? 0) > MOST_BYTES)
    throw new CustodyError('CUSTODY_REQUEST_SIZE', `the body has more than ${MOST_BYTES} bytes`)
  await next()
}

function failure(thrown: unknown, context: Context, { sign_in, onTrouble }: AppPorts): Response {
  const { status, body, retry_after_s } = failedBy(thrown)
  // Whoever has gone away gets no answer, and misses none.
  if ((status >= 500 || isOutOfRoom(thrown)) && !context.req.raw.signal.aborted) onTrouble(thrown)
  if (retry_after_s !== null) context.header('retry-after', String(retry_after_s))
  if (status === 401) {
    context.header('x-custody-sign-in', sign_in)
    context.header('www-authenticate', 'Bearer')
  }
  context.header('cache-control', 'no-store')
  // cast: one of the statuses of failures.ts, each of which has a body.
  return context.json(body, status as 400)
}
