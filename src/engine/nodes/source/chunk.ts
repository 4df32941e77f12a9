/**
 * What a source yielded, taken over. A chunk is looked at as a whole when it arrives, before the first of its records counts.
 *
 * CHUNK-1. Nothing of a chunk is taken in unless all of it is sound; so no cursor ever stands behind a record that wasn't.
 * CHUNK-2. What is taken in is the engine's own, or frozen: a source that changes it later changes no evidence.
 */
import { types } from 'node:util'
import { MAX_DATA_DEPTH } from '../../../model/canonical.ts'
import { type CustodyError, isCustodyError } from '../../../model/error.ts'
import { frozen, isRow, type Json, newRow, type Row } from '../../../model/row.ts'
import type { SourceNode } from '../../../plan/plan.ts'
import type { SourceFileEnd, SourceItem, SourceRecord } from '../../../sdk/spec.ts'
import { checkCode, defect, describe, isPlain } from '../../ports/plugin-defect.ts'

/** The records of a chunk, checked and copied. @throws CustodyError CUSTODY_PLUGIN_DEFECT. */
export function takeChunk(node: SourceNode, chunk: unknown): readonly SourceItem[] {
  if (!Array.isArray(chunk)) throw defect(node.name, `yielded ${describe(chunk)}, which is no list of records`)
  const items: SourceItem[] = []
  for (let i = 0; i < chunk.length; i++) items.push(takeItem(node, chunk[i]))
  return items
}

function takeItem(node: SourceNode, given: unknown): SourceItem {
  if (typeof given === 'object' && given !== null && 'kind' in given && given.kind === 'end_of_file')
    return takeFileEnd(node.name, given)
  return takeRecord(node, given)
}

function takeFileEnd(name: string, given: { readonly [field in keyof SourceFileEnd]?: unknown }): SourceFileEnd {
  const { bytes, position } = given
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0)
    throw defect(name, `yielded the end of a file with ${describe(bytes)} as its length`)
  return { kind: 'end_of_file', bytes, position: takeValue(name, 'a position', position) }
}

/** A copy of a value that a source gave beside its records. @throws CustodyError CUSTODY_PLUGIN_DEFECT. */
export function takeValue(name: string, what: string, value: unknown): Json {
  try {
    return copyOf(value, 0)
  } catch (thrown) {
    throw unfit(name, what, thrown)
  }
}

/** What a source threw, as the plugin's defect, unless it says by itself what is wrong. */
export function sourceDefect(name: string, thrown: unknown): CustodyError {
  return isCustodyError(thrown) ? thrown : defect(name, `threw ${describe(thrown)}`, thrown)
}

/** One record, checked and copied. @throws CustodyError CUSTODY_PLUGIN_DEFECT. */
export function takeRecord({ name, plugin }: SourceNode, given: unknown): SourceRecord {
  if (typeof given !== 'object' || given === null) throw defect(name, `yielded ${describe(given)} as a record`)
  const fields: { readonly [field in Field]?: unknown } = given
  const { kind, line, file, row, raw, code, message, field, position } = fields
  if (typeof line !== 'number' || !Number.isSafeInteger(line) || line < 0)
    throw defect(name, `yielded a record with ${describe(line)} as its line`)
  const place = takeValue(name, 'a position', position)
  if (kind === 'row') {
    // Made anew and in one go: this is done for each row.
    const taken: Draft<SourceRecord & { kind: 'row' }> = {
      kind,
      line,
      position: place,
      row: takeRow(name, row),
    }
    if (file !== undefined) taken.file = takeText(name, 'file', file)
    if (raw !== undefined) taken.raw = takeText(name, 'text', raw)
    return taken
  }
  if (kind !== 'reject') throw defect(name, `yielded a record of the kind ${describe(kind)}`)
  checkCode(name, plugin.spec.errors, code)
  if (typeof message !== 'string') throw defect(name, `rejected a record with ${describe(message)} as its message`)
  const taken: Draft<SourceRecord & { kind: 'reject' }> = {
    kind: 'reject',
    line,
    position: place,
    raw: takeValue(name, 'a rejected record', raw),
    code,
    message: message.toWellFormed(),
  }
  if (file !== undefined) taken.file = takeText(name, 'file', file)
  if (field !== undefined) taken.field = takeText(name, 'field', field)
  return taken
}

