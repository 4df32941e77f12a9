/** The live line of a run: rows, how many a second, and how long it may still take where that is known. */
import { formatDuration } from '../model/time.ts'
import { count, counted, shorten } from './render/text.ts'
import type { Terminal } from './terminal.ts'

export interface ProgressFacts {
  readonly rows_read: number
  readonly elapsed_us: number
}

const BAR_COLUMNS = 24
/** Not more often: a person can't read it, and a slow terminal would hold the run up. */
const EVERY_US = 100_000

export class ProgressLine {
  private readonly terminal: Terminal
  private readonly total: number | null
  private next_us = 0

  /** `total` is the number of records that will be read at most; null if that isn't known. */
  constructor(terminal: Terminal, total: number | null) {
    this.terminal = terminal
    this.total = total
  }

  show(progress: ProgressFacts): void {
    if (!this.terminal.isLive || progress.elapsed_us < this.next_us) return
    this.next_us = progress.elapsed_us + EVERY_US
    this.terminal.live(shorten(progressText(progress, this.total), this.terminal.columns_told - 1))
  }

  clear(): void {
    this.terminal.clearLive()
  }
}

/** `  reading  ███░░░  2,251 / 2,400 rows   41,200 rows/s   0.2 s left`. */
export function progressText({ rows_read, elapsed_us }: ProgressFacts, total: number | null): string {
  const rate = elapsed_us > 0 ? rows_read / (elapsed_us / 1_000_000) : 0
  const speed = `${count(Math.round(rate))} rows/s`
  if (total === null || total === 0) return `  reading  ${counted(rows_read, 'row')}   ${speed}`
  const filled = Math.round(Math.min(1, rows_read / total) * BAR_COLUMNS)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_COLUMNS - filled)
  const left = rate > 0 ? `   ${formatDuration(((total - rows_read) / rate) * 1_000_000)} left at most` : ''
  return `  reading  ${bar}  ${count(rows_read)} / ${count(total)} rows   ${speed}${left}`
}
