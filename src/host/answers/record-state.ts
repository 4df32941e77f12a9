/** Which state of the record an answer is made from, for whoever keeps answers. */
import { findRun } from '../../read/runs/list.ts'
import { closingOf } from '../../read/runs/run-log.ts'
import type { AnyQuestion } from './answer-messages.ts'
import type { Kind } from './asked.ts'
import type { Moment } from './moment.ts'

/** Those that take long to find, are small, and are the same as long as the record is: their answers are kept. */
export const KEPT: ReadonlySet<Kind> = new Set<Kind>(['run', 'errors', 'calls'])

/** As long as it is the same the answer is. null: it isn't one of a run that is over, or such answers aren't kept. */
export async function stateOf({ reader }: Moment, question: AnyQuestion): Promise<string | null> {
  if (!isKept(question)) return null
  const { log, run } = await findRun(reader, question.params.run)
  if ((await closingOf(reader, log)).last?.k !== 'seal') return null
  // The heads sign all there is: of the run, and with that of log 0 of what was erased of it, and which runs came later.
  return JSON.stringify([run, await reader.head(log), await reader.head(0)])
}

function isKept(question: AnyQuestion): question is Extract<AnyQuestion, { kind: 'run' | 'errors' | 'calls' }> {
  return question.kind !== 'export' && KEPT.has(question.kind)
}
