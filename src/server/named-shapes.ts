/** The shapes of answers under the names that src/api gives them: what the OpenAPI document refers to. */
import { z } from 'zod'
import * as access from '../api/access.ts'
import * as common from '../api/common.ts'
import * as diff from '../api/diff.ts'
import * as docs from '../api/docs.ts'
import * as evidence from '../api/evidence.ts'
import * as limits from '../api/limits.ts'
import * as live from '../api/live.ts'
import * as operate from '../api/operate.ts'
import * as rows from '../api/rows.ts'
import * as runs from '../api/runs.ts'
import * as session from '../api/session.ts'
import * as splits from '../api/splits.ts'
import * as story from '../api/story.ts'

type Schemas = { readonly [name: string]: unknown }

const SCHEMAS = '#/components/schemas/'
/** What is asked stands where it is asked. */
const ASKED = /(Query|Request|Filter|Exchange|Name)$/

class NamedShapes {
  private readonly registry = z.registry<{ readonly id: string }>()
  private made: Schemas | null = null

  constructor(modules: readonly object[]) {
    for (const [id, shape] of modules.flatMap(each => Object.entries(each)))
      if (shape instanceof z.ZodType && !ASKED.test(id)) this.registry.add(shape, { id })
  }

  /** All of them, by name. */
  get schemas(): Schemas {
    this.made ??= schemasOf(this.registry)
    return this.made
  }

  /** @throws TypeError of a shape without a name */
  refer(shape: z.ZodType): { readonly $ref: string } {
    const id = this.registry.get(shape)?.id
    if (id === undefined) throw new TypeError('a shape that is answered has no name in src/api')
    return { $ref: `${SCHEMAS}${id}` }
  }
}

function schemasOf(registry: z.core.$ZodRegistry<{ readonly id: string }>): Schemas {
  const { schemas } = z.toJSONSchema(registry, { io: 'output', uri: id => `${SCHEMAS}${id}` })
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...rest }]) => [id, rest]))
}

export const namedShapes = new NamedShapes([
  access,
  common,
  diff,
  docs,
  evidence,
  limits,
  live,
  operate,
  rows,
  runs,
  session,
  splits,
  story,
])
