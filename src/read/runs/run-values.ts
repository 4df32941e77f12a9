/**
 * Values of the run's own entries, as far as readers use them. Who signed a ledger may have put anything there: what is used is
 * of the form that it has, or refused; what isn't used isn't looked at, so that a newer Custody may tell more.
 */
import type {
  Artifact,
  ArtifactsValue,
  ExpressionText,
  FileNames,
  FileValue,
  PlanValue,
  SinkIntents,
} from '../../format/entry.ts'
import { type Json, newRow } from '../../model/row.ts'
import { asObject, type Decoder, hex, int, listOf, text } from '../shape.ts'

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

const artifact: Decoder<Artifact> = (value, where) => {
  const { path, rows, bytes, sha256 } = asObject(value, where)
  return {
    path: text()(path, `${where}.path`),
    rows: int()(rows, `${where}.rows`),
    bytes: int()(bytes, `${where}.bytes`),
    sha256: hex(32)(sha256, `${where}.sha256`),
  }
}

/** Parts that are missing are empty. @throws ShapeError */
export function planFrom(value: Json): PlanValue {
  const plan = asObject(value, 'the plan')
  const words = (key: 'text' | 'file' | 'folder') => orNull(text())(plan[key], key) ?? ''
  return {
    ...(plan as unknown as PlanValue),
    text: words('text'),
    file: words('file'),
    folder: words('folder'),
    fields: mapOf(listOf(text()))(plan.fields ?? newRow(), 'fields'),
    expressions: mapOf(listOf(expression))(plan.expressions ?? newRow(), 'expressions'),
    options: mapOf(anything)(plan.options ?? newRow(), 'options'),
  }
}

/** @throws ShapeError */
export function intentsFrom(value: Json): SinkIntents {
  return mapOf((intent, where) => {
    const facts = asObject(intent, where)
    return { ...facts, path: orNull(text())(facts.path, `${where}.path`) }
  })(value, 'the intents') as unknown as SinkIntents
}

/** @throws ShapeError */
export function artifactsFrom(value: Json): ArtifactsValue {
  return mapOf(listOf(artifact))(value, 'what was published')
}

/** By source, names of its files. @throws ShapeError */
export function fileNamesFrom(value: Json): FileNames {
  return mapOf(listOf(text()))(value, 'the files')
}

/** @throws ShapeError */
export function nameFrom(value: Json): string {
  return text()(value, 'the name of a file')
}

/** @throws ShapeError */
export function fileValueFrom(value: Json): FileValue {
  const { position, sha256 } = asObject(value, 'what was read of a file')
  return { position: position ?? null, sha256: orNull(hex(32))(sha256, 'sha256') }
}

/** By source, where reading had come to. @throws ShapeError */
export function positionsFrom(value: Json): { readonly [source: string]: Json } {
  return mapOf((cursor, where) => asObject(cursor, where).position ?? null)(
    asObject(value, 'the cursors').cursors,
    'cursors',
  )
}

/** By sink, the hash of what it had written; null where it has none. @throws ShapeError */
export function receiptHashesFrom(value: Json): { readonly [sink: string]: string | null } {
  return mapOf((receipt, where) => orNull(hex(32))(asObject(receipt, where).sha256, `${where}.sha256`))(
    asObject(value, 'the receipts').receipts,
    'receipts',
  )
}

/** Why a run stopped, as far as that is recorded. */
export function reasonFrom(value: Json): { readonly code: string | null; readonly message: string | null } {
  const { code, message } = asObject(value, 'why it stopped')
  return { code: orNull(text())(code, 'code'), message: orNull(text())(message, 'message') }
}
