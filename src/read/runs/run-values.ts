/**
 * Values of the run's own entries, by the keys that name them, as far as readers use them. Who signed a ledger may have put anything
 * there: what is used is of the form that it has, or refused; what isn't used isn't looked at, so that a newer Custody may tell more.
 */
import type { FileRead } from '../../format/files-read.ts'
import type {
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
import { asObject, type Decoder, flag, hex, int, listOf, text } from '../shape.ts'

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

const seen = mapOf((value, where) => {
  const { schema, optional } = asObject(value, where)
  return { schema: asObject(schema, `${where}.schema`), optional: optional === true }
})
const declared: Decoder<DeclaredField> = (value, where) => {
  const { name, schema, optional } = asObject(value, where)
  return {
    name: text()(name, `${where}.name`),
    schema: mapOf(anything)(schema, `${where}.schema`),
    optional: flag(optional, `${where}.optional`),
  }
}
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

const plan: Decoder<PlanText> = (value, where) => {
  const { text: written, file } = asObject(value, where)
  return { text: text()(written, `${where}.text`), file: text()(file, `${where}.file`) }
}

const rerun: Decoder<RerunValue> = (value, where) => {
  const { where: condition, include_written, fresh } = asObject(value, where)
  return {
    where: orNull(text())(condition, `${where}.where`),
    include_written: flag(include_written, `${where}.include_written`),
    fresh: flag(fresh, `${where}.fresh`),
  }
}

const given: Decoder<RunArguments> = (value, where) => {
  const { set, limit, rerun: chosen } = asObject(value, where)
  return {
    ...(set === undefined ? {} : { set: listOf(text())(set, `${where}.set`) }),
    ...(limit === undefined ? {} : { limit: int()(limit, `${where}.limit`) }),
    ...(chosen === undefined ? {} : { rerun: rerun(chosen, `${where}.rerun`) }),
  }
}

const intendedPath: Decoder<IntendedPath> = (value, where) => {
  const { path, staged } = asObject(value, where)
  return { path: orNull(text())(path, `${where}.path`), staged: orNull(text())(staged, `${where}.staged`) }
}

const intent: Decoder<Intent> = (value, where) => {
  const { mode, prior_bytes, prior_sha256, replaced, by_value } = asObject(value, where)
  return {
    mode: text()(mode, `${where}.mode`),
    prior_bytes: int()(prior_bytes, `${where}.prior_bytes`),
    prior_sha256: orNull(hex(32))(prior_sha256, `${where}.prior_sha256`),
    replaced: orNull(replacedFile)(replaced, `${where}.replaced`),
    ...(by_value === true ? { by_value } : {}),
  }
}
const replacedFile: Decoder<NonNullable<Intent['replaced']>> = (value, where) => {
  const { bytes, sha256 } = asObject(value, where)
  return { bytes: int()(bytes, `${where}.bytes`), sha256: hex(32)(sha256, `${where}.sha256`) }
}

const fileRead: Decoder<FileRead> = (value, where) => {
  const { path, bytes, sha256 } = asObject(value, where)
  return {
    path: text()(path, `${where}.path`),
    bytes: int()(bytes, `${where}.bytes`),
    sha256: hex(32)(sha256, `${where}.sha256`),
  }
}

const content: Decoder<FileContent> = (value, where) => {
  const { rows, bytes, sha256 } = asObject(value, where)
  return {
    rows: int()(rows, `${where}.rows`),
    bytes: int()(bytes, `${where}.bytes`),
    sha256: hex(32)(sha256, `${where}.sha256`),
  }
}

/** Why a run stopped, as far as that is recorded. */
const reason: Decoder<{ readonly code: string | null; readonly message: string | null }> = (value, where) => {
  const { code, message } = asObject(value, where)
  return { code: orNull(text())(code, `${where}.code`), message: orNull(text())(message, `${where}.message`) }
}

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
  // publish
  paths: listOf(text()),
  contents: listOf(content),
  // stop
  error: reason,
} as const satisfies { readonly [key: string]: Decoder<unknown> }

export type RunValueKey = keyof typeof RUN_VALUES
export type RunValue<K extends RunValueKey> = ReturnType<(typeof RUN_VALUES)[K]>

/** A value in the form that its key asks for. @throws ShapeError */
export function runValue<K extends RunValueKey>(key: K, value: Json): RunValue<K> {
  // cast: the compiler doesn't see that it is this key's form.
  return RUN_VALUES[key](value, key) as RunValue<K>
}
