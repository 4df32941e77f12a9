/** docs/api.md: the routes of the server, from what they declare; and the roles that may ask each. */

import type { Route } from '../../src/server/route.ts'
import type { RoutePorts } from '../../src/server/routes/api-routes.ts'
import { apiRoutes } from '../../src/server/routes/api-routes.ts'
import { code, table } from './markdown.ts'

/** One table for each group. */
export function routeTables(): string {
  // cast: what routes are given is used when they are asked, and none is.
  const routes = apiRoutes({ session: {} } as RoutePorts)
  const groups = Map.groupBy(routes, each => each.tag)
  return [...groups]
    .map(([tag, of]) => `### ${tag}\n\n${table(['route', 'what it is for', 'parameters', 'role'], of.map(line))}`)
    .join('\n\n')
}

function line(route: Route): readonly string[] {
  const { method, path, summary, query, values } = route
  const parameters = Object.keys(query.shape).map(code).join(', ')
  const body = bodyKeys(route)
  return [
    code(`${method.toUpperCase()} ${path}`),
    `${summary}${kindText(route)}`,
    [parameters, body === '' ? '' : `body: ${body}`].filter(each => each !== '').join('; '),
    `${roleText(route)}${values === 'left out' ? ', who gets no values' : ''}`,
  ]
}

function roleText({ role, values }: Route): string {
  if (role === null) return 'anybody'
  return values === 'refused' ? 'analyst' : role
}

function kindText({ answers }: Route): string {
  if (answers.kind === 'events') return `; events ${Object.keys(answers.events).map(code).join(', ')}`
  return answers.kind === 'json' && answers.status === 202 ? '; answers 202 when it has begun' : ''
}

function bodyKeys({ body }: Route): string {
  const inner = 'unwrap' in body && typeof body.unwrap === 'function' ? body.unwrap() : body
  return 'shape' in inner ? Object.keys(inner.shape).map(code).join(', ') : ''
}
