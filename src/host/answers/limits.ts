/** What guards and limits of a run did: what its plan says of them, beside what was counted, and when they stopped it. */
import { parse } from 'yaml'
import type { Limits } from '../../api/limits.ts'
import { parsePipeline } from '../../config/load.ts'
import type { PipelineConfig } from '../../config/pipeline.ts'
import { serviceLimits } from '../../engine/calls/service-limits.ts'
import type { Topology } from '../../format/topology.ts'
import { type Interruption, interruptionsOf } from '../../read/runs/interruptions.ts'
import { planOf, type RecordedPlan } from '../../read/runs/opening-values.ts'
import { type Closing, closingOf, openingOf } from '../../read/runs/run-log.ts'
import { ValuesOnRecord } from '../../read/runs/values-on-record.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import { type GuardedSource, guardLines } from './guard-lines.ts'
import type { Moment } from './moment.ts'

/** Without `values`: what entries say, which is when it stopped and what it spent. */
export async function limitsAnswer({ reader: inner, env }: Moment, name: string, values: boolean): Promise<Limits> {
  const { reader, log, run } = await checkedRun(env, inner, name, UNOBSERVED)
  const { topology, reruns } = await openingOf(reader, log)
  const closing = await closingOf(reader, log)
  const interruptions = await interruptionsOf(reader, log)
  const config = values ? configOf(await planOf(reader, log)) : null
  const { commit, totals } = closing
  const at_risk = commit?.entry.at_risk
  const nano =
    at_risk === undefined || commit === null
      ? 0
      : await new ValuesOnRecord(reader, log).get(commit.seq, commit.entry, 'at_risk')
  const said =
    config === null
      ? null
      : {
          guards: reruns === undefined ? guardsOf(config, topology, closing, interruptions) : [],
          services: servicesOf(config, topology),
          spend_usd: config.limits.spend_usd,
        }
  return {
    run,
    said,
    spent_usd: (totals.calls?.cost_nusd ?? 0) / 1e9,
    at_risk_usd: !values || nano === null ? null : nano / 1e9,
    interruptions: values ? [...interruptions] : interruptions.map(each => ({ ...each, message: null })),
    holds: true,
  }
}

/** null where it isn't known what held: variables had the values of that day. */
function configOf({ text, file, folder, set = [] }: RecordedPlan): PipelineConfig | null {
  if (text === null || file === null || folder === null) return null
  const { pipeline } = parsePipeline(text, { env: {}, overrides: set, file, folder })
  if (pipeline === null || !pipeline.known(['guards']) || !pipeline.known(['limits'])) return null
  const file_says: unknown = parse(text, { merge: true, logLevel: 'silent' })
  const sources = within(file_says, 'sources')
  const own = typeof sources === 'object' && sources !== null ? Object.values(sources) : []
  const used = [within(file_says, 'guards'), within(file_says, 'limits'), ...own.map(each => within(each, 'guards'))]
  return JSON.stringify(used).includes('${') ? null : pipeline.config
}

function within(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined
}

function guardsOf(
  { guards, sources }: PipelineConfig,
  { nodes }: Topology,
  { last, commit, totals }: Closing,
  interruptions: readonly Interruption[],
) {
  const number = (source: string) => nodes.findIndex(each => each.kind === 'source' && each.name === source) + 1
  const counted = sources.map(({ name, guards: own }): GuardedSource => {
    const at = number(name)
    const cursor = commit?.entry.cursors.find(each => each.source === at)
    const [, rejected = 0, failed = 0] = totals.failures?.find(([source]) => source === at) ?? []
    const records = cursor?.records ?? 0
    return { source: name, guards: own, records, rejected, failed, done: cursor?.done ?? false }
  })
  return [
    ...guardLines({
      guards,
      sources: counted,
      over: counted.every(each => each.done) && totals.tokens.open === 0,
      stops: interruptions.filter(each => each.code === 'CUSTODY_GUARD').length,
      published: last?.k === 'seal' && last.status !== 'abandoned',
    }),
  ]
}

/** Of all that nodes call. */
function servicesOf({ limits }: PipelineConfig, { nodes }: Topology) {
  const services = [...new Set(nodes.flatMap(each => each.services ?? []))]
  return services.map(service => {
    const { concurrency, per_minute, breaker, max_wait_us } = serviceLimits(limits, service)
    const down =
      breaker === null ? null : { failures: breaker.failures, give_up_after_ms: breaker.give_up_after_us / 1000 }
    return { service, per_minute, concurrency, breaker: down, max_wait_ms: max_wait_us / 1000 }
  })
}
