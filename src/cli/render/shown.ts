/** A run for people: `custody show`. */
import type { RunStatus } from '../../format/entry.ts'
import { fileReadText } from '../../format/files-read.ts'
import { idText } from '../../model/part-ids.ts'
import type { StillFailed } from '../../read/runs/reruns.ts'
import type { Grade } from '../../read/show/grade.ts'
import type { ShownSplit, SplitSummary } from '../../read/show/splits.ts'
import type { NodeCounts, ShownRun } from '../../read/show/summary.ts'
import type { Bound } from '../../read/verify/bound.ts'
import type { Paint } from '../terminal.ts'
import { boundText } from './bound.ts'
import { splitLines, splitTable } from './splits.ts'
import { renderSummary, statusText } from './summary.ts'
import { renderTable } from './table.ts'
import { count, counted, nearPath, printable, shorten, shortRun } from './text.ts'

/** What is known of a run besides. */
export interface Beside {
  readonly grade: Grade
  /** null if it wasn't run again. */
  readonly reruns: StillFailed | null
  /** null if it is sealed. */
  readonly bound: Bound | null
  /** null if it has no splits. */
  readonly split_summary: SplitSummary | null
  /** null: they aren’t wanted. */
  readonly splits: readonly ShownSplit[] | null
}

export function renderShown(
  shown: ShownRun,
  { grade, reruns, bound, split_summary, splits }: Beside,
  cwd: string,
  columns: number,
  paint: Paint,
): string {
  const started = shown.started_at.replace('T', ' ')
  const lines = [
    `${paint('bold', `Run ${shown.run}`)} of ${printable(shown.name)}${shown.file === null ? '' : ` (${printable(shown.file)})`}`,
    `  started ${started} · ${runStatus(shown, paint)} · ${counted(shown.entries, 'entry', 'entries')}`,
  ]
  if (shown.stopped !== null) lines.push(`  ${stopText(shown.stopped, paint)}`)
  lines.push('', ...renderSummary({ ...shown, writes_nothing: false, dry_run: false }, cwd, columns, paint))
  if (shown.abandoned.length > 0) lines.push(`  ${paint('bold', 'abandoned')}    ${abandonedText(shown.abandoned)}`)
  lines.push(`  ${paint('bold', 'repeatable')}   ${shorten(gradeText(grade), columns - 15)}`)
  if (bound !== null)
    lines.push(`  ${paint('bold', 'evidence')}     ${ownLog(boundText(bound.entries, shown.entries), columns)}`)
  if (reruns !== null) lines.push(`  ${paint('bold', 'run again')}    ${shorten(rerunsText(reruns), columns - 15)}`)
  if (split_summary !== null) lines.push(...splitLines(split_summary, shown.signed_by, columns, paint))
  if (shown.reads !== undefined) lines.push('', ...readLines(shown.reads, paint))
  if (shown.files !== undefined) lines.push('', ...fileLines(shown.files, paint))
  lines.push(...stagedLines(shown, cwd, paint))
  if (shown.in_doubt.length > 0) lines.push('', ...inDoubtLines(shown.in_doubt, paint))
  lines.push('', ...nodeTable(shown.nodes, columns, paint))
  if (splits !== null) lines.push('', ...splitTable(splits, columns, paint))
  return lines.join('\n')
}

function ownLog(binds: string, columns: number): string {
  return shorten(`of the ledger’s own log: ${binds}`, 2 * columns)
}

/** `2 groups at both · 1 batch at stats` */
function abandonedText(abandoned: ShownRun['abandoned']): string {
  return abandoned
    .map(({ node, kind, count: of }) => {
      const what = kind === 'batch' ? counted(of, 'batch', 'batches') : counted(of, 'group')
      return `${what} at ${printable(node)}`
    })
    .join(' · ')
}

function rerunsText({ reruns, failed, still_failed }: StillFailed): string {
  const last = reruns.at(-1)
  const left = still_failed === 0 ? 'none is failed any more' : `still failed: ${count(still_failed)}`
  const runs = reruns.length === 1 ? 'run' : `${count(reruns.length)} runs, the last`
  return `${counted(failed, 'row')} had failed; after ${runs} ${last === undefined ? '' : shortRun(last.run)}… ${left}`
}

function runStatus(shown: ShownRun, paint: Paint): string {
  switch (shown.status) {
    case 'running':
      return paint(['bold', 'cyan'], 'running')
    case 'interrupted':
      return `${paint(['bold', 'yellow'], 'interrupted')}: its process is gone; what it recorded is safe`
    default:
      return statusText(shown, shown.duration_ms * 1000, paint)
  }
}

