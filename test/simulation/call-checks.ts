/** What must hold of the calls of every run, by what is durable of them and what the services have delivered. */

import { CALL_ERROR, CALL_OK, CALL_THROTTLED, type CallFact, type CallStatus } from '../../src/format/entry.ts'
import type { SubjectDraft } from '../../src/ledger/write-port.ts'
import type { Asks, Model } from './model.ts'
import type { SealedSummary } from './sealed.ts'
import { type Delivery, equalTo, responseOf } from './service.ts'

/** A call as the ledger has it. */
interface Kept {
  readonly fact: CallFact
  /** `row 3` or `batch 1`. */
  readonly subject: string
  readonly about: number
  /** null where a sink has sent a row. */
  readonly service: string | null
  readonly response: unknown
}

/** A recorded call, by what was asked and its result. */
const keyOf = ({ service, about, kind }: Pick<Delivery, 'service' | 'about' | 'kind'>) => `${service}/${about}: ${kind}`

const kindOf = ({ fact }: Kept): Delivery['kind'] =>
  fact.status === CALL_OK ? 'answer' : fact.status === CALL_THROTTLED ? 'throttled' : 'error'

export function callsIn(drafts: readonly SubjectDraft[]): Kept[] {
  const values = new Map<string, string>()
  const kept: Kept[] = []
  for (const draft of drafts) {
    const subject = draft.subject.kind === 'row' ? `row ${draft.subject.row}` : `batch ${draft.subject.batch}`
    for (const [i, value] of draft.values.entries())
      if (value.kind === 'full') values.set(`${subject}: ${draft.first_value + i}`, value.text)
    const valueAt = (number: number): unknown => JSON.parse(values.get(`${subject}: ${number}`) ?? 'null')
    for (const fact of draft.calls) {
      const { about, of: service = null } = valueAt(fact.request) as { about: number; of?: string }
      kept.push({ fact, subject, about, service, response: valueAt(fact.response) })
    }
  }
  return kept
}

export function spentNusd(calls: readonly Kept[]): number {
  return calls.reduce((sum, { fact }) => sum + fact.cost_nusd, 0)
}

/** Of what the services delivered to a process that ended `at_us`, all that came 100 ms before is among the calls `made` since. */
export function lostCalls(deliveries: readonly Delivery[], made: readonly Kept[], at_us: number): string[] {
  const durable = new Map<string, number>()
  for (const call of made) {
    const { service, about } = call
    if (service === null) continue
    const key = keyOf({ service, about, kind: kindOf(call) })
    durable.set(key, (durable.get(key) ?? 0) + 1)
  }
  const problems: string[] = []
  const heard = new Map<string, { old: number; all: number }>()
  for (const each of deliveries) {
    const counts = heard.get(keyOf(each)) ?? { old: 0, all: 0 }
    heard.set(keyOf(each), counts)
    counts.all++
    if (each.at_us < at_us - 100_000) counts.old++
  }
  for (const [key, { old }] of heard)
    if (old > (durable.get(key) ?? 0))
      problems.push(`${key}: delivered ${old} times 100 ms before, kept ${durable.get(key) ?? 0}`)
  for (const [key, count] of durable)
    if (count > (heard.get(key)?.all ?? 0))
      problems.push(`${key}: kept ${count} times, delivered ${heard.get(key)?.all ?? 0}`)
  return problems
}

/** Of a run that has come to its end. */
export function problemsOfCalls(model: Model, calls: readonly Kept[], summary: SealedSummary): string[] {
  const problems: string[] = []
  const asking = [...model.sources, ...model.nodes]
  const asksAt = (node: number) => (asking[node - 1] as { readonly asks?: Asks }).asks?.requests ?? 0
  const numbers = calls.map(({ fact }) => fact.call).sort((a, b) => a - b)
  if (numbers.some((number, i) => number !== i + 1)) problems.push(`calls are not numbered densely: ${numbers}`)
  const answered = new Map<string, number>()
  for (const { fact, subject, about, service, response } of calls) {
    if (fact.status !== CALL_OK) continue
    const place = `${subject}, token ${fact.token} at ${fact.node}, ${about}`
    const times = (answered.get(place) ?? 0) + 1
    answered.set(place, times)
    // Equal requests of one visit have an answer each.
    const most = service === null ? 1 : equalTo(fact.ordinal, asksAt(fact.node))
    if (times > most) problems.push(`answered ${times} times: ${place}`)
    if (service === null) continue
    const expected = responseOf(service, about)
    const value = expected.kind === 'answer' ? expected.value : undefined
    if (JSON.stringify(response) !== JSON.stringify({ value })) problems.push(`another’s answer: ${place}`)
  }
  const { made = 0, failed = 0, throttled = 0, cost_usd = 0 } = summary.calls ?? {}
  const count = (status: CallStatus) => calls.filter(({ fact }) => fact.status === status).length
  const reported = [made, failed, throttled, Math.round(cost_usd * 1e9)]
  const due = [calls.length, count(CALL_ERROR), count(CALL_THROTTLED), spentNusd(calls)]
  if (JSON.stringify(reported) !== JSON.stringify(due))
    problems.push(`totals of calls are ${reported} instead of ${due}`)
  return problems
}
