/** Fields that a plugin requires or names, against what upstream guarantees. Problems: CUSTODY_FIELD_NOT_GUARANTEED, CUSTODY_FIELD_TYPE. */
import { nearest } from '../config/nearest.ts'
import type { ConfigPath } from '../config/pipeline.ts'
import type { RowSchema } from '../model/schema.ts'
import type { FieldRequirement } from '../sdk/spec.ts'
import { words } from './expressions.ts'
import type { Report } from './report.ts'
import { typesOf } from './schema-join.ts'

/** One way by which rows come. */
export interface Way {
  readonly from: string
  readonly schema: RowSchema
}

/**
 * Declared fields may be optional: null and missing are then the plugin's to handle. A field that isn't declared is an
 * error where the schema is closed, a warning where it is flexible, and where nothing was declared at all one if it is nearly a field
 * that is known.
 * `options`: where the options stand.
 */
export function checkRequirements(
  plugin: string,
  requirements: readonly FieldRequirement[],
  input: RowSchema,
  ways: readonly Way[],
  options: ConfigPath,
  report: Report,
): void {
  for (const requirement of requirements) {
    const at = placeOf(requirement, options)
    if (requirement.optional === true) reportUnfamiliar(plugin, requirement.field, input, at, report)
    else if (!input.fields.has(requirement.field)) reportUnknown(plugin, requirement.field, input, at, report)
    else reportPartial(plugin, requirement.field, ways, at, report)
    checkType(plugin, requirement, input, at, report)
  }
}

interface Place {
  readonly path: ConfigPath
  readonly part: 'key' | 'value'
}

/** In `rename: {old: new}` the field is the key. */
const placeOf = ({ field, path }: FieldRequirement, options: ConfigPath): Place => ({
  path: [...options, ...path],
  part: path.at(-1) === field ? 'key' : 'value',
})

function reportUnknown(plugin: string, field: string, input: RowSchema, { path, part }: Place, report: Report): void {
  if (input.observed) return reportMisspelt(plugin, field, input, { path, part }, report)
  const { hint } = likely(field, input)
  if (input.closed) {
    report.error(
      'CUSTODY_FIELD_NOT_GUARANTEED',
      path,
      `${plugin} needs the field \`${field}\`, which no row has here`,
      { part, hint },
    )
  } else {
    const message = `${plugin} needs the field \`${field}\`, which the schema doesn’t declare`
    report.warning('CUSTODY_FIELD_NOT_GUARANTEED', path, message, { part, hint })
  }
}

/** In names that are shorter than this one letter makes another word. */
const LEAST_LETTERS = 4

/** Where only some of the fields are known, such as those that nodes before have set. */
function reportMisspelt(plugin: string, field: string, input: RowSchema, { path, part }: Place, report: Report): void {
  const { near, hint } = likely(field, input)
  if (near === null || field.length < LEAST_LETTERS) return
  const message = `${plugin} needs the field \`${field}\`, which isn’t among those that are known here`
  report.warning('CUSTODY_FIELD_NOT_GUARANTEED', path, message, { part, hint })
}

/** Where rows may have other fields, a name is doubted only if it is near one that they have. */
function reportUnfamiliar(
  plugin: string,
  field: string,
  input: RowSchema,
  { path, part }: Place,
  report: Report,
): void {
  if (input.observed || input.fields.has(field)) return
  const { near, hint } = likely(field, input)
  if (!input.closed && near === null) return
  const why = input.closed ? 'which no row has here' : 'which isn’t among those that are known here'
  report.warning('CUSTODY_FIELD_NOT_GUARANTEED', path, `${plugin} names the field \`${field}\`, ${why}`, { part, hint })
}

/** The field that may have been meant, and those that there are. */
function likely(field: string, { fields }: RowSchema): { readonly near: string | null; readonly hint: string } {
  const names = [...fields.keys()]
  const near = nearest(field, names)
  const list = `${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
  const all = names.length === 0 ? 'rows have no fields here' : `fields here: ${list}`
  return { near, hint: near === null ? all : `did you mean ${near}? ${all}` }
}

function reportPartial(
  plugin: string,
  field: string,
  ways: readonly Way[],
  { path, part }: Place,
  report: Report,
): void {
  const without = ways.filter(way => way.schema.closed && !way.schema.fields.has(field)).map(way => `\`${way.from}\``)
  if (without.length === 0) return
  const message = `${plugin} needs the field \`${field}\`, which rows from ${[...new Set(without)].join(', ')} don’t have`
  report.warning('CUSTODY_FIELD_NOT_GUARANTEED', path, message, { part, hint: 'for them it is missing' })
}

function checkType(
  plugin: string,
  { field, types: wanted }: FieldRequirement,
  input: RowSchema,
  { path, part }: Place,
  report: Report,
): void {
  const declared = input.fields.get(field)
  const known = declared ?? (input.closed ? undefined : input.rest)
  const types = known === undefined ? null : typesOf(known.schema)
  if (wanted === undefined || types === null || types.length === 0) return
  const fits = types.some(
    type =>
      (wanted as readonly string[]).includes(type) ||
      (type === 'integer' && wanted.includes('number')) ||
      // Rows hold them as texts.
      ((type === 'decimal' || type === 'big_integer') && wanted.includes('string')),
  )
  // A number may be whole.
  if (fits || (types.includes('number') && wanted.includes('integer'))) return
  const undeclared = declared === undefined
  const hint = undeclared
    ? `declare it in the source’s schema, for example ${field}: ${wanted[0]}`
    : 'declare another type, or convert it with coerce'
  const message = `${plugin} needs \`${field}\` to be ${words(wanted)}; it is ${words(types)}${undeclared ? ' without a schema' : ''}`
  report.error('CUSTODY_FIELD_TYPE', path, message, { part, hint })
}
