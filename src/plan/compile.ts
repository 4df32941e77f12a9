/**
 * A pipeline file and the plugins there are, compiled to a plan. Pure: nothing is read but what is passed in.
 *
 * All problems are reported at once. A file that was loaded with problems (`faulty`) is compiled too, for what else is
 * wrong with it and for its graph; then there is no plan.
 */
import { resolve } from 'node:path'
import type { PipelineFile, RetryConfig } from '../config/pipeline.ts'
import { DISCARD } from '../format/topology.ts'
import type { Diagnostic } from '../model/error.ts'
import type { Catalogue } from '../sdk/catalogue.ts'
import type { ReadFile } from '../sdk/option-files.ts'
import { assemble } from './assemble.ts'
import { Branches } from './branches.ts'
import { Draft, type DraftNode } from './draft.ts'
import { planHash, planValue, topologyOf } from './evidence.ts'
import { Flow } from './flow.ts'
import { type Graph, graphOf } from './graph.ts'
import { checkGuards } from './guards.ts'
import { checkInputs } from './inputs.ts'
import { withDefaultOutputs } from './outputs.ts'
import type { Plan, PlanEdge, PlanNode } from './plan.ts'
import { type ResolvedPlugin, resolvePlugin } from './plugins.ts'
import { checkReachability, orderNodes } from './reach.ts'
import { Report } from './report.ts'
import { mergeRetries } from './retry.ts'
import { checkSameOutputs } from './same-outputs.ts'
import { ledgerUrl, type Secrets } from './secrets.ts'
import { checkLimits } from './services.ts'
import { checkSplits } from './splits.ts'
import { wire } from './wiring.ts'

export interface CompiledPlan {
  /** Null if anything is wrong, or may be: an option of which not every text fits is a secret that isn't known. */
  readonly plan: Plan | null
  /** In the order of the file's lines; those of loading the file are not repeated. */
  readonly diagnostics: readonly Diagnostic[]
  /** Made whatever is wrong; edges to targets that aren't there are left out. */
  readonly graph: Graph
}

/**
 * Compiles a plan. `readFile` is asked for files that options name. Diagnostics have the codes of “plugins”, “wiring” and
 * “schemas and expressions” of docs/errors.md.
 */
export function compilePlan(
  pipeline: PipelineFile,
  catalogue: Catalogue,
  secrets: Secrets,
  readFile: ReadFile,
): CompiledPlan {
  const report = new Report(pipeline)
  const draft = new Draft(withDefaultOutputs(pipeline, catalogue))
  const wiring = wire(draft, report)
  const order = orderNodes(draft, report)
  checkReachability(draft, wiring, report)
  const plugins = new Map<DraftNode, ResolvedPlugin>()
  for (const node of draft.nodes) {
    const plugin = resolvePlugin(node, catalogue, secrets, readFile, report)
    if (plugin !== null) plugins.set(node, plugin)
  }
  const branches = new Branches(draft, order, plugins)
  const flow = new Flow(draft, plugins, branches, report)
  flow.run(order)
  const complete = wiring.complete && order.length === draft.nodes.length
  for (const node of draft.nodes) branches.check(node, complete, report)
  checkInputs(draft, plugins, report)
  checkLimits(plugins, report)
  checkGuards(draft, plugins, report)
  checkSameOutputs(draft, plugins, report)
  checkSplits(draft, plugins, flow, report)
  const retries = mergeRetries(draft, plugins, report)
  const graph = graphOf(draft)
  const ledger_url = ledgerUrl(pipeline, secrets, report)
  const certain = [...plugins.values()].every(({ valid }) => valid)
  const sound = certain && !report.failed && pipeline.faulty !== true
  const plan = sound ? buildPlan({ pipeline, draft, plugins, branches, flow, retries, ledger_url }) : null
  return { plan, diagnostics: report.list(), graph }
}

interface Parts {
  readonly pipeline: PipelineFile
  readonly draft: Draft
  readonly plugins: ReadonlyMap<DraftNode, ResolvedPlugin>
  readonly branches: Branches
  readonly flow: Flow
  readonly retries: ReadonlyMap<DraftNode, RetryConfig>
  readonly ledger_url: string | null
}

function buildPlan({ pipeline, draft, plugins, branches, flow, retries, ledger_url }: Parts): Plan {
  const edges: readonly PlanEdge[] = draft.edges.map(({ number, from, label, to, side }) =>
    Object.freeze({ number, from: from.number, label, to: to?.number ?? DISCARD, ...(side === null ? {} : { side }) }),
  )
  const nodes = draft.nodes.map((node): PlanNode => {
    const way = (label: string) => {
      const edge = draft.edge(node, label)
      return edge === undefined ? null : (edges[edge.number - 1] ?? null)
    }
    return Object.freeze(
      assemble(node, {
        facts: flow.facts.get(node),
        plugin: plugins.get(node),
        retry: retries.get(node),
        branches,
        way,
      }),
    )
  })
  const { name, ledger_key, witnesses, timestamps, guards, limits, retention_ms, splits } = pipeline.config
  const topology = topologyOf(draft, plugins, flow)
  return Object.freeze({
    name,
    file: pipeline.file,
    folder: pipeline.folder,
    nodes: Object.freeze(nodes),
    edges: Object.freeze(edges),
    topology,
    hash: planHash(topology, draft, plugins, splits),
    files: new Map([...plugins].flatMap(([{ name }, { files }]) => files.map(({ file }) => [file, name] as const))),
    value: planValue(pipeline, draft, plugins, flow),
    ledger_url,
    ledger_key:
      ledger_key !== null && 'file' in ledger_key ? { file: resolve(pipeline.folder, ledger_key.file) } : ledger_key,
    witnesses: witnesses === null ? null : resolve(pipeline.folder, witnesses),
    timestamps,
    guards,
    retention_us: retention_ms === null ? null : retention_ms * 1000,
    splits,
    plugins: pipeline.config.plugins,
    limits: { ...limits, file: limits.file === null ? null : resolve(pipeline.folder, limits.file) },
  })
}
