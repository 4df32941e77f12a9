/** Values that facts refer to: errors, rows that met one, and records that can't be used. */
import { canonicalize, isDeeper, MAX_ROW_DEPTH } from '../../model/canonical.ts'
import { derive, isObject, type Json, newRow, type Row } from '../../model/row.ts'
import type { PlanEdge, SourceNode } from '../../plan/plan.ts'
import { ERROR_FIELD } from '../../sdk/error-row.ts'
import type { SourceReject } from '../../sdk/spec.ts'

export interface ReportedError {
  readonly code: string
  readonly message: string
  /** The field that it is about, if it is about one. */
  readonly field?: string
  readonly details?: Json
  readonly retry_after_ms?: number
}

const LEFT_OUT = `left out: nested more than ${MAX_ROW_DEPTH} deep`

/** Canonical text of the value that describes an error. */
export function errorText({ code, message, field, details, retry_after_ms = 0 }: ReportedError): string {
  const value = newRow()
  value.code = code
  value.message = wellFormed(message)
  if (field !== undefined) value.field = wellFormed(field)
  if (details !== undefined) value.details = isDeeper(details, MAX_ROW_DEPTH) ? LEFT_OUT : details
  // So that another process waits as long.
  if (retry_after_ms > 0) value.retry_after_ms = retry_after_ms
  return canonicalize(value)
}

/** How long the error of such a value asked to wait. */
export function waitIn(error: Json): number {
  const { retry_after_ms } = isObject(error) ? error : {}
  return typeof retry_after_ms === 'number' ? retry_after_ms : 0
}

/** What a row is rejected with that another run has no longer. */
export const ERASED = { code: 'VALUE_ERASED', message: 'the row that would be repeated has been erased' } as const

/** Message of the error `ROW_TOO_DEEP`. */
export const TOO_DEEP = `what becomes of the row is nested more than ${MAX_ROW_DEPTH} deep`

/** A node at which a token fails, and the edge by which it leaves. */
export interface FailingNode {
  readonly name: string
  readonly on_error: PlanEdge
  /** At a coalesce: whose member it is. */
  readonly branch?: string | undefined
}

/** Where an error was met. */
export interface ErrorPlace {
  /** Name of the node, source or sink. */
  readonly node: string
  /** Of a member of a group at a coalesce. */
  readonly branch?: string
}

/** The row with what it met at `node`; an error that it met before is kept as `previous`, unless these have become very many. */
export function errorRow(row: Row, error: ReportedError, place: ErrorPlace): Row {
  const set = newRow()
  set[ERROR_FIELD] = errorValue(error, place, row[ERROR_FIELD])
  return derive(row, set)
}

/** The row of a record that can't be used. */
export function rejectedRow({ name, file }: Pick<SourceNode, 'name' | 'file'>, reject: SourceReject): Row {
  const row = newRow()
  row.source = name
  row.file = reject.file ?? file
  row.line = reject.line
  row.raw = reject.raw
  row[ERROR_FIELD] = errorValue(reject, { node: name }, undefined)
  return row
}

function errorValue(
  { code, field, message }: ReportedError,
  { node, branch }: ErrorPlace,
  previous: Json | undefined,
): Json {
  const value = newRow()
  value.code = code
  value.node = node
  if (field !== undefined) value.field = wellFormed(field)
  value.message = wellFormed(message)
  if (branch !== undefined) value.branch = branch
  if (previous !== undefined && !isDeeper(previous, MAX_ROW_DEPTH)) value.previous = previous
  return value
}

/** Messages quote pieces of values, and a cut may part a surrogate pair. */
const wellFormed = (text: string) => text.toWellFormed()
