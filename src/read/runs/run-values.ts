/**
 * Values of the run's own entries, by the keys that name them, as far as readers use them. Who signed a ledger may have put anything
 * there: what is used is of the form that it has, or refused; what isn't used isn't looked at, so that a newer Custody may tell more.
 */
import type { FileRead } from '../../format/files-read.ts'
import type {
  CutContent,
  CutPlace,
  DealtInput,
  DeclaredField,
  ExpressionText,
  FileContent,
  IntendedPath,
  Intent,
  PlanText,
  RerunValue,
  RunArguments,
} from '../../format/run-values.ts'
import { type Json, newRow } from '../../model/row.ts'
import { always, asObject, type Decoder, type Decoders, flag, hex, int, listOf, object, text } from '../shape.ts'

const mapOf =
  <T>(decode: Decoder<T>): Decoder<{ readonly [key: string]: T }> =>
  (value, where) => {
    const result = newRow() as { [key: string]: unknown }
    for (const [key, each] of Object.entries(asObject(value, where))) result[key] = decode(each, `${where}.${key}`)
    return result as { readonly [key: string]: T }
  }
const orNull =
  <T>(decode: Decoder<T>): Decoder<T | null> =>
  (value, where) =>
    value === null || value === undefined ? null : decode(value, where)
const anything: Decoder<Json> = value => value ?? null
/** These keys of an object, the optional ones where they are there; whatever else it has isn't looked at. */
const partOf =
  <T>(required: Decoders, optional: Decoders = {}): Decoder<T> =>
  (value, where) => {
    const facts = asObject(value, where)
    const part: { [key: string]: unknown } = {}
    for (const [key, decode] of Object.entries({ ...required, ...optional }))
      if (facts[key] !== undefined || !Object.hasOwn(optional, key)) part[key] = decode(facts[key], `${where}.${key}`)
    // cast: its keys are those, and each was decoded.
    return part as T
  }

const seen = mapOf((value, where) => {
  const { schema, optional } = asObject(value, where)
  return { schema: asObject(schema, `${where}.schema`), optional: optional === true }
})
const declared = partOf<DeclaredField>({
  name: text(),
  schema: mapOf(anything),
  optional: flag,
})
const expression: Decoder<ExpressionText> = (value, where) => {
  const { for: what, source, reads, sees } = asObject(value, where)
  const required = {
    for: text()(what, `${where}.for`),
    source: text()(source, `${where}.source`),
    reads: listOf(listOf(text()))(reads, `${where}.reads`),
  }
  if (sees === undefined) return required
  const { fields, rest } = asObject(sees, `${where}.sees`)
  const others = rest === undefined ? {} : { rest: seen({ rest }, `${where}.sees`).rest }
  return { ...required, sees: { fields: seen(fields, `${where}.sees.fields`), ...others } } as ExpressionText
}

const plan = partOf<PlanText>({ text: text(), file: text() })

const rerun = partOf<RerunValue>({ where: orNull(text()), include_written: flag, fresh: flag })

const given = partOf<RunArguments>({}, { set: listOf(text()), limit: int(), rerun })

const intendedPath = partOf<IntendedPath>({ path: orNull(text()), staged: orNull(text()) })

const intent = partOf<Intent>(
  {
    mode: text(),
    prior_bytes: int(),
    prior_sha256: orNull(hex(32)),
    replaced: orNull(partOf({ bytes: int(), sha256: hex(32) })),
  },
  { by_value: always },
)

const fileRead = partOf<FileRead>({ path: text(), bytes: int(), sha256: hex(32) })

const content = partOf<FileContent>({ rows: int(), bytes: int(), sha256: hex(32) })

/** Why a run stopped, as far as that is recorded. */
const reason = partOf<{ readonly code: string | null; readonly message: string | null }>({
  code: orNull(text()),
  message: orNull(text()),
})

/** By the key that has a value's number. */
const RUN_VALUES = {
  // open
  plan,
  folder: text(),
  arguments: given,
  fields: listOf(declared),
  expressions: listOf(expression),
  options: anything,
  reads: listOf(fileRead),
  closes: anything,
  files: listOf(text()),
  path: intendedPath,
  intent,
  // commit, file
  name: text(),
  position: anything,
  hash: hex(32),
  state: anything,
  at_risk: int(1),
  // calls
  request: anything,
  response: anything,
  // publish
  paths: listOf(text()),
  contents: listOf(content),
  // stop
  error: reason,
  // seal, close
  digest: hex(32),
  // cut
  positions: listOf(partOf<CutPlace>({ from: anything, to: anything })),
  hashes: listOf(
    partOf<CutContent>(
      { sha256: hex(32) },
      { files: listOf(object({ records: int(), bytes: int(), sha256: hex(32) })) },
    ),
  ),
  input: partOf<Omit<DealtInput, 'names'> & { readonly names: Json }>({
    ...{ position: anything, sha256: orNull(hex(32)), names: anything },
  }),
} as const satisfies { readonly [key: string]: Decoder<unknown> }

export type RunValueKey = keyof typeof RUN_VALUES
export type RunValue<K extends RunValueKey> = ReturnType<(typeof RUN_VALUES)[K]>

/** A value in the form that its key asks for. @throws ShapeError */
export function runValue<K extends RunValueKey>(key: K, value: Json): RunValue<K> {
  // cast: the compiler doesn't see that it is this key's form.
  return RUN_VALUES[key](value, key) as RunValue<K>
}