const STOPS: { readonly [reason: string]: string } = {
  user: 'by the user',
  budget_exhausted: 'because the next call could go beyond limits.spend',
}

function stopText(stopped: NonNullable<ShownRun['stopped']>, paint: Paint): string {
  if (stopped.code === null) return `stopped ${STOPS[stopped.reason] ?? `(${printable(stopped.reason)})`}`
  return `${paint('red', `${stopped.code}`)}: ${stopped.message === null ? 'the message is erased' : printable(stopped.message)}`
}

/** What a run keeps under hidden names. */
export function stagedLines(
  { status, staged = [] }: { readonly status: RunStatus; readonly staged?: ShownRun['staged'] },
  cwd: string,
  paint: Paint,
): string[] {
  if (staged.length === 0) return []
  const files = staged.map(each => `    ${printable(nearPath(each.staged, cwd))}`)
  const what =
    status === 'running'
      ? 'the run is writing, and puts it in its place at its end'
      : '`custody resume` continues it, `custody abandon` drops it'
  return ['', `  ${paint('bold', 'staged')}: ${what}`, ...files]
}

/** `row 17, sent by hook, 2026-01-02 03:04:05`; only the first of many. */
function inDoubtLines(in_doubt: ShownRun['in_doubt'], paint: Paint): string[] {
  const lines = [
    `  ${paint(['bold', 'red'], 'in doubt')}: the far side may have taken ${in_doubt.length === 1 ? 'it' : 'them'}`,
  ]
  for (const { row, token, sink, recorded_at } of in_doubt.slice(0, MOST_IN_DOUBT)) {
    const which = row === null ? `token ${idText(token)}` : `row ${idText(row)}`
    lines.push(`    ${which}, sent by ${printable(sink)}, ${recorded_at.replace('T', ' ')}`)
  }
  const more = in_doubt.length - MOST_IN_DOUBT
  if (more > 0) lines.push(`    and ${count(more)} more: --json lists all`)
  return lines
}
/** `names.csv  by known · 120 bytes, 8f3a9c01…` */
function readLines(reads: NonNullable<ShownRun['reads']>, paint: Paint): string[] {
  const lines = reads.map(({ node, ...file }) => `    ${printable(`${file.path}  by ${node} · ${fileReadText(file)}`)}`)
  return [`  ${paint('bold', 'read beside rows')}:`, ...lines]
}

/** `in/b.csv  2,400 records · 81,022 bytes`; only the first of many. */
function fileLines(files: NonNullable<ShownRun['files']>, paint: Paint): string[] {
  const records = files.reduce((sum, each) => sum + each.records, 0)
  const lines = [`  ${paint('bold', 'files')}: ${counted(files.length, 'file')}, ${counted(records, 'record')}`]
  for (const { source, name, records: of, bytes, done } of files.slice(0, MOST_FILES)) {
    const which = name === null ? `one of ${printable(source)}, its name is erased` : printable(name)
    lines.push(
      `    ${which}  ${counted(of, 'record')} · ${counted(bytes, 'byte')}${done ? '' : ' · not read to its end'}`,
    )
  }
  const more = files.length - MOST_FILES
  if (more > 0) lines.push(`    and ${count(more)} more: --json lists all`)
  return lines
}

const MOST_FILES = 10
const MOST_IN_DOUBT = 20
const GRADES = { fully: 'fully', from_record: 'from its record', no: 'no' } as const

function gradeText({ repeatable, reason }: Grade): string {
  return `${GRADES[repeatable]}: ${printable(reason)}`
}

function nodeTable(nodes: readonly NodeCounts[], columns: number, paint: Paint): string[] {
  const held = nodes.some(node => node.held > 0)
  const rows = nodes.map(node => [
    printable(node.node),
    node.kind,
    count(node.in),
    count(node.ok),
    node.error === 0 ? '' : count(node.error),
    ...(held ? [node.held === 0 ? '' : count(node.held)] : []),
    Object.entries(node.out)
      .filter(([, taken]) => taken > 0)
      .map(([label, taken]) => `${printable(label)} ${count(taken)}`)
      .join(' · '),
  ])
  return renderTable(
    [
      { title: 'node' },
      { title: 'kind' },
      { title: 'in', align: 'right' },
      { title: 'ok', align: 'right' },
      { title: 'errors', align: 'right' },
      ...(held ? ([{ title: 'held', align: 'right' }] as const) : []),
      { title: 'ways out' },
    ],
    rows,
    columns - 2,
    paint,
  ).map(line => `  ${line}`)
}
