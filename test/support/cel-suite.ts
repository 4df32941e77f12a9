/** The conformance tests that CEL publishes (cel-spec, tests/simple), as expressions over a row with what each should give. */
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js'
import { type Json, newRow, type Row } from '../../src/model/row.ts'
import { type FieldSchema, type JsonSchema, OBSERVED, type RowSchema } from '../../src/model/schema.ts'

export interface CelTest {
  /** `string_ext/format: no-op`. */
  readonly name: string
  readonly source: string
  readonly row: Row
  /** Of the fields that are there: variables of CEL have types. */
  readonly schema: RowSchema
  /** An expression that gives what it should; null: it should be an error. */
  readonly wanted: string | null
}

interface Original {
  readonly name: string
  readonly expr: string
  readonly container?: string
  readonly checkOnly?: boolean
  readonly value?: Wire
  readonly typedResult?: { readonly result?: Wire }
  readonly evalError?: unknown
  readonly bindings?: { readonly [name: string]: { readonly value?: Wire } }
}
interface Suite {
  readonly name: string
  readonly suites?: readonly Suite[]
  readonly tests?: ReadonlyArray<{ readonly original: unknown }>
}
/** A value as protobuf writes it in JSON; one of these. */
interface Wire {
  readonly nullValue?: null
  readonly boolValue?: boolean
  readonly int64Value?: string
  readonly doubleValue?: number | string
  readonly stringValue?: string
  readonly typeValue?: string
  readonly listValue?: { readonly values?: readonly Wire[] }
  readonly mapValue?: { readonly entries?: ReadonlyArray<{ readonly key: Wire; readonly value: Wire }> }
  readonly objectValue?: { readonly '@type': string; readonly value?: unknown }
}

/** Why a test isn't about CEL over JSON; in the order in which they are looked for. */
export type Outside =
  | 'protocol buffers'
  | 'names of other packages'
  | 'unsigned integers'
  | 'bytes'
  | 'NaN and infinity'
  | 'types alone'

/** All of them: those for rows of JSON, and for each reason how many are about something else. */
export function celTests(): { readonly inside: readonly CelTest[]; readonly outside: ReadonlyMap<Outside, number> } {
  const inside: CelTest[] = []
  const outside = new Map<Outside, number>()
  for (const { path, original } of leaves(tests, [])) {
    const reason = reasonOf(path, original)
    if (reason === null) inside.push(celTest(path, original))
    else outside.set(reason, (outside.get(reason) ?? 0) + 1)
  }
  return { inside, outside }
}

function leaves(
  suite: Suite,
  path: readonly string[],
): ReadonlyArray<{ readonly path: string; readonly original: Original }> {
  const below = (suite.suites ?? []).flatMap(each => leaves(each, [...path, each.name]))
  // The package types the tests as any JSON.
  return [...below, ...(suite.tests ?? []).map(each => ({ path: path.join('/'), original: each.original as Original }))]
}

function reasonOf(path: string, original: Original): Outside | null {
  const { expr, checkOnly, container } = original
  const text = JSON.stringify(original)
  if (/^(proto|enums|wrappers|dynamic|block_ext|plumbing)/.test(path)) return 'protocol buffers'
  if (
    /TestAllTypes|google\.protobuf|cel\.expr\.conformance|NestedEnum|@type":"type.googleapis.com\/(?!google.protobuf.(Duration|Timestamp))/.test(
      text.replace(/"@type":"type.googleapis.com\/google.protobuf.(Duration|Timestamp)"|"container":"[^"]*"/g, ''),
    )
  )
    return 'protocol buffers'
  if (/^namespace|qualified_identifier/.test(path) || (container !== undefined && /^\w+\.\w+$/.test(container)))
    return 'names of other packages'
  if (checkOnly === true) return 'types alone'
  if (/\d[uU]\b|\buint\b|uint64/i.test(text)) return 'unsigned integers'
  if (/(^|[^\w'"])[rR]?[bB][rR]?['"]|\bbytes\b|bytesValue/.test(expr) || /"BYTES"|bytesValue/.test(text)) return 'bytes'
  return /NaN|Infinity|\binf\b/.test(text) ? 'NaN and infinity' : null
}

function celTest(path: string, original: Original): CelTest {
  const row = newRow()
  const fields = new Map<string, FieldSchema>()
  let source = original.expr
  for (const [name, { value }] of Object.entries(original.bindings ?? {})) {
    row[name] = jsonOf(value ?? {})
    fields.set(name, { schema: schemaOf(value ?? {}), optional: false })
    source = source.replaceAll(new RegExp(`(?<![\\w.'"])${name}\\b`, 'g'), `row.${name}`)
  }
  const result = original.typedResult?.result ?? original.value
  return {
    name: `${path}: ${original.name}`,
    source,
    row,
    schema: { ...OBSERVED, fields },
    wanted: original.evalError !== undefined ? null : literalOf(result ?? { boolValue: true }),
  }
}

/** What a variable holds, as a row would. */
function jsonOf(wire: Wire): Json {
  if (wire.listValue !== undefined) return (wire.listValue.values ?? []).map(jsonOf)
  if (wire.mapValue !== undefined) {
    const object = newRow()
    for (const { key, value } of wire.mapValue.entries ?? []) object[key.stringValue ?? ''] = jsonOf(value)
    return object
  }
  if (wire.int64Value !== undefined) return Number(wire.int64Value)
  if (wire.objectValue !== undefined) return String(wire.objectValue.value)
  return wire.boolValue ?? wire.stringValue ?? (wire.doubleValue === undefined ? null : Number(wire.doubleValue))
}

/** Which of its numbers are integers. */
function schemaOf({ int64Value, listValue, mapValue }: Wire): JsonSchema {
  if (int64Value !== undefined) return { type: 'integer' }
  const [element] = listValue?.values ?? []
  if (element !== undefined) return { type: 'array', items: schemaOf(element) }
  const entries = mapValue?.entries ?? []
  if (entries.length === 0) return {}
  const properties = Object.fromEntries(entries.map(({ key, value }) => [key.stringValue ?? '', schemaOf(value)]))
  return { type: 'object', properties, required: Object.keys(properties) }
}

const TYPES: { readonly [name: string]: string } = {
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
  optional_type: 'optional',
}

function literalOf(wire: Wire): string {
  if (wire.listValue !== undefined) return `[${(wire.listValue.values ?? []).map(literalOf).join(', ')}]`
  if (wire.mapValue !== undefined) {
    const entries = wire.mapValue.entries ?? []
    return `{${entries.map(({ key, value }) => `${literalOf(key)}: ${literalOf(value)}`).join(', ')}}`
  }
  if (wire.int64Value !== undefined) return wire.int64Value
  if (wire.doubleValue !== undefined) return decimal(Number(wire.doubleValue))
  if (wire.typeValue !== undefined) return TYPES[wire.typeValue] ?? wire.typeValue
  if (wire.objectValue !== undefined) {
    const kind = wire.objectValue['@type'].endsWith('Timestamp') ? 'timestamp' : 'duration'
    return `${kind}(${JSON.stringify(wire.objectValue.value)})`
  }
  return wire.boolValue === undefined ? textOf(wire.stringValue) : String(wire.boolValue)
}

const decimal = (value: number) =>
  /[.e]/.test(String(value)) ? String(value) : `${Object.is(value, -0) ? '-0' : value}.0`

/** CEL has escapes that JSON hasn't, and all of those that JSON has. */
const textOf = (text: string | undefined) => (text === undefined ? 'null' : JSON.stringify(text))
