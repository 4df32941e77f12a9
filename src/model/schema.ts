/** What is known of a row at one place of the graph. */

/** A JSON Schema (draft 2020-12) for one field. */
export type JsonSchema = { readonly [keyword: string]: unknown }

export interface FieldSchema {
  readonly schema: JsonSchema
  /** May be missing or null. */
  readonly optional: boolean
}

export interface RowSchema {
  /** Fields that are declared or guaranteed, in order. */
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** True: a row has no other fields than these (mode `fixed`, carried on). */
  readonly closed: boolean
  /**
   * True: nothing was declared about the source at all (mode `observed`); then a field that isn't listed may well be there,
   * and nothing is guaranteed. False with `closed` false: mode `flexible`.
   */
  readonly observed: boolean
  /** What a field that isn't listed holds, where that is known: texts, for a CSV without a schema. */
  readonly rest?: FieldSchema
  /** True: a plugin that doesn't say what it does may have put something else there, or nothing. */
  readonly doubtful?: true
}

export const OBSERVED: RowSchema = { fields: new Map(), closed: false, observed: true }

/** A row that probably still has the fields that are known of it, and may have others, whatever they hold. */
export const withOthers = ({ fields }: RowSchema): RowSchema => ({ ...OBSERVED, fields, doubtful: true })

/** Whether a field that is there certainly isn't null; null is possible unless the schema rules it out. */
export function excludesNull({ type, enum: values, const: value }: JsonSchema): boolean {
  if (type !== undefined) return type !== 'null' && !(Array.isArray(type) && type.includes('null'))
  if (Array.isArray(values)) return !values.includes(null)
  return value !== undefined && value !== null
}

/** What rows hold as the text of a number that no double holds: a decimal (`3903.70`), or an integer of any size. */
export type ExactType = { readonly type: 'decimal'; readonly scale: number | null } | { readonly type: 'big_integer' }

/** As a JSON Schema says it: a text with the `format`, and for a decimal perhaps with a `scale`, the digits behind its point. */
export function exactType({ type, format, scale }: JsonSchema): ExactType | null {
  if (format !== 'decimal' && format !== 'big_integer') return null
  if (type !== 'string' && !(Array.isArray(type) && type.every(each => each === 'string' || each === 'null')))
    return null
  if (format === 'big_integer') return { type: 'big_integer' }
  return { type: 'decimal', scale: typeof scale === 'number' ? scale : null }
}

/** The schema of decimals with so many digits behind the point, or with any number of them. */
export const decimalSchema = (scale: number | null): JsonSchema => ({
  type: 'string',
  format: 'decimal',
  ...(scale === null ? {} : { scale }),
})
