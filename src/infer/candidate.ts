/** One way to read a sample as a table, and how well it fits: pure but for the window that it reads. */
import { type Cell, CsvScanner, type CsvSyntax } from '../plugins/sources/csv-scanner.ts'
import type { TextWindow } from '../plugins/sources/text-window.ts'
import { plausibility } from './cell-kind.ts'

/** What a sample is tried with. */
export interface Candidate {
  readonly delimiter: string
  readonly quote: string | null
  readonly lazy: boolean
  readonly comment: string | null
}

export interface Scanned {
  /** Line at which it begins, from 1. */
  readonly line: number
  /** null: it can't be read so. */
  readonly cells: readonly Cell[] | null
}

/** How well a candidate fits. */
export interface Fit {
  readonly candidate: Candidate
  /** Cells of most records. */
  readonly width: number
  /** From the first record on that has that many cells. */
  readonly records: readonly Scanned[]
  /** Lines before it. */
  readonly skip_lines: number
  /** Cells of what stands right before it; null if there is nothing, or it can't be read. */
  readonly before: readonly Cell[] | null
  /** Of `records`: how many have as many cells, and how many can't be read. */
  readonly matching: number
  readonly broken: number
  /** From 0 to 1. */
  readonly score: number
}

const MOST_RECORDS = 2000
const MOST_SCORED = 400
/** Lines that may stand before a table. */
const MOST_BEFORE = 100
const MAX_UNITS = 1024 * 1024

/** Where a table may begin in a sample. */
export interface Start {
  readonly at: number
  /** Its line, from 1. */
  readonly line: number
  /** Whether the sample is all of the input. */
  readonly whole: boolean
}

/** null if it makes no table of two columns or more. */
export function tryCandidate(window: TextWindow, start_at: Start, candidate: Candidate): Fit | null {
  const all = scanRecords(window, start_at, candidate)
  const width = widthOf(all)
  const first = all.findIndex(record => matches(record, width))
  const start = all[first]
  if (start === undefined || width < 2) return null
  const alike = (index: number) => all.slice(index, index + 5).filter(record => matches(record, width)).length
  // A title that happens to have as many cells is none of the table's records if what follows hasn't.
  const at = all.findIndex(
    (record, index) => matches(record, width) && alike(index) * 2 > Math.min(5, all.length - index),
  )
  const begin = at < 0 || (all[at]?.line ?? 0) > MOST_BEFORE ? first : at
  const records = all.slice(begin)
  const matching = records.filter(record => matches(record, width)).length
  const broken = records.filter(({ cells }) => cells === null).length
  // Comments and blank lines are no records, and needn't be skipped.
  const skip_lines = begin === 0 ? 0 : (records[0] ?? start).line - 1
  if (skip_lines > MOST_BEFORE || begin > matching || isOneColumn(all, begin, candidate)) return null
  // Of two ways to read it the one that passes nothing over is more likely.
  const share = matching / (records.length + begin / 2)
  const score = share ** 2 * meanPlausibility(records, width) * (1 - 1 / (width + 1))
  const before = all[begin - 1]?.cells ?? null
  return { candidate, width, records, skip_lines, before, matching, broken, score }
}

/** Records of the sample, read from its beginning. */
export function scanRecords(window: TextWindow, { at, line, whole }: Start, candidate: Candidate): readonly Scanned[] {
  const syntax: CsvSyntax = { ...candidate, max_units: MAX_UNITS, recover: 'record', on_unclosed_quote: 'reject' }
  const scanner = new CsvScanner(syntax, line)
  window.at = at
  const found: Scanned[] = []
  while (found.length < MOST_RECORDS) {
    const step = scanner.next(window)
    if (step === 'more') break
    if (step === 'record') found.push({ line: scanner.found_line, cells: [...scanner.cells] })
    else if (step === 'reject') found.push({ line: scanner.found_line, cells: null })
  }
  // The last one may be cut.
  return whole || found.length >= MOST_RECORDS ? found : found.slice(0, -1)
}

/** The number of cells that most records have; one empty cell too many counts as none, as it does for the reader. */
function widthOf(records: readonly Scanned[]): number {
  const counts = new Map<number, number>()
  const add = (width: number) => counts.set(width, (counts.get(width) ?? 0) + 1)
  for (const { cells } of records) {
    if (cells === null) continue
    add(cells.length)
    if (cells.length > 2 && cells.at(-1) === null) add(cells.length - 1)
  }
  let best = 0
  for (const [width, count] of counts) {
    const most = counts.get(best) ?? 0
    if (count > most || (count === most && width > best)) best = width
  }
  // A header that is wider than most records, and as wide as any: these lack cells at their end.
  const header = records[0]?.cells?.length ?? 0
  return header === Math.max(...counts.keys()) && (counts.get(header) ?? 0) > 1 ? header : best
}

export function matches({ cells }: Scanned, width: number): boolean {
  if (cells === null) return false
  return cells.length === width || (cells.length === width + 1 && cells[width] === null)
}

function meanPlausibility(records: readonly Scanned[], width: number): number {
  let sum = 0
  let count = 0
  for (const record of records.slice(0, MOST_SCORED)) {
    if (record.cells === null || !matches(record, width)) continue
    for (const cell of record.cells) sum += plausibility(cell)
    count += record.cells.length
  }
  return count === 0 ? 0 : sum / count
}

/** A name and numbers below it with a comma before the fraction: `betrag`, `1,5`. */
function isOneColumn(all: readonly Scanned[], begin: number, { delimiter }: Candidate): boolean {
  if (delimiter !== ',' || begin !== 1 || all[0]?.cells?.length !== 1) return false
  return all.slice(1).every(({ cells }) => cells?.length === 2 && cells.every(cell => /^-?\d+$/.test(cell ?? '')))
}
