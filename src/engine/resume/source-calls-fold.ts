/** What sources have asked, as the run's own entries tell it: what a source that goes on may ask for again. */
import { CALL_THROTTLED, type CallFact, type CursorFact, isAnswered, type RunEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import { callOf } from '../../ledger/write/decode.ts'
import { canonicalize } from '../../model/canonical.ts'
import { frozen, type Json } from '../../model/row.ts'
import type { AnswerOnRecord, CallsOnRecord } from '../nodes/source/source-calls.ts'
import { onRecord } from '../record/on-record.ts'
import type { ValuesAt } from './run-fold.ts'

interface Answered {
  /** Number of the record that was to come next. */
  readonly record: number
  readonly call: CallFact
  readonly at: ValuesAt
}

interface Asked {
  record: number
  answered: number
  attempts: number
  answers: Answered[]
}

export class SourceCallsFold {
  readonly #sources = new Map<number, Asked>()

  take({ from, x }: Extract<RunEntry, { k: 'calls' }>, at: ValuesAt): void {
    for (const each of x) {
      const call = callOf(each)
      const asked = this.#sources.get(call.node) ?? { record: 0, answered: 0, attempts: 0, answers: [] }
      this.#sources.set(call.node, asked)
      if (asked.record !== from) [asked.record, asked.answered] = [from, 0]
      if (isAnswered(call)) {
        asked.answered++
        asked.attempts = 0
        asked.answers.push({ record: from, call, at })
      } else asked.attempts = call.status === CALL_THROTTLED ? call.attempt - 1 : call.attempt
    }
  }

  /** So many records were taken: of the answers before them the last is enough. */
  commit(cursors: readonly CursorFact[]): void {
    for (const { source, records } of cursors) {
      const asked = this.#sources.get(source)
      if (asked === undefined) continue
      const last = asked.answers.findLastIndex(({ record }) => record <= records)
      if (last > 0) asked.answers.splice(0, last)
    }
  }

  /** By source. `valuesOf`: those of an entry, by their numbers. */
  async onRecord(
    { nodes }: Topology,
    valuesOf: (at: ValuesAt) => Promise<ReadonlyMap<number, Json>>,
  ): Promise<ReadonlyMap<number, CallsOnRecord>> {
    const found = new Map<number, CallsOnRecord>()
    for (const [source, asked] of this.#sources) {
      const answers: AnswerOnRecord[] = []
      for (const { call, at } of asked.answers) {
        const values = await valuesOf(at)
        const value = (number: number) => onRecord(values.get(number), `value of a call of source ${source}`)
        answers.push({
          service: nodes[source - 1]?.services?.[call.service - 1] ?? '',
          request: canonicalize(value(call.request)),
          response: frozen(value(call.response)),
        })
      }
      found.set(source, { ...asked, answers })
    }
    return found
  }
}
