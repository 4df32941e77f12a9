/** Answers to requests for JSON: one that a schema takes, and one that it refuses. */
import type { Json } from '../model/row.ts'
import type { JsonSchema } from '../model/schema.ts'
import { compileJsonSchema } from '../sdk/field-type.ts'
import type { Random } from './random.ts'
import { SchemaTooHard, valueFor } from './schema-value.ts'

/** A schema that was asked for, and can be served. */
export interface Target {
  readonly schema: JsonSchema
  fits(value: Json): boolean
}

export interface SchemaProblem {
  /** One sentence without a full stop at the end. */
  readonly problem: string
}

const CACHE_SIZE = 200
const cache = new Map<string, Target | SchemaProblem>()

/** Never throws. Requests for the same schema share what was compiled. */
export function targetOf(schema: JsonSchema): Target | SchemaProblem {
  const text = JSON.stringify(schema)
  const known = cache.get(text)
  if (known !== undefined) return known
  if (cache.size >= CACHE_SIZE) cache.clear()
  // Clients name older drafts; what is served is the same in all of them.
  const { $schema: _draft, ...rest } = schema
  // It needs a name, or what refers to it as a whole (`#`) isn't found.
  const compiled = compileJsonSchema({ $id: 'schema:asked', ...rest })
  const target =
    'problem' in compiled
      ? { problem: `the schema can’t be used: ${compiled.problem}` }
      : { schema: rest, fits: (value: Json) => compiled.validate(value) }
  cache.set(text, target)
  return target
}

export function isTarget(target: Target | SchemaProblem): target is Target {
  return 'fits' in target
}

const TRIES = 20

/** A value that fits, or why none could be made. */
export function fittingValue({ schema, fits }: Target, random: Random): { readonly value: Json } | SchemaProblem {
  try {
    for (let i = 0; i < TRIES; i++) {
      const value = valueFor(schema, random)
      if (fits(value)) return { value }
    }
  } catch (error) {
    if (error instanceof SchemaTooHard) return { problem: error.message }
    throw error
  }
  return { problem: 'the schema asks for more than this test server can make up (a pattern, for example)' }
}

/** A value like `value` that doesn't fit; undefined if the schema takes everything that is tried. */
export function unfittingValue({ fits }: Target, value: Json, detail: number): Json | undefined {
  const candidates = [...distortions(value), [], 'something else', 42, null]
  const start = Math.floor(detail * candidates.length)
  return [...candidates.slice(start), ...candidates.slice(0, start)].find(each => !fits(each))
}

/** Objects with one property gone, or of another type. */
function distortions(value: Json): readonly Json[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, each]) => {
    const { [name]: _, ...rest } = value as { readonly [name: string]: Json }
    return [rest, { ...rest, [name]: typeof each === 'string' ? { text: each } : 'something else' }]
  })
}
