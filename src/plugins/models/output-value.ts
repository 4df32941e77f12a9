/**
 * A model's answer, taken as the value that was asked for. This is a border: what can be converted without a loss is converted
 * (`"12"` to 12, `"true"` to true, a listed word in other case), and what models write around JSON is left out. Nothing is
 * converted that fits as it is.
 */
import { type Json, type MutableRow, newRow } from '../../model/row.ts'
import { exactType, type JsonSchema } from '../../model/schema.ts'
import { toBoolean, toInteger, toNumber } from '../../sdk/cell.ts'
import { exactInside, exactText } from '../../sdk/exact-numbers.ts'
import { violationText } from '../../sdk/field-type.ts'
import { jsonIn } from './json-in-text.ts'
import type { OutputShape } from './output-shape.ts'

export type OutputValue =
  | { readonly ok: true; readonly value: { readonly [field: string]: Json } }
  | { readonly ok: false; readonly problem: string }

export function outputValue(text: string, { schema, validate }: OutputShape): OutputValue {
  const found = jsonIn(text)
  if ('problem' in found) return { ok: false, problem: found.problem }
  // If an answer has several values, the one in the requested form is meant, if only one is.
  const judged = found.values.map(value => judgedValue(value, schema, validate))
  const fitting = judged.filter(each => each.ok)
  const [first] = fitting.length === 0 ? judged : fitting
  if (fitting.length > 1 || first === undefined)
    return { ok: false, problem: `it has ${fitting.length} different answers, and isn’t one of them alone` }
  return first
}

function judgedValue(value: Json, schema: JsonSchema, validate: OutputShape['validate']): OutputValue {
  const fitting = validate(value) ? value : coerced(exactInside(schema)?.(value) ?? value, schema)
  if (validate(fitting)) return { ok: true, value: fitting as { readonly [field: string]: Json } }
  const [error] = validate.errors ?? []
  const place = error?.instancePath ? `at ${error.instancePath} it` : 'it'
  return { ok: false, problem: `${place} ${error === undefined ? 'breaks the schema' : violationText(error)}` }
}

function coerced(value: Json, schema: unknown): Json {
  if (typeof schema !== 'object' || schema === null || value === null) return value
  const { properties, items } = schema as JsonSchema
  if (Array.isArray(value)) return value.map(each => coerced(each, items))
  if (typeof value !== 'object') return scalar(value, schema as JsonSchema)
  const copy: MutableRow = newRow()
  const known = (properties ?? {}) as { readonly [name: string]: unknown }
  for (const [name, each] of Object.entries(value))
    copy[name] = Object.hasOwn(known, name) ? coerced(each, known[name]) : each
  return copy
}

function scalar(value: string | number | boolean, schema: JsonSchema): Json {
  const { type, enum: values } = schema
  const exact = exactType(schema)
  if (exact !== null) return exactText(typeof value === 'string' ? value.trim() : value, exact) ?? value
  if (typeof value === 'string' && Array.isArray(values)) return listedWord(value, values)
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  if (types.includes(typeof value)) return value
  if (typeof value !== 'string') return types.includes('string') ? String(value) : value
  const text = value.trim()
  if (types.includes('integer')) return toInteger(text) ?? value
  if (types.includes('number')) return toNumber(text) ?? value
  return types.includes('boolean') ? (toBoolean(text) ?? value) : value
}

/** The one value of the list that is the same but for case and space around. */
function listedWord(value: string, values: readonly unknown[]): string {
  const same = (each: unknown) => typeof each === 'string' && each.toLowerCase() === value.trim().toLowerCase()
  const found = values.filter(same) as readonly string[]
  return values.includes(value) || found.length !== 1 ? value : (found[0] as string)
}