type Draft<T> = { -readonly [key in keyof T]: T[key] }

type Field = 'kind' | 'line' | 'file' | 'row' | 'raw' | 'code' | 'message' | 'field' | 'position'

function takeText(name: string, what: string, text: unknown): string {
  if (typeof text !== 'string') throw defect(name, `yielded a record with ${describe(text)} as its ${what}`)
  if (!text.isWellFormed()) throw unfit(name, `a record’s ${what}`, halfPair())
  return text
}

function takeRow(name: string, row: unknown): Row {
  try {
    // A row that was made as one needs no copy, if nothing stands between it and its values.
    if (isRow(row) && !types.isProxy(row)) return isFlat(row) ? Object.freeze(row) : frozen(copyOfObject(row, 1))
    if (isPlain(row)) return copyOfObject(row, 1)
  } catch (thrown) {
    throw unfit(name, 'a row', thrown)
  }
  throw defect(name, `yielded ${describe(row)} as a row`)
}

/** Whether a row holds sound values only, none of them with parts. */
function isFlat(row: Row): boolean {
  for (const field in row) {
    const value: unknown = row[field]
    if (typeof value === 'string' ? !value.isWellFormed() : value !== null && !isSoundWord(value)) return false
    if (!field.isWellFormed()) return false
  }
  return true
}

function isSoundWord(value: unknown): value is boolean | number {
  if (typeof value === 'boolean') return true
  return Number.isFinite(value)
}

/** Why a value isn't JSON, and where in it. */
class NoJson extends Error {
  readonly path: string
  readonly what: string
  constructor(path: string, what: string) {
    super(what)
    this.path = path
    this.what = what
  }
}

function halfPair(): NoJson {
  return new NoJson('', 'half of a surrogate pair')
}

function unfit(name: string, what: string, thrown: unknown): CustodyError {
  if (!(thrown instanceof NoJson)) return sourceDefect(name, thrown)
  const place = thrown.path === '' ? '' : ` at ${thrown.path.slice(0, 200)}`
  return defect(name, `yielded ${what} that isn’t JSON: ${thrown.what}${place}`.toWellFormed())
}

/** Lists and plain objects, copied to any depth that is allowed; each part is asked for once. @throws NoJson. */
function copyOf(value: unknown, depth: number): Json {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw halfPair()
    return value
  }
  if (value === null || isSoundWord(value)) return value
  if (typeof value !== 'object') throw new NoJson('', describe(value))
  if (depth === MAX_DATA_DEPTH) throw new NoJson('', `nested more than ${MAX_DATA_DEPTH} deep`)
  if (Array.isArray(value)) return copyOfList(value, depth + 1)
  if (!isPlain(value)) throw new NoJson('', describe(value))
  return copyOfObject(value, depth + 1)
}

function copyOfList(list: readonly unknown[], depth: number): Json {
  const copy: Json[] = []
  let i = 0
  try {
    for (; i < list.length; i++) copy.push(copyOf(list[i], depth))
  } catch (thrown) {
    throw within(String(i), thrown)
  }
  return copy
}

function copyOfObject(object: { readonly [field: string]: unknown }, depth: number): Row {
  const copy = newRow()
  let at = ''
  try {
    for (const field of Object.keys(object)) {
      at = field
      if (!field.isWellFormed()) throw new NoJson('', 'half of a surrogate pair in a name')
      copy[field] = copyOf(object[field], depth)
    }
  } catch (thrown) {
    throw within(JSON.stringify(at), thrown)
  }
  return copy
}

function within(step: string, thrown: unknown): unknown {
  if (!(thrown instanceof NoJson)) return thrown
  return new NoJson(thrown.path === '' ? step : `${step} › ${thrown.path}`, thrown.what)
}
