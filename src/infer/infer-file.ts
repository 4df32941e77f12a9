/** What a file is, or several of one shape together: how they are read, what their fields hold, and how many records a run will reject. */
import type { JsonSchema, RowSchema } from '../model/schema.ts'
import { exactSchema } from '../sdk/exact-numbers.ts'
import type { FieldFinding, Found, SourceFinding } from './finding.ts'
import type { Look } from './look.ts'
import type { Place } from './place.ts'
import { readWhole } from './reading.ts'

/** @param looks at all of them, in the order in which they are read */
export async function findAll(looks: readonly [Look, ...Look[]], place: Place, folder: string): Promise<Found> {
  // They are written alike, but where there is nothing but ASCII in a file.
  const { plugin, written, find } = looks.find(({ ascii }) => !ascii) ?? looks[0]
  const found = await find({ plugin, options: { ...place, ...written }, folder })
  return { ...found, doubts: [...new Set([...looks.flatMap(({ doubts }) => doubts), ...found.doubts])] }
}

/** Reads them once more, as the pipeline will. */
export async function readAsFound(
  found: Found,
  { plugin }: Look,
  folder: string,
): Promise<Pick<SourceFinding, 'records' | 'rejected' | 'doubts'>> {
  const reading = { plugin, options: found.options, folder }
  const { records, rejects, warnings } = await readWhole(reading, schemaOf(found))
  const { count, codes, first } = rejects
  const rejected = { count, codes: Object.fromEntries(codes), first }
  return { records, rejected, doubts: [...found.doubts, ...warnings] }
}

function schemaOf({ mode, fields }: Found): RowSchema {
  return {
    fields: new Map(fields.map(field => [field.field, { schema: schemaOfField(field), optional: field.optional }])),
    closed: mode === 'fixed',
    observed: mode === 'observed',
  }
}

function schemaOfField({ types, optional }: FieldFinding): JsonSchema {
  const [only] = types
  if (only === undefined) return {}
  if (types.length === 1) return exactSchema(only) ?? { type: only }
  return { type: optional ? [...types, 'null'] : types }
}
