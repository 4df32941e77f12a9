/** Which fields of keys are decimals that the same amount may stand in as several texts: those are compared by value. */
import { exactType, type FieldSchema, type RowSchema } from '../model/schema.ts'
import type { Sides } from './matched-schema.ts'

/** Places of such fields, from 0. */
export function decimalsAmong(fields: readonly string[], input: RowSchema | undefined): readonly number[] {
  if (input === undefined) return []
  return placesWhere(fields, field => scaleAt(input, field) === null)
}

/** Places where both sides of a join have decimals, unless with the same number of digits behind their points. */
export function decimalsOfJoin(
  { left, right }: { readonly [side in keyof Sides]: readonly string[] },
  sides: Sides | null | undefined,
): readonly number[] {
  if (sides == null) return []
  return placesWhere(left, (field, i) => {
    const [scale, other] = [scaleAt(sides.left, field), scaleAt(sides.right, right[i] ?? '')]
    return scale !== undefined && other !== undefined && (scale === null || scale !== other)
  })
}

const placesWhere = (fields: readonly string[], holds: (field: string, i: number) => boolean) =>
  fields.flatMap((field, i) => (holds(field, i) ? [i] : []))

/** Digits behind the points of a field's decimals, null if that isn't known; undefined if they are none. */
function scaleAt(input: RowSchema, field: string): number | null | undefined {
  const known = knownAt(input, field)
  const exact = known === undefined ? null : exactType(known.schema)
  return exact?.type === 'decimal' ? exact.scale : undefined
}

/** What is known of a field, by its name or as one of the others. */
export const knownAt = ({ fields, closed, rest }: RowSchema, field: string): FieldSchema | undefined =>
  fields.get(field) ?? (closed ? undefined : rest)
