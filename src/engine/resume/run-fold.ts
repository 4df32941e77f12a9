/** What the run's own entries say: where its sources, sinks and counters stand, and when it was down. */
import { type CommitLine, type LineMember, RecordedLine } from '../../format/commit-line.ts'
import type { FileFact, RunEntry } from '../../format/entry.ts'
import type { FilesRead } from '../../format/files-read.ts'
import { byNode } from '../../format/node-values.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import type { FileNames, NodeValues, PlanValue, SinkIntents } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import { addValues, type Commits, runEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import { isObject, type Json } from '../../model/row.ts'
import type { FileOnRecord } from '../nodes/source/read-files.ts'
import type { CallsOnRecord } from '../nodes/source/source-calls.ts'
import type { Standstill } from '../ports/run-clock.ts'
import { onRecord } from '../record/on-record.ts'
import { SourceCallsFold } from './source-calls-fold.ts'

export interface History {
  /** The latest commit with the values that it names, by their numbers; null if the run never came so far. */
  readonly commit: { readonly entry: CommitEntry; readonly values: ReadonlyMap<number, Json> } | null
  /** What was under way at that commit, in order. */
  readonly line: readonly LineMember[]
  /** Whether files were about to be renamed: all rows are done then. */
  readonly published: boolean
  /** Values of the run so far. */
  readonly values: number
  /** When its clock stood still, because no process ran or the time of day jumped, in order; this resume's own down time not included. */
  readonly stood: readonly Standstill[]
  /** Time of the run's last entry. */
  readonly last_us: number
  /** By source with a list of files: those that were read. */
  readonly files: ReadonlyMap<number, readonly FileOnRecord[]>
  /** By source that called services. */
  readonly calls: ReadonlyMap<number, CallsOnRecord>
  /** Code of its plugins, as it was last. */
  readonly plugins: readonly PluginCode[]
}

type CommitEntry = Extract<RunEntry, { k: 'commit' }>

/** An entry of the run that has values. */
export interface ValuesAt extends Commits {
  readonly seq: number
}

export async function readHistory(reader: RunReader, log: number): Promise<History> {
  let commit: CommitEntry | null = null
  /** Where the values are that it names. */
  let named: readonly ValuesAt[] = []
  /** What the latest commits have of it, from the last that has it whole. */
  let line: CommitLine[] = []
  let published = false
  let opened: Topology = { nodes: [], edges: [] }
  let values = 0
  let last_us = 0
  const stood: Standstill[] = []
  const plugins = new Map<string, PluginCode>()
  const files = new Map<number, FileOnRecord[]>()
  const calls = new SourceCallsFold()
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const run = runEntryOf(body)
    const { entry } = run
    values = Math.max(values, run.first_value + run.commitments.length - 1)
    if (entry.k === 'open') opened = entry.topology
    if (entry.k === 'open') for (const each of entry.plugins) plugins.set(`${each.kind} ${each.name}`, each)
    else if (entry.k === 'commit') {
      commit = entry
      calls.commit(entry.cursors)
      named = valuesNamed(entry, [...named, { seq, ...run }])
      if (entry.moved === undefined) line = []
      line.push(entry.moved === undefined ? { line: entry.line ?? [] } : { moved: entry.moved })
    } else if (entry.k === 'file') {
      const { source, hash = 0 } = entry
      const before = files.get(source) ?? []
      before.push(fileOf(entry, (await valuesOf(reader, log, [{ seq, ...run }])).get(hash)))
      files.set(source, before)
    } else if (entry.k === 'calls') calls.take(entry, { seq, ...run })
    else if (entry.k === 'publish') published = true
    else if (entry.k === 'resume') {
      stood.push([last_us, entry.t])
      for (const each of entry.plugins ?? []) plugins.set(`${each.kind} ${each.name}`, each)
    }
    if (entry.k === 'commit' || entry.k === 'stop') stood.push(...(entry.jumps ?? []))
    last_us = entry.t
  }
  return {
    commit: commit === null ? null : { entry: commit, values: await valuesOf(reader, log, named) },
    line: lineAfter(line),
    published,
    values,
    stood,
    last_us,
    files,
    calls: await calls.onRecord(opened, at => valuesOf(reader, log, [at])),
    plugins: [...plugins.values()],
  }
}

