/**
 * What a source of one file is, of whatever format, so that it can be one of several (files-source.ts).
 *
 * A position is `{offset, line}`, and whatever the format adds: how many bytes lie before it, and the line, or the number of the record,
 * that comes next. At the end of an input in which nothing stands it has `blank`.
 */
import { derive, type Json, newRow } from '../../model/row.ts'
import type { CutLimits, ResumePoint, Source, SourceHead, SourceRange, SourceRecord } from '../../sdk/spec.ts'
import { type InputPlace, type ReadingSettings, sourceError } from './byte-reader.ts'
import type { Seen } from './listed-file.ts'

export interface Position {
  readonly offset: number
  readonly line: number
  readonly [more: string]: Json
}

/** A range of one file. */
export interface FileRange extends SourceRange {
  readonly from: Position | null
  readonly to: RangeEnd
}

/** Where a range ends, and how many bytes the input had then: those behind the end may decide what is wrong with a record before it. */
export interface RangeEnd extends Position {
  readonly size: number
}

export interface OneFileSource extends Omit<Source, 'cut' | 'select'> {
  begin(): Promise<SourceHead>
  read(from: ResumePoint | null): AsyncIterable<readonly SourceRecord[]>
  hashUpTo(position: Json): string
  end(): { readonly position: Json; readonly bytes: number }
  bytesBefore(position: Json): number
  isBlank(position: Json): boolean
  cut?(ends: readonly number[], limits: CutLimits): Promise<readonly FileRange[] | null>
  select?(range: FileRange): void
  reread(raw: Json, code: string, ended: Json | null): Promise<SourceRecord | null>
  originalNames(): { readonly [field: string]: string } | null
}

export interface OneFileSettings extends ReadingSettings {
  /** A field that each row gets, and what it holds. */
  readonly added?: AddedField | null
  /** What it was when it was listed, where it is one of several. */
  readonly seen?: Seen
}

export interface AddedField {
  readonly field: string
  readonly value: string
}

/** Makes the source of one file. */
export type MakeFileSource = (place: InputPlace, settings: OneFileSettings) => OneFileSource

/** @throws CustodyError CUSTODY_SOURCE if it is no position of such a source. */
export function asPosition(position: Json, place: InputPlace): Position {
  if (typeof position === 'object' && position !== null && 'offset' in position && 'line' in position) {
    const { offset, line } = position as Position
    if (Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(line)) return position as Position
  }
  throw sourceError(place, 'the recorded position isn’t one of this kind of source', 'Was the source’s plugin changed?')
}

/** What is wrong with a record. */
export interface Problem {
  readonly code: string
  readonly message: string
  /** The field that it is about, if it is about one. */
  readonly field?: string
  /** Of bytes that are not valid: the encoding that they may have, if something speaks for one. */
  readonly likely?: string | null
}

export function rejectRecord(line: number, raw: Json, problem: Problem, position: Json): SourceRecord {
  const { code, message, field } = problem
  return { kind: 'reject', line, raw, code, message, ...(field === undefined ? {} : { field }), position }
}

const FIELD_TAKEN = 'FIELD_TAKEN'

/** Sentences for codes that each such source has. */
export const ADDED_ERRORS = {
  [FIELD_TAKEN]: 'The record has a field of the name that `path_field` would add.',
}

/** The record with the field that is added to each; one that the record has already isn't replaced in silence. */
export function withField(record: SourceRecord, { field, value }: AddedField): SourceRecord {
  if (record.kind === 'reject') return record
  const { line, row, raw = row, position } = record
  if (Object.hasOwn(row, field)) {
    const message = `the record has a field ${field}, which path_field would add`
    return rejectRecord(line, raw, { code: FIELD_TAKEN, message, field }, position)
  }
  const set = newRow()
  set[field] = value
  return { ...record, row: derive(row, set) }
}
