/** The graph of a run as its own record has it, checked. */
import { DISCARD } from '../../format/topology.ts'
import { planOf } from '../../read/runs/opening-values.ts'
import { openingOf } from '../../read/runs/run-log.ts'
import { checkedRun, UNOBSERVED } from '../checked-run.ts'
import type { Moment } from './moment.ts'
import { tunablesOf } from './tunables.ts'

/** Without `values` it has what entries have: names, kinds and ways. */
export async function planAnswer({ reader: inner, env }: Moment, name: string, values: boolean) {
  const { reader, log, run } = await checkedRun(env, inner, name, UNOBSERVED, 'stories')
  const { topology, name: pipeline, plan_hash } = await openingOf(reader, log)
  const plan = values ? await planOf(reader, log) : null
  const { nodes, edges } = topology
  return {
    run,
    name: pipeline,
    plan_hash,
    file: plan?.file ?? null,
    nodes: nodes.map(({ name, kind, plugin, branches, policy, services }) => {
      const expressions = plan?.expressions[name] ?? []
      return {
        ...{ name, kind },
        ...(plugin === undefined ? {} : { plugin }),
        ...(branches === undefined ? {} : { branches }),
        ...(policy === undefined ? {} : { policy }),
        ...(services === undefined ? {} : { services }),
        ...(expressions.length === 0
          ? {}
          : { expressions: expressions.map(each => ({ for: each.for, text: each.source })) }),
        ...(kind === 'gate' && expressions.length === 1 ? { expression: expressions[0]?.source } : {}),
      }
    }),
    edges: edges.map(([from, label, to]) => ({
      from: nodes[from - 1]?.name ?? '?',
      label,
      to: to === DISCARD ? 'discard' : (nodes[to - 1]?.name ?? '?'),
    })),
    text: plan?.text ?? null,
    tunables: plan === null ? [] : [...tunablesOf(plan)],
    holds: true as const,
  }
}
