/**
 * Rows of a finished run, to be run again: those that failed, or those that fit. Rows that have a token in a sink already, or
 * perhaps, are left out unless they are wanted. With a row come those that it was joined with, or it is left out.
 *
 * Numbers of rows only are kept in memory; what they were is read when it is asked for.
 */
import type { SubjectEntry } from '../../format/entry.ts'
import type { RepeatedRow, Repeats } from '../../format/recording.ts'
import type { RerunValue } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import type { LedgerReader } from '../../ledger/read-port.ts'
import { CustodyError } from '../../model/error.ts'
import { isRow, type Json, type Row } from '../../model/row.ts'
import { decodeSubjectEntry } from '../decode.ts'
import { type FilesReader, InputFiles } from '../runs/input-files.ts'
import { decodePayload, SubjectValues } from '../values.ts'
import { rightRowsOf } from './joined-rows.ts'
import { originOf, RowEnds } from './row-ends.ts'

/** The part of a ledger's read side that this needs. */
export type RepeatsReader = FilesReader & Pick<LedgerReader, 'entries' | 'entriesOfRow' | 'ending'>

/** A finished run. */
export interface RepeatedRun {
  readonly log: number
  readonly run: string
  /** Of its finished log. */
  readonly root: string
  readonly topology: Topology
  /** By source: where reading it ended, as it said itself. */
  readonly positions: ReadonlyMap<string, Json>
}

export interface ChosenRows extends Repeats {
  readonly chosen: RerunValue
  /** By source: numbers of rows, in order. */
  readonly rows: ReadonlyMap<string, readonly number[]>
  /** Rows that would be repeated, had neither they nor rows that they were joined with a token in a sink, or perhaps in one. */
  readonly left_out: readonly number[]
}

/** Of all sources together. */
export function numberOfRows(rows: ChosenRows['rows']): number {
  return [...rows.values()].reduce((sum, each) => sum + each.length, 0)
}

/** How many rows are read at once. */
const CHUNK = 128

/** `fits`: exactly if `chosen.where` is given. Reads the run's entries once. */
export async function chooseRows(
  reader: RepeatsReader,
  of: RepeatedRun,
  chosen: RerunValue,
  fits: ((row: Row) => boolean) | null,
): Promise<ChosenRows> {
  const { log, run, root, topology, positions } = of
  const rows = new Map<string, number[]>()
  const left_out: number[] = []
  const ends = await RowEnds.of(reader, log)
  const files = await InputFiles.of(reader, log)
  const wanted = new Set<number>()
  for (const row of ends.rows()) {
    if (fits === null ? !ends.hasFailed(row) : !(await fitting(reader, log, row, fits))) continue
    const needed = await withPartners(reader, log, row, topology)
    if (!chosen.include_written && needed.some(each => ends.isWritten(each))) left_out.push(row)
    else for (const each of needed) wanted.add(each)
  }
  for (const row of [...wanted].sort((a, b) => a - b)) {
    const origin = await originOf(reader, log, row)
    const name = origin === null ? undefined : topology.nodes[origin.source - 1]?.name
    // Left out in silence it would be a row that nobody runs again.
    if (name === undefined) throw new CustodyError('CUSTODY_VERIFY_FAILED', `row ${row} of run ${run} has no source`)
    const known = rows.get(name)
    if (known === undefined) rows.set(name, [row])
    else known.push(row)
  }
  return {
    run,
    root,
    chosen,
    rows,
    left_out,
    rowsOf: (source, after) => rowsBehind(reader, log, { source, files }, rows.get(source) ?? [], after),
    endOf: source => positions.get(source) ?? null,
  }
}

/** The row, the right rows with which it was joined, those with which these were, and so on. */
async function withPartners(
  reader: RepeatsReader,
  log: number,
  row: number,
  topology: Topology,
): Promise<readonly number[]> {
  if (topology.nodes.every(({ kind }) => kind !== 'join')) return [row]
  const rows = new Set([row])
  for (const each of rows) for (const right of await rightRowsOf(reader, log, each)) rows.add(right)
  return [...rows]
}

async function fitting(reader: RepeatsReader, log: number, row: number, fits: (row: Row) => boolean): Promise<boolean> {
  const { record } = await recordOf(reader, log, row)
  return record.kind === 'row' && fits(record.row)
}

async function* rowsBehind(
  reader: RepeatsReader,
  log: number,
  { source, files }: { readonly source: string; readonly files: InputFiles | null },
  rows: readonly number[],
  after: number,
): AsyncGenerator<readonly RepeatedRow[], void, undefined> {
  const left = rows.filter(row => row > after)
  for (let at = 0; at < left.length; at += CHUNK) {
    const chunk: RepeatedRow[] = []
    for (const row of left.slice(at, at + CHUNK)) {
      const found = await recordOf(reader, log, row)
      const file = (await files?.valuesAt({ source, index: found.index })) ?? null
      chunk.push({ ...found, file: file === null ? null : { name: file.name, ended: file.position } })
    }
    yield chunk
  }
}

/** The row as it was read. */
async function recordOf(reader: RepeatsReader, log: number, row: number): Promise<Omit<RepeatedRow, 'file'>> {
  const [first] = await reader.entriesOfRow(log, row)
  if (first === undefined) throw new TypeError(`there is no row ${row}`)
  const entry = decodeSubjectEntry(first.seq, first.body)
  const payload = await reader.payload(log, first.seq)
  const values = new SubjectValues()
  values.add(first.seq, entry, payload === null ? null : decodePayload(payload))
  const { index, line } = entry.origin ?? { index: 0, line: 0 }
  return { row, index, line, record: contentOf(entry, values) }
}

function contentOf({ visits }: SubjectEntry, values: SubjectValues): RepeatedRow['record'] {
  const data = values.get(1)
  if (!isRow(data)) return { kind: 'erased' }
  const error = visits[0]?.error ?? null
  if (error === null) return { kind: 'row', row: data }
  const error_value = values.get(error.value)
  const message = isRow(error_value) && typeof error_value.message === 'string' ? error_value.message : ''
  return { kind: 'rejected', raw: (data.raw ?? null) as Json, code: error.code, message }
}
