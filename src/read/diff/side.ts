/** One of the runs that are compared: its plan's topology, and which rows came from which source. */
import type { SubjectEntry } from '../../format/entry.ts'
import type { FilesRead } from '../../format/files-read.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import type { DeclaredField } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import type { FullEntry, LedgerReader } from '../../ledger/read-port.ts'
import { codeOnRecord } from '../code-on-record.ts'
import { checkedSubject } from '../evidence/subject-check.ts'
import { Course } from '../fold/course.ts'
import { type SourceRows, sourceRowsOf } from '../fold/source-rows.ts'
import { ofNodes } from '../runs/opening-values.ts'
import { resultDigestOf } from '../runs/result-digest.ts'
import { closingOf, openingOf } from '../runs/run-log.ts'
import { ValuesOnRecord } from '../runs/values-on-record.ts'
import { type Tale, tellTale } from './tale.ts'

export interface Side {
  readonly reader: LedgerReader
  readonly log: number
  readonly run: string
  /** The run whose rows it runs again; null: it read its sources. */
  readonly reruns: string | null
  readonly topology: Topology
  /** Code of its plugins, as it was last. */
  readonly plugins: readonly PluginCode[]
  /** Where others say which rows are compared, those of splits are unread. */
  readonly sources: readonly SourceRows[]
  /** What its nodes read beside their rows. */
  readonly reads: FilesRead
  /** Of what it came to; null: erased, or unreadable; undefined: it has none. */
  readonly digest: string | null | undefined
  /** By source: the fields that its schema declares, where it does and they aren't erased. */
  readonly declared: ReadonlyMap<string, readonly DeclaredField[]>
  /** By `row N` or `batch N`, how many tokens the ledger has open of it. */
  readonly open: ReadonlyMap<string, number>
}

export async function sideOf(
  reader: LedgerReader,
  log: number,
  sourcesOf: typeof sourceRowsOf = sourceRowsOf,
): Promise<Side> {
  const opening = await openingOf(reader, log)
  const { run, topology } = opening
  const sources = await sourcesOf(reader, log)
  const open = new Map<string, number>()
  for await (const { row, batch } of reader.openTokens(log)) {
    const subject = row === null ? `batch ${batch}` : `row ${row}`
    open.set(subject, (open.get(subject) ?? 0) + 1)
  }
  const values = new ValuesOnRecord(reader, log)
  const declared = await ofNodes(opening, values, 'fields')
  const reads = await ofNodes(opening, values, 'reads')
  const { plugins } = await codeOnRecord(reader, log)
  const reruns = opening.reruns?.run ?? null
  const digest = await resultDigestOf(reader, log, await closingOf(reader, log))
  return { reader, log, run, reruns, topology, plugins, sources, digest, declared, reads, open }
}

/** The source, and the number of the record in it, that a row came from. */
export function recordOf({ sources }: Side, row: number): { readonly source: string; readonly index: number } | null {
  for (const each of sources) {
    const place = each.placeOf(row)
    if (place !== null) return { source: each.source, index: each.indexAt(place) }
  }
  return null
}

/** By row number: the entries of `count` rows from `first` on, those of rows without any left out. */
export async function entriesByRow(
  { reader, log }: Pick<Side, 'reader' | 'log'>,
  first: number,
  count: number,
): Promise<ReadonlyMap<number, readonly FullEntry[]>> {
  const by_row = new Map<number, FullEntry[]>()
  for (const entry of await reader.entriesOfRows(log, first, first + count - 1)) {
    const own = by_row.get(entry.row ?? 0)
    if (own === undefined) by_row.set(entry.row ?? 0, [entry])
    else own.push(entry)
  }
  return by_row
}

/** Whether the ledger has open tokens of a row. */
export function hasOpen({ open }: Side, row: number): boolean {
  return open.size > 0 && open.has(nameOf({ kind: 'row', row }))
}

/** What happened to a row or a batch, from all of its entries. @throws UnsoundRecord if they aren't, or aren't what was committed to. */
export function taleOf(
  { log, open, topology }: Side,
  stored: readonly FullEntry[],
  subject: SubjectEntry['subject'],
): Tale {
  const { entries, values } = checkedSubject(log, stored, subject, open.get(nameOf(subject)) ?? 0)
  return tellTale(Course.of(entries, topology), values, topology)
}

const nameOf = (subject: SubjectEntry['subject']) =>
  subject.kind === 'row' ? `row ${subject.row}` : `batch ${subject.batch}`
