/** The OpenAPI document (3.1), made from the routes: their schemas are JSON Schema as zod makes it, which is what OpenAPI 3.1 takes. */
import { z } from 'zod'
import { Failure, Unsound } from '../api/common.ts'
import { API } from './app.ts'
import { namedShapes } from './named-shapes.ts'
import { type Answers, NO_BODY, type Route } from './route.ts'

type JsonObject = { readonly [key: string]: unknown }

const DESCRIPTION = [
  'What `custody serve` answers. Ids are those that the command line takes, and answers are those of its `--json`.',
  'Where a record doesn’t hold, the answer is `{"holds": false, "problems": […]}` in the place of what it would show.',
  'A viewer’s answers leave values out, and routes that are made of values answer 403.',
].join(' ')

export function openApiDocument(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes)
    paths[`${API}${route.path}`] = { ...paths[`${API}${route.path}`], [route.method]: operation(route) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Custody',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { cookie: [] }],
    tags: [...new Set(routes.map(each => each.tag))].map(name => ({ name })),
    paths,
    components: {
      schemas: namedShapes.schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'the token that `custody serve --json` prints' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: 'custody',
          description: 'of a session; its name has the port, or `__Host-`',
        },
      },
    },
  }
}

function operation(route: Route): JsonObject {
  const { method, path, tag, summary, role, values, body } = route
  const parameters = [...parametersIn('path', route.params), ...parametersIn('query', route.query)]
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    ...(role === null ? { security: [] } : {}),
    'x-custody-role': values === 'refused' ? 'analyst' : role,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === NO_BODY
      ? {}
      : { requestBody: { required: !body.safeParse(undefined).success, content: jsonContent(schemaOf(body)) } }),
    responses: {
      ...responses(route.answers),
      default: { description: 'why there is no answer', content: jsonContent(namedShapes.refer(Failure)) },
    },
  }
}

function responses(answers: Answers): JsonObject {
  switch (answers.kind) {
    case 'json': {
      const schema = namedShapes.refer(answers.schema)
      const content = jsonContent(answers.unsound ? { anyOf: [schema, namedShapes.refer(Unsound)] } : schema)
      return { [answers.status]: { description: 'the answer', content } }
    }
    case 'nothing':
      return { [answers.status]: { description: 'done' } }
    case 'file':
      return { 200: { description: 'a file', content: Object.fromEntries(answers.types.map(fileContent)) } }
    case 'events':
      return {
        200: { ...eventsDescribed(answers.events), content: Object.fromEntries([fileContent('text/event-stream')]) },
      }
  }
}

/** OpenAPI has no words for the events of a stream: they stand in an extension. */
function eventsDescribed(events: { readonly [name: string]: z.ZodType }): JsonObject {
  return {
    description: `server-sent events, their data as JSON: ${Object.keys(events).join(', ')}`,
    'x-custody-events': Object.fromEntries(
      Object.entries(events).map(([name, schema]) => [name, namedShapes.refer(schema)]),
    ),
  }
}

/** JSON of a shape that is described elsewhere, or a text. */
function fileContent(type: string) {
  const media = type.split(';')[0]
  return [media, { schema: media === 'application/json' ? {} : { type: 'string' } }] as const
}
const jsonContent = (schema: unknown) => ({ 'application/json': { schema } })

function parametersIn(place: 'path' | 'query', schema: z.ZodObject): readonly JsonObject[] {
  return Object.entries(schema.shape).map(([name, each]) => {
    const { description, ...rest } = schemaOf(each)
    const required = place === 'path' || !each.safeParse(undefined).success
    return { name, in: place, required, ...(description === undefined ? {} : { description }), schema: rest }
  })
}

/** Of what is asked: no such shape has a name, or refers to another. */
function schemaOf(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

/** `getRunsRunRows` */
function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z]+/).filter(each => each !== '')
  return [method, ...words.map(each => `${each[0]?.toUpperCase()}${each.slice(1)}`)].join('')
}
