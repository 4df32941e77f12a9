/** Pages of a log, looked at in other threads while this one folds those before (read/verify/page.ts). */
import { errorOf } from '../ledger/thread/messages.ts'
import { unpacked } from '../read/verify/packed-page.ts'
import { PAGE_ENTRIES, type PageRequest, type PageSource } from '../read/verify/page.ts'
import type { Question } from './read-questions.ts'
import type { ReadThreads } from './read-threads.ts'

export function pagesOf(threads: ReadThreads): PageSource {
  return async function* (request) {
    for await (const { page, failure } of threads.answers(questions(request))) {
      yield unpacked(page)
      if (failure !== null) throw errorOf(failure)
    }
  }
}

function* questions(request: PageRequest): Iterable<Extract<Question, { kind: 'page' }>> {
  for (let from = 0; from < request.end; from += PAGE_ENTRIES) yield { kind: 'page', request, from }
}
