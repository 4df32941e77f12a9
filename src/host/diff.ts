/** Compares two runs, long ones on all cores. */
import { type DiffOptions, diffRuns } from '../read/diff/diff.ts'
import type { Both, RunDiff } from '../read/diff/difference.ts'
import { type KeySource, keysHere } from '../read/diff/row-keys.ts'
import { type PairSource, pairsHere, type RowsPage } from '../read/diff/row-pairs.ts'
import type { RunReader } from '../read/evidence/run-reader.ts'
import type { Question } from './read-questions.ts'
import { hasOtherCores, ReadThreads } from './read-threads.ts'

/** Runs with fewer rows would be compared before a thread has started. */
const THREADED_FROM_ROWS = 10_000

export interface DiffRequest extends Omit<DiffOptions, 'pairs' | 'key'> {
  /** Fields by whose values rows are matched; null: they are by number. */
  readonly key: readonly string[] | null
  /** Runs with at least so many rows are compared in threads, if there are processors for them; 10,000 if absent. */
  readonly threaded_from_rows?: number
  /** Rows whose keys have been read. */
  readonly onKeys?: DiffOptions['onProgress']
}

/** As `diffRuns`; the threads check what they read, too. */
export async function diffOnAllCores(
  reader: RunReader,
  names: Both<string>,
  { key, onKeys, threaded_from_rows = THREADED_FROM_ROWS, ...options }: DiffRequest,
): Promise<RunDiff> {
  const threads = new ReadThreads(reader.place)
  const isShort = (rows: number) => rows < threaded_from_rows || !hasOtherCores()
  const pairs: PairSource = async function* (compared, pages, rows) {
    const { old, new: other } = compared.sides
    if (isShort(rows)) {
      yield* pairsHere(compared, pages, rows)
      return
    }
    const asked: RowsPage[] = []
    const questions = pairQuestions({ old: old.log, new: other.log }, pages, asked)
    for await (const found of threads.answers(questions)) {
      const page = asked.shift()
      if (page !== undefined) yield { page, found: found ?? (await compared.compare(page)) }
    }
  }
  const keys: KeySource = async function* (log, ranges, row_key) {
    const here = keysHere(reader)
    const [from, to] = [ranges[0]?.first ?? 0, ranges.at(-1)?.last ?? 0]
    if (isShort(to - from)) {
      yield* here(log, ranges, row_key)
      return
    }
    let next = 0
    for await (const page of threads.answers(
      ranges.map(range => ({ kind: 'keys' as const, log, range, key: row_key })),
    )) {
      const range = ranges[next++]
      if (page !== null) yield page
      else if (range !== undefined) yield* here(log, [range], row_key)
    }
  }
  const by_key = key === null ? {} : { key: { fields: key, rows: reader, keys, ...(onKeys && { onProgress: onKeys }) } }
  try {
    return await diffRuns(reader, names, { ...options, pairs, ...by_key })
  } finally {
    await threads.close()
  }
}

/** Puts each page that is asked about behind `asked`. */
function* pairQuestions(
  logs: Both<number>,
  pages: Iterable<RowsPage>,
  asked: RowsPage[],
): Iterable<Extract<Question, { kind: 'pairs' }>> {
  for (const page of pages) {
    asked.push(page)
    yield { kind: 'pairs', logs, page }
  }
}
