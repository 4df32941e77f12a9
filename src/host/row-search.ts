/** Rows of a run that fit an expression; in a long run it is evaluated on all cores. */
import type { RunReader } from '../read/evidence/run-reader.ts'
import { fittingRows, fittingRowsFrom, pagesOf } from '../read/explain/fitting-rows.ts'
import type { Question } from './read-questions.ts'
import { hasOtherCores, ReadThreads } from './read-threads.ts'
import { type RowPredicate, rowPredicate } from './row-predicate.ts'

/** Of one page: the numbers of the rows, and what the expression came to. */
export interface Fitting {
  readonly rows: readonly number[]
  readonly was_evaluated: boolean
  readonly first_error: string | null
}

type SearchQuestion = Extract<Question, { kind: 'search' }>

/** Runs with fewer entries would be looked through before a thread has started. */
const LONG_ENTRIES = 20_000

/** Gives the rows' numbers, in the order of their entries. */
export async function* searchRows(
  reader: RunReader,
  log: number,
  where: string,
  predicate: RowPredicate,
): AsyncGenerator<number, void, undefined> {
  const spans = await reader.spans(log)
  const fits = predicate.holds.bind(predicate)
  if (spans.reduce((sum, { from, end }) => sum + end - from, 0) < LONG_ENTRIES || !hasOtherCores()) {
    yield* fittingRows(reader, log, fits)
    return
  }
  const threads = new ReadThreads(reader.place)
  try {
    const pages = [...pagesOf(spans)]
    let asked = 0
    for await (const found of threads.answers(pages.map(page => question(log, page, where)))) {
      const [from, end] = pages[asked++] ?? [0, 0]
      if (found === null) yield* fittingRowsFrom(reader, log, from, end, fits)
      else {
        predicate.learn(found)
        yield* found.rows
      }
    }
  } finally {
    await threads.close()
  }
}

const question = (log: number, [from, end]: readonly [number, number], where: string): SearchQuestion => ({
  kind: 'search',
  log,
  from,
  end,
  where,
})

/** What a thread finds in a page. @throws CustodyError if a value isn't true or false, UnsoundRecord. */
export async function fittingIn(reader: RunReader, { log, from, end, where }: SearchQuestion): Promise<Fitting> {
  const predicate = rowPredicate(where)
  const rows: number[] = []
  for await (const row of fittingRowsFrom(reader, log, from, end, each => predicate.holds(each))) rows.push(row)
  return { rows, ...predicate.learnt() }
}
