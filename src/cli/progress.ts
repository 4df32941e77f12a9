/** The live line of a run: rows, how many a second, and how long it may still take where that is known. */
import type { ServiceState } from '../engine/calls/service-state.ts'
import type { Progress } from '../engine/run/start.ts'
import { formatDuration } from '../model/time.ts'
import { serviceText } from './render/service.ts'
import { columnsOf, count, counted, shorten } from './render/text.ts'
import type { Terminal } from './terminal.ts'

export type ProgressFacts = Omit<Progress, 'tokens_ended'>

const BAR_COLUMNS = 24
/** A shorter bar shows nothing. */
const LEAST_BAR_COLUMNS = 6
/** What usually stands beside the bar. */
const OTHER_COLUMNS = 62
/** What of splits stands there, too. */
const SPLITS_COLUMNS = 31
/** Of all work of a run whose records are dealt to splits first, about so much is that. */
const DEALING_SHARE = 0.15
/** Not more often: a person can't read it, and a slow terminal would hold the run up. */
const EVERY_US = 100_000

export class ProgressLine {
  private readonly terminal: Terminal
  private readonly limit: number | null
  private next_us = 0

  /** `limit` is the number of records that will be read at most; null if there is none. */
  constructor(terminal: Terminal, limit: number | null) {
    this.terminal = terminal
    this.limit = limit
  }

  show(progress: ProgressFacts): void {
    if (!this.terminal.isLive || progress.elapsed_us < this.next_us) return
    this.next_us = progress.elapsed_us + EVERY_US
    this.terminal.live(progressText(progress, this.limit, this.terminal.columns_stderr - 1))
  }

  /** A service that keeps calls waiting: each change is worth a line, the reason why nothing moves. */
  showService(state: ServiceState): void {
    this.terminal.report(serviceText(state))
  }

  clear(): void {
    this.terminal.clearLive()
  }
}

/**
 * `  reading  ███░░░  61 %   2,251 rows   41,200 rows/s   0.2 s left`; the bar takes what room there is. Where rows wait for
 * something, a model for example, it is their being done that counts: `  working  …   2,251 rows read, 1,588 done`. Where records are dealt to
 * splits first it says that, and continues from there: `  dealing  █░░░░░   9 %   2,251 records   41,200 records/s`. Where there is no room
 * for how many splits are done besides, there is none for the rate.
 */
export function progressText(progress: ProgressFacts, limit: number | null, columns: number): string {
  const { elapsed_us } = progress
  const { title, what, number, done, speed, works } = stepOf(progress)
  const rate = `${speed > 0 && speed < 10 ? speed.toFixed(1) : count(Math.round(speed))} ${what}s/s`
  const share = shareDone(progress, limit)
  const of_splits = splitsText(progress)
  const known = limit === null || share === null ? counted(number, what) : `${count(number)} / ${count(limit)} ${what}s`
  const rows = `${known}${done}${of_splits === '' ? '' : `   ${of_splits}`}`
  if (share === null) return fitted(`${title}  ${rows}`, rate, '', columns)
  const percent = `${Math.floor(share.now * 100)} %`.padStart(5)
  const gained = share.now - share.before
  const left_us = gained > 0 ? (elapsed_us / gained) * (1 - share.now) : null
  // Who waits for others is never done at once.
  const left = left_us === null ? '' : `   ${secondsText(works ? Math.max(left_us, 1_000_000) : left_us)} left`
  // By the width of the terminal only, or the bar would jump as the numbers grow.
  const room = Math.min(BAR_COLUMNS, columns - OTHER_COLUMNS - (of_splits === '' ? 0 : SPLITS_COLUMNS))
  const begin = room < LEAST_BAR_COLUMNS ? `${title} ` : `${title}  ${bar(share.now, room)} `
  return fitted(`${begin}${percent}   ${rows}`, rate, left, columns)
}

function fitted(begin: string, rate: string, left: string, columns: number): string {
  const whole = `${begin}   ${rate}${left}`
  return shorten(begin.includes(' split') && columnsOf(whole) > columns ? `${begin}${left}` : whole, columns)
}

/** `12 / 64 splits, 8 by 3 workers`; workers are named where one of them may work on several. */
function splitsText({ splits, dealing }: ProgressFacts): string {
  if (splits === undefined || dealing?.took_us === null) return ''
  const { count: all, closed, under_way, workers } = splits
  const by = under_way === workers ? 'under way' : `by ${counted(workers, 'worker')}`
  return `${count(closed)} / ${counted(all, 'split')}, ${count(under_way)} ${by}`
}

/** What it does: deals records, reads rows, or works on rows that wait for something. */
function stepOf({ rows_read, rows_done, before, elapsed_us, dealing }: ProgressFacts) {
  const perSecond = (done: number, us: number) => (us > 0 ? done / (us / 1_000_000) : 0)
  if (dealing?.took_us === null) {
    const speed = perSecond(dealing.records, elapsed_us)
    return { title: '  dealing', what: 'record', number: dealing.records, done: '', speed, works: false }
  }
  const works = rows_done < rows_read
  return {
    // What was dealt is read at once.
    title: works || dealing !== undefined ? '  working' : '  reading',
    ...{ what: 'row', number: rows_read, works },
    done: works ? ` read, ${count(rows_done)} done` : '',
    speed: perSecond(rows_done - before.rows_done, elapsed_us - (dealing?.took_us ?? 0)),
  }
}

/** The same of all the work: dealing records comes first, and then each is a row. */
function shareDone(
  progress: ProgressFacts,
  limit: number | null,
): { readonly before: number; readonly now: number } | null {
  const { dealing } = progress
  if (dealing === undefined) return shareOfStep(progress, limit)
  if (dealing.took_us !== null) {
    const rows = shareOfStep(progress, limit)
    return rows === null ? null : { before: 0, now: DEALING_SHARE + (1 - DEALING_SHARE) * rows.now }
  }
  const records = shareOfStep({ ...progress, rows_read: dealing.records, rows_done: dealing.records }, limit)
  return records === null ? null : { before: 0, now: DEALING_SHARE * records.now }
}

/** How much of the work is done, and how much was when this process began, from 0 to 1; null if that isn't known. */
function shareOfStep({ rows_read, rows_done, before, bytes }: ProgressFacts, limit: number | null) {
  const of = (was: number, read: number, total: number) => ({
    before: Math.min(1, was / total) * partDone(before.rows_done, before.rows_read),
    now: Math.min(1, read / total) * partDone(rows_done, rows_read),
  })
  const by_bytes = bytes !== null && bytes.total > 0 ? of(bytes.before, bytes.read, bytes.total) : null
  const by_rows = limit !== null && limit > 0 ? of(before.rows_read, rows_read, limit) : null
  // The input ends with whichever comes first.
  return by_rows === null || (by_bytes !== null && by_bytes.now > by_rows.now) ? by_bytes : by_rows
}

const partDone = (done: number, read: number) => (read === 0 ? 1 : done / read)

/** In whole seconds: an estimate is no better. */
function secondsText(us: number): string {
  const seconds = Math.round(us / 1_000_000)
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000_000)
}

function bar(share: number, columns: number): string {
  const filled = Math.round(share * columns)
  return '█'.repeat(filled) + '░'.repeat(columns - filled)
}
