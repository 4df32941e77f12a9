/** The splits of a run for people: a few lines of `custody show`, and all of them in its table. */
import { formatDuration } from '../../model/time.ts'
import type { ShownSplit, SplitSummary, SplitWorker } from '../../read/show/splits.ts'
import {
  LEASE_TROUBLE,
  MOST_NUMBERS,
  MOST_WORKERS,
  NOBODY_WORKS,
  SPLIT_STATUS,
  splitCountsText,
} from '../../read/words/splits.ts'
import type { Paint } from '../terminal.ts'
import { renderTable } from './table.ts'
import { count, counted, printable, shorten } from './text.ts'

const LABEL = 13
const MOST_KEYS = 3

/** Indented by two. `signer`: of the run. */
export function splitLines(summary: SplitSummary, signer: string | null, columns: number, paint: Paint): string[] {
  const lines: string[] = []
  const add = (label: string, text: string) =>
    lines.push(`  ${paint('bold', label.padEnd(LABEL))}${shorten(text, Math.max(20, columns - LABEL - 2))}`)
  const { workers, behind, slowest, signed_by } = summary
  const more = slowest === null ? ': --splits looks at each' : ''
  add('splits', `${splitCountsText(summary)}${more}`)
  for (const [i, each] of workers.slice(0, MOST_WORKERS).entries()) add(i === 0 ? 'worked on' : '', workerText(each))
  if (workers.length > MOST_WORKERS) add('', `and by ${count(workers.length - MOST_WORKERS)} more: --json has all`)
  for (const [i, each] of behind.entries()) add(i === 0 ? 'behind' : '', behindText(each))
  if (slowest !== null && slowest.length > 0)
    add(
      'slowest',
      slowest.map(each => `split ${count(each.split)} ${formatDuration(each.duration_ms * 1000)}`).join(' · '),
    )
  if (signed_by?.some(({ key }) => key !== signer)) add('signed', signersText(signed_by))
  return lines
}

function whoText({ host, pid, lease }: SplitWorker): string {
  const trouble = LEASE_TROUBLE[lease]
  return `${printable(host)}, process ${pid}${trouble === null ? '' : `, ${trouble}`}`
}

/** `by db1, process 4123: splits 3, 7, 9` */
function workerText({ splits, ...worker }: SplitSummary['workers'][number]): string {
  const named = splits.slice(0, MOST_NUMBERS).map(count).join(', ')
  const more = splits.length > MOST_NUMBERS ? ` and ${count(splits.length - MOST_NUMBERS)} more` : ''
  return `by ${whoText(worker)}: ${splits.length === 1 ? 'split' : 'splits'} ${named}${more}`
}

/** `split 9: 1,204 rows, last entry 2026-01-02 03:04:05.678Z` */
function behindText({ split, rows, last_entry_at, worker }: ShownSplit): string {
  const nobody = worker === null ? `, ${NOBODY_WORKS}` : ''
  return `split ${count(split)}: ${counted(rows, 'row')}, last entry ${timeText(last_entry_at)}${nobody}`
}

function signersText(signed_by: NonNullable<SplitSummary['signed_by']>): string {
  const more = signed_by.length - MOST_KEYS
  const parts = signed_by.slice(0, MOST_KEYS).map(({ key, splits }) => `${printable(key)} ${counted(splits, 'split')}`)
  return [...parts, ...(more > 0 ? [`${counted(more, 'key')} more`] : [])].join(' · ')
}

const timeText = (time: string | null) => time?.replace('T', ' ') ?? ''

/** All of them, indented by two. */
export function splitTable(splits: readonly ShownSplit[], columns: number, paint: Paint): string[] {
  const has_workers = splits.some(each => each.worker !== null)
  return renderTable(
    [
      { title: 'split', align: 'right' },
      { title: 'status' },
      { title: 'rows', align: 'right' },
      { title: 'took', align: 'right' },
      { title: 'last entry' },
      ...(has_workers ? [{ title: 'worked on by' }] : []),
      { title: 'signed by' },
    ],
    splits.map(each => [
      count(each.split),
      SPLIT_STATUS[each.status],
      each.status === 'not_begun' ? '' : count(each.rows),
      each.status === 'not_begun' ? '' : formatDuration(each.duration_ms * 1000),
      timeText(each.last_entry_at),
      ...(has_workers ? [each.worker === null ? '' : whoText(each.worker)] : []),
      printable(each.signed_by ?? ''),
    ]),
    columns - 2,
    paint,
  ).map(line => `  ${line}`)
}
