/** Rows of a run that fit an expression; in a long run it is evaluated on all cores. */
import type { CheckedReader } from '../read/evidence/checked-reader.ts'
import { fittingRows, fittingRowsFrom, PAGE_ENTRIES } from '../read/explain/fitting-rows.ts'
import type { Question } from './read-questions.ts'
import { hasOtherCores, ReadThreads } from './read-threads.ts'
import { type RowPredicate, rowPredicate } from './row-predicate.ts'

/** Of one page: the numbers of the rows, and what the expression came to. */
export interface Fitting {
  readonly rows: readonly number[]
  readonly was_evaluated: boolean
  readonly first_error: string | null
}

/** Logs with fewer entries would be looked through before a thread has started. */
const LONG_ENTRIES = 20_000

/** Gives the rows' numbers, in the order of their entries. */
export async function* searchRows(
  reader: CheckedReader,
  log: number,
  where: string,
  predicate: RowPredicate,
): AsyncGenerator<number, void, undefined> {
  const end = await reader.size(log)
  const fits = predicate.holds.bind(predicate)
  if (end < LONG_ENTRIES || !hasOtherCores()) {
    yield* fittingRows(reader, log, fits)
    return
  }
  const threads = new ReadThreads(reader.place)
  try {
    let from = 0
    for await (const found of threads.answers(questions(log, end, where))) {
      if (found === null) yield* fittingRowsFrom(reader, log, from, Math.min(end, from + PAGE_ENTRIES), fits)
      else {
        predicate.learn(found)
        yield* found.rows
      }
      from += PAGE_ENTRIES
    }
  } finally {
    await threads.close()
  }
}

function* questions(log: number, end: number, where: string): Iterable<Extract<Question, { kind: 'search' }>> {
  for (let from = 0; from < end; from += PAGE_ENTRIES)
    yield { kind: 'search', log, from, end: Math.min(end, from + PAGE_ENTRIES), where }
}

/** What a thread finds in a page. @throws CustodyError if a value isn't true or false, UnsoundRecord. */
export async function fittingIn(
  reader: CheckedReader,
  { log, from, end, where }: Extract<Question, { kind: 'search' }>,
): Promise<Fitting> {
  const predicate = rowPredicate(where)
  const rows: number[] = []
  for await (const row of fittingRowsFrom(reader, log, from, end, each => predicate.holds(each))) rows.push(row)
  return { rows, ...predicate.learnt() }
}
