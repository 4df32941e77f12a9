/**
 * A model's answer, taken as the value that was asked for. This is a border: what can be had without a loss is converted
 * (`"12"` to 12, `"true"` to true, a listed word in other case), and a fence of Markdown around JSON is taken off. Nothing
 * is converted that fits as it is.
 */
import { parseStrict } from '../../model/json.ts'
import { type Json, type MutableRow, newRow } from '../../model/row.ts'
import { toBoolean, toInteger, toNumber } from '../../sdk/cell.ts'
import type { JsonSchema } from '../../sdk/schema.ts'
import type { OutputShape } from './output-shape.ts'

export type OutputValue =
  | { readonly ok: true; readonly value: { readonly [field: string]: Json } }
  | { readonly ok: false; readonly problem: string }

const FENCE = /^```[\w-]*\r?\n([\s\S]*?)\r?\n?```$/

export function outputValue(text: string, { schema, validate }: OutputShape): OutputValue {
  const trimmed = text.trim()
  let value: Json
  try {
    value = parseStrict(FENCE.exec(trimmed)?.[1]?.trim() ?? trimmed)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, problem: `it isn’t valid JSON: ${reason}` }
  }
  if (!validate(value)) value = coerced(value, schema)
  if (validate(value)) return { ok: true, value: value as { readonly [field: string]: Json } }
  const [error] = validate.errors ?? []
  const place = error?.instancePath ? `at ${error.instancePath} it` : 'it'
  return { ok: false, problem: `${place} ${error?.message ?? 'breaks the schema'}${listed(error?.params)}` }
}

/** The values or the name that Ajv's message leaves out. */
function listed(params: unknown): string {
  const { allowedValues, additionalProperty } = (params ?? {}) as { readonly [name: string]: unknown }
  if (Array.isArray(allowedValues)) return `: ${JSON.stringify(allowedValues)}`
  return typeof additionalProperty === 'string' ? `: ${JSON.stringify(additionalProperty)}` : ''
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

function scalar(value: string | number | boolean, { type, enum: values }: JsonSchema): Json {
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
