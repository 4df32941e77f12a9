/** Compares two runs, long ones on all cores. */
import type { LedgerReader } from '../ledger/read-port.ts'
import { type DiffOptions, diffRuns } from '../read/diff/diff.ts'
import type { Both, RunDiff } from '../read/diff/difference.ts'
import { type PairSource, pairsHere, type RowsPage } from '../read/diff/row-pairs.ts'
import type { Question } from './read-questions.ts'
import { hasOtherCores, ReadThreads } from './read-threads.ts'

/** Runs with fewer rows would be compared before a thread has started. */
const LONG_ROWS = 10_000

/** As `diffRuns`; `reader` checks what it gives, and so do the threads. */
export async function diffOnAllCores(
  reader: LedgerReader,
  names: Both<string>,
  options: Omit<DiffOptions, 'pairs'>,
): Promise<RunDiff> {
  const threads = new ReadThreads(reader.url)
  const there: PairSource = async function* (pairs, pages) {
    const { old, new: other } = pairs.sides
    const all = [...pages]
    const rows = all.reduce((sum, { count }) => sum + count, 0)
    if (rows < LONG_ROWS || !hasOtherCores()) {
      yield* pairsHere(pairs, all)
      return
    }
    let next = 0
    for await (const found of threads.answers(questions({ old: old.log, new: other.log }, all))) {
      const page = all[next++]
      if (page !== undefined) yield found ?? (await pairs.compare(page))
    }
  }
  try {
    return await diffRuns(reader, names, { ...options, pairs: there })
  } finally {
    await threads.close()
  }
}

function* questions(logs: Both<number>, pages: readonly RowsPage[]): Iterable<Extract<Question, { kind: 'pairs' }>> {
  for (const page of pages) yield { kind: 'pairs', logs, page }
}
