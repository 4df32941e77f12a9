/** What the run's own entries say: where its sources, sinks and counters stand, and when it was down. */
import { type CommitLine, type LineMember, RecordedLine } from '../../format/commit-line.ts'
import type { CommitValue, FileFact, FileNames, PlanValue, RunEntry, SinkIntents } from '../../format/entry.ts'
import type { PluginCode } from '../../format/plugin-code.ts'
import { addValues, type Commits, runEntryOf } from '../../ledger/write/decode.ts'
import type { RunReader } from '../../ledger/write-port.ts'
import { CustodyError } from '../../model/error.ts'
import { isObject, type Json } from '../../model/row.ts'
import type { FileOnRecord } from '../nodes/source/read-files.ts'
import type { Standstill } from '../ports/run-clock.ts'
import { onRecord } from '../record/on-record.ts'

export interface History {
  /** The latest commit with its value; null if the run never came so far. */
  readonly commit: { readonly entry: Extract<RunEntry, { k: 'commit' }>; readonly value: CommitValue } | null
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
  /** Code of its plugins, as it was last. */
  readonly plugins: readonly PluginCode[]
}

export async function readHistory(reader: RunReader, log: number): Promise<History> {
  let commit: { seq: number; entry: Extract<RunEntry, { k: 'commit' }>; stored: Commits } | null = null
  /** What the latest commits have of it, from the last that has it whole. */
  let line: CommitLine[] = []
  let published = false
  let values = 0
  let last_us = 0
  const stood: Standstill[] = []
  const plugins = new Map<string, PluginCode>()
  const files = new Map<number, FileOnRecord[]>()
  for await (const { seq, body } of reader.entriesOfRun(log)) {
    const run = runEntryOf(body)
    const { entry } = run
    values = Math.max(values, run.first_value + run.commitments.length - 1)
    if (entry.k === 'open') for (const each of entry.plugins) plugins.set(`${each.kind} ${each.name}`, each)
    else if (entry.k === 'commit') {
      commit = { seq, entry, stored: run }
      if (entry.moved === undefined) line = []
      line.push(entry.moved === undefined ? { line: entry.line ?? [] } : { moved: entry.moved })
    } else if (entry.k === 'file') {
      const [, value] = await valuesOf(reader, log, seq, run)
      const { source } = entry
      const before = files.get(source) ?? []
      before.push(fileOf(entry, value))
      files.set(source, before)
    } else if (entry.k === 'publish') published = true
    else if (entry.k === 'resume') {
      stood.push([last_us, entry.t])
      for (const each of entry.plugins ?? []) plugins.set(`${each.kind} ${each.name}`, each)
    }
    if (entry.k === 'commit' || entry.k === 'stop') stood.push(...(entry.jumps ?? []))
    last_us = entry.t
  }
  return {
    commit:
      commit === null
        ? null
        : { entry: commit.entry, value: await commitValue(reader, log, commit.seq, commit.stored) },
    line: lineAfter(line),
    published,
    values,
    stood,
    last_us,
    files,
    plugins: [...plugins.values()],
  }
}

/** Without a hash it can't be the file that it was. */
function fileOf({ records, bytes, done }: FileFact, value: Json | undefined): FileOnRecord {
  const { sha256 } = isObject(value) ? value : {}
  return { records, bytes, done, sha256: typeof sha256 === 'string' ? sha256 : '' }
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
}

/** Entry 0 with its values. @throws CustodyError CUSTODY_VALUE_ALTERED. */
export async function readOpening(reader: Pick<RunReader, 'entry' | 'payload'>, log: number): Promise<OpeningRecord> {
  const stored = await reader.entry(log, 0)
  const run = stored === null ? null : runEntryOf(stored.body)
  if (run?.entry.k !== 'open') throw new CustodyError('CUSTODY_VERIFY_FAILED', 'the run has no opening entry')
  const [plan, intents, files = {}] = await valuesOf(reader, log, 0, run)
  const values = { plan: onRecord(plan, 'plan'), intents: onRecord(intents, 'list of what sinks intend'), files }
  // cast: its values, which the engine wrote and whose commitments have just been checked.
  return { opening: run.entry, ...(values as unknown as Omit<OpeningRecord, 'opening'>) }
}

/** The only value of a commit. @throws CustodyError CUSTODY_VALUE_ALTERED. */
async function commitValue(reader: RunReader, log: number, seq: number, commits: Commits): Promise<CommitValue> {
  const [value] = await valuesOf(reader, log, seq, commits)
  // cast: the engine wrote it, and its commitment has just been checked.
  return onRecord(value, 'value of its latest commit') as CommitValue
}

/** The values of an entry of the run. @throws CustodyError CUSTODY_VALUE_ALTERED. */
async function valuesOf(
  reader: Pick<RunReader, 'payload'>,
  log: number,
  seq: number,
  commits: Commits,
): Promise<readonly Json[]> {
  const values = new Map<number, Json>()
  addValues(values, commits, await reader.payload(log, seq), entryPlace(log, seq))
  return [...values.values()]
}

/** A place for people. */
export function entryPlace(log: number, seq: number): string {
  return `entry ${seq} of log ${log}`
}
