/** What a run asked services: by node, service and model, how long they took, and what they came to. The run's entries are read once. */
import { CALL_STATUSES, type CallFact, type SubjectEntry } from '../../format/entry.ts'
import type { Topology } from '../../format/topology.ts'
import { isObject } from '../../model/row.ts'
import { decodeRunEntry, decodeSubjectEntry, isSubjectBody } from '../../read/decode.ts'
import { call } from '../../read/decode-call.ts'
import { UnsoundRecord } from '../../read/evidence/unsound.ts'
import { readable } from '../../read/runs/damaged.ts'
import { planOf } from '../../read/runs/opening-values.ts'
import { closingOf, openingOf } from '../../read/runs/run-log.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import type { Teller } from './answering.ts'
import { Histogram } from './histogram.ts'
import type { Moment } from './moment.ts'
import { ServiceUses } from './service-use.ts'

/** Of one node and one service. A node has one model. */
class Group {
  readonly node: string
  readonly service: string
  readonly #durations = new Histogram()
  readonly #statuses: { [status: string]: number } = {}
  #input_tokens = 0
  #output_tokens = 0
  #cost_nusd = 0

  constructor(node: string, service: string) {
    this.node = node
    this.service = service
  }

  add({ status, duration_us, input_tokens, output_tokens, cost_nusd }: CallFact): void {
    const word = CALL_STATUSES[status]
    this.#statuses[word] = (this.#statuses[word] ?? 0) + 1
    this.#durations.add(duration_us)
    this.#input_tokens += input_tokens
    this.#output_tokens += output_tokens
    this.#cost_nusd += cost_nusd
  }

  json(model: string | null) {
    const durations = this.#durations
    return {
      ...{ node: this.node, service: this.service, model, calls: durations.count, statuses: this.#statuses },
      duration_us: { p50: durations.quantile(0.5), p95: durations.quantile(0.95), max: durations.max },
      ...{ input_tokens: this.#input_tokens, output_tokens: this.#output_tokens, cost_usd: this.#cost_nusd / 1e9 },
    }
  }
}

const REPORT_EVERY = 10_000

export async function callsAnswer(
  { reader: inner, env }: Moment,
  name: string,
  values: boolean,
  { onProgress }: Pick<Teller, 'onProgress'>,
) {
  const { reader, log, run } = await checkedRun(env, inner, name, UNOBSERVED)
  const { topology } = await openingOf(reader, log)
  const { totals } = await closingOf(reader, log)
  const { count: calls = 0, cost_nusd = 0 } = totals.calls ?? {}
  const groups = new Map<string, Group>()
  const uses = new ServiceUses()
  let found = 0
  if (calls > 0) {
    const of = (await reader.spans(log)).reduce((sum, { from, end }) => sum + end - from, 0)
    let entries = 0
    for await (const { seq, row, body } of reader.entries(log)) {
      if (entries++ % REPORT_EVERY === 0) onProgress({ run, entries, of })
      if (!body.includes('"x":[') && !(uses.waits && isSubjectBody(row, body))) continue
      const entry = readable(log, () =>
        isSubjectBody(row, body) ? decodeSubjectEntry(seq, body) : ofSource(seq, body),
      )
      uses.add(entry, call => groupOf(groups, topology, call).service)
      for (const call of entry.calls) {
        found++
        groupOf(groups, topology, call).add(call)
      }
    }
  }
  if (found !== calls) throw new UnsoundRecord([`there are ${found} calls, and ${calls} were counted`])
  const options = values && calls > 0 ? (await planOf(reader, log)).options : {}
  const modelOf = (node: string): string | null => {
    const own = options[node]
    return isObject(own) && typeof own.model === 'string' ? own.model : null
  }
  return {
    ...{ run, calls, cost_usd: cost_nusd / 1e9 },
    groups: [...groups.values()].map(each => each.json(modelOf(each.node))),
    services: uses.json(),
    holds: true as const,
  }
}

/** What a source asked. */
function ofSource(seq: number, body: string): Pick<SubjectEntry, 'calls' | 'visits' | 'time_us'> {
  const { facts } = decodeRunEntry(seq, body)
  return { calls: facts.k === 'calls' ? facts.x.map(each => call(each, 'x')) : [], visits: [], time_us: facts.t }
}

function groupOf(groups: Map<string, Group>, { nodes }: Topology, { node, service }: CallFact): Group {
  const key = `${node} ${service}`
  const at = nodes[node - 1]
  const group = groups.get(key) ?? new Group(at?.name ?? '?', at?.services?.[service - 1] ?? '?')
  groups.set(key, group)
  return group
}
