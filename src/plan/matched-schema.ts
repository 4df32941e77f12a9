/** What is known of the rows that a join makes, and whether its key can match, from what is known of each side's rows. */
import type { JoinConfig } from '../config/pipeline.ts'
import type { JoinSide } from '../format/topology.ts'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import { objectSchema } from './coalesce-schema.ts'
import type { DraftNode } from './draft.ts'
import { words } from './expressions.ts'
import { knownAt } from './key-decimals.ts'
import type { Report } from './report.ts'
import { eitherField, typesOf } from './schema-join.ts'
import { SIDES } from './target.ts'

export type Sides = { readonly [side in JoinSide]: RowSchema }

/** Union: the left row's fields, and those of the right row that the left one hasn't, even if they are null there. */
export function matchedSchema(merge: JoinConfig['merge'], { left, right }: Sides): RowSchema {
  if (merge === 'nested') {
    const fields = SIDES.map((side): [string, FieldSchema] => [
      side,
      { schema: objectSchema(side === 'left' ? left : right), optional: false },
    ])
    return { fields: new Map(fields), closed: true, observed: false }
  }
  const fields = new Map<string, FieldSchema>()
  for (const name of new Set([...left.fields.keys(), ...right.fields.keys()]))
    fields.set(name, fieldOf(left, right, name))
  return {
    fields,
    closed: left.closed && right.closed,
    observed: left.observed || right.observed,
    ...restOf(left, right),
    ...(left.doubtful || right.doubtful ? { doubtful: true } : {}),
  }
}

function fieldOf(left: RowSchema, right: RowSchema, name: string): FieldSchema {
  const own = left.fields.get(name)
  const other = right.fields.get(name)
  // It is there, and wins.
  if (own !== undefined && (!own.optional || (right.closed && other === undefined))) return own
  if (own === undefined && left.closed && other !== undefined) return other
  const others = other ?? { schema: right.rest?.schema ?? {}, optional: true }
  const { schema } = eitherField(own ?? { schema: left.rest?.schema ?? {}, optional: true }, others)
  return { schema, optional: true }
}

function restOf(left: RowSchema, right: RowSchema): Pick<RowSchema, 'rest'> {
  const open = [left, right].filter(each => !each.closed)
  const [first, second] = open.map(each => each.rest)
  if (first === undefined || (open.length === 2 && second === undefined)) return {}
  return { rest: { ...eitherField(first, second ?? first), optional: true } }
}

/** Problems: CUSTODY_FIELD_TYPE. */
export function checkKeyTypes(node: DraftNode, sides: Sides, report: Report): void {
  const { config } = node
  if (config.kind !== 'join') return
  for (const [index, field] of config.keys.right.entries()) {
    const other = config.keys.left[index]
    if (other === undefined) continue
    const path = [...node.path, 'join', 'right', index]
    const at = report.pipeline.has(path) ? path : path.slice(0, -1)
    const [left, right] = [knownAt(sides.left, other), knownAt(sides.right, field)]
    const of = (is: string, right_is: string) =>
      `\`${other}\` of left rows is ${is}, and \`${field}\` of right rows is ${right_is}`
    const [types, right_types] = [typesIn(left), typesIn(right)]
    if (types !== null && right_types !== null && !meet(types, right_types)) {
      const hint = 'declare the same type for both, or convert one of them with coerce'
      const message = of(words(types), words(right_types))
      if (meet(types.map(inRows), right_types.map(inRows)))
        report.warning('CUSTODY_FIELD_TYPE', at, `${message}: only texts match that have the same digits`, { hint })
      else report.error('CUSTODY_FIELD_TYPE', at, `${message}: they never match`, { hint })
    }
  }
}

const meet = (types: readonly string[], others: readonly string[]) => types.some(type => others.includes(type))

/** Rows hold decimals and big integers as texts. */
const inRows = (type: string) => (type === 'decimal' || type === 'big_integer' ? 'string' : type)

/** Types that a key may have, numbers of all sorts being one; null if that isn't known. */
function typesIn(known: FieldSchema | undefined): readonly string[] | null {
  const types = known === undefined ? null : typesOf(known.schema)
  return types === null || types.length === 0 ? null : types.map(type => (type === 'integer' ? 'number' : type))
}