/** Without a hash it can't be the file that it was. */
function fileOf({ records, bytes, done }: FileFact, sha256: Json | undefined): FileOnRecord {
  return { records, bytes, done, sha256: typeof sha256 === 'string' ? sha256 : '' }
}

/** Of these entries those that have values which the commit names: it may name some of commits before it. */
function valuesNamed({ cursors, receipts, at_risk }: CommitEntry, all: readonly ValuesAt[]): readonly ValuesAt[] {
  const numbers = [
    ...cursors.flatMap(({ position, hash }) => [position, hash]),
    ...receipts.flatMap(({ hash, state }) => [hash, state]),
    at_risk,
  ]
  return all.filter(({ first_value, commitments }) =>
    numbers.some(each => each !== undefined && each >= first_value && each < first_value + commitments.length),
  )
}

/** @throws CustodyError CUSTODY_VERIFY_FAILED if they don't fit together. */
function lineAfter(lines: readonly CommitLine[]): LineMember[] {
  const line = new RecordedLine()
  for (const each of lines)
    line.take(each, member => {
      throw new CustodyError('CUSTODY_VERIFY_FAILED', `commits don't agree on where ${member} stands in the order list`)
    })
  return [...line]
}

export interface OpeningRecord {
  readonly opening: Extract<RunEntry, { k: 'open' }>
  readonly plan: PlanValue
  readonly intents: SinkIntents
  /** Of sources with lists of files: which these are. */
  readonly files: FileNames
  readonly reads: FilesRead
}

/** Entry 0 with its values. @throws CustodyError CUSTODY_VALUE_ALTERED. */
export async function readOpening(reader: Pick<RunReader, 'entry' | 'payload'>, log: number): Promise<OpeningRecord> {
  const stored = await reader.entry(log, 0)
  const run = stored === null ? null : runEntryOf(stored.body)
  if (run?.entry.k !== 'open') throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the run has no opening entry')
  const values = await valuesOf(reader, log, [{ seq: 0, ...run }])
  const { entry: opening } = run
  const { plan, folder, arguments: given } = opening.values
  const valueAt = (number: number) => onRecord(values.get(number), 'value that its first entry names')
  const by = (key: keyof NodeValues) => byNode(opening, key, valueAt)
  const [paths, others] = [by('path'), by('intent')]
  const intents = [...others].map(([sink, intent]) => {
    const none = { path: null, staged: null }
    return [sink, { ...none, ...object(intent), ...object(paths.get(sink)) }]
  })
  const written = { ...object(valueAt(plan)), folder: valueAt(folder) }
  const of_nodes = (['fields', 'expressions', 'options', 'closes'] as const).map(key => [
    key,
    Object.fromEntries(by(key)),
  ])
  const opened = {
    plan: { ...written, ...(given === undefined ? {} : object(valueAt(given))), ...Object.fromEntries(of_nodes) },
    intents: Object.fromEntries(intents),
    files: Object.fromEntries(by('files')),
    reads: by('reads'),
  }
  // cast: its values, which the engine wrote and whose commitments have just been checked.
  return { opening, ...(opened as unknown as Omit<OpeningRecord, 'opening'>) }
}

const object = (value: Json | undefined) => (isObject(value) ? value : {})

/** The values of entries of the run, by their numbers. @throws CustodyError CUSTODY_VALUE_ALTERED. */
export async function valuesOf(
  reader: Pick<RunReader, 'payload'>,
  log: number,
  entries: readonly ValuesAt[],
): Promise<ReadonlyMap<number, Json>> {
  const values = new Map<number, Json>()
  for (const { seq, ...commits } of entries)
    addValues(values, commits, await reader.payload(log, seq), entryPlace(log, seq))
  return values
}

/** A place for people. */
export function entryPlace(log: number, seq: number): string {
  return `entry ${seq} of log ${log}`
}
