/** What the ledger keeps of a plan: its topology, its value, and the hash that says whether two plans are the same. */
import { createHash } from 'node:crypto'
import type { PipelineConfig, PipelineFile } from '../config/pipeline.ts'
import { setPath } from '../config/set.ts'
import type { Expression } from '../expression/expression.ts'
import type { DeclaredField, ExpressionText, PlanValue } from '../format/run-values.ts'
import { DISCARD, type Topology, type TopologyNode } from '../format/topology.ts'
import { canonicalize } from '../model/canonical.ts'
import { parseJson } from '../model/json.ts'
import type { Json } from '../model/row.ts'
import type { RowSchema } from '../model/schema.ts'
import type { Draft, DraftNode } from './draft.ts'
import type { Flow, NodeFacts } from './flow.ts'
import { decimalsAmong, decimalsOfJoin } from './key-decimals.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import { servicesOf } from './services.ts'
import { sortKeysOf } from './sort-keys.ts'

type Plugins = ReadonlyMap<DraftNode, ResolvedPlugin>

export function topologyOf(draft: Draft, plugins: Plugins, flow: Flow): Topology {
  return {
    nodes: draft.nodes.map(node => {
      const plugin = plugins.get(node)
      return { ...topologyNode(node, flow), ...servicesAt(plugin), ...determinismAt(plugin), ...orderAt(plugin) }
    }),
    edges: draft.edges.map(({ from, label, to, side }) => {
      const edge = [from.number, label, to?.number ?? DISCARD] as const
      return side === null ? edge : ([...edge, side] as const)
    }),
  }
}

function servicesAt(plugin: ResolvedPlugin | undefined): Pick<TopologyNode, 'services'> {
  const services = plugin === undefined ? [] : servicesOf(plugin)
  return services.length === 0 ? {} : { services }
}

/** Only of nodes that decide or change; sources read what is there, and sinks change no row, unless the far side refuses it. */
function determinismAt(plugin: ResolvedPlugin | undefined): Pick<TopologyNode, 'determinism'> {
  if (plugin === undefined || plugin.spec.kind === 'source') return {}
  if (plugin.spec.kind === 'sink' && plugin.spec.delivery !== 'outbound') return {}
  const { determinism } = plugin.spec
  return determinism === 'deterministic' ? {} : { determinism }
}

function orderAt(plugin: ResolvedPlugin | undefined): Pick<TopologyNode, 'ordered'> {
  return plugin?.spec.kind === 'transform' && plugin.spec.ordered === true ? { ordered: true } : {}
}

function topologyNode(node: DraftNode, flow: Flow): TopologyNode {
  const { name, kind, config } = node
  const plugin = pluginUse(node)?.use.plugin
  const common = { name, kind, ...(plugin === undefined ? {} : { plugin }) }
  if (config.kind === 'fork') return { ...common, branches: config.branches.map(({ branch }) => branch) }
  const facts = flow.facts.get(node)
  if (config.kind === 'aggregate' && config.per !== null) {
    const { fields } = config.per
    return { ...common, per: fields, ...byValue(decimalsAmong(fields, facts?.input)) }
  }
  if (config.kind === 'sort') return { ...common, sort: sortKeysOf(config, facts?.input) }
  if (config.kind === 'join')
    return { ...common, keys: config.keys, ...byValue(decimalsOfJoin(config.keys, facts?.sides)) }
  if (config.kind === 'coalesce') return { ...common, branches: config.branches, policy: config.policy.kind }
  return common
}

const byValue = (places: readonly number[]): Pick<TopologyNode, 'by_value'> =>
  places.length === 0 ? {} : { by_value: places }

/**
 * Lower-case hex SHA-256 of canonical JSON: the topology; of each node, its settings (options as written,
 * variables expanded, secrets by name), and the content of files that options name; the declared schemas; the splits. Not the retry, the
 * guards, the limits, the retention, the ledger.
 */
export function planHash(topology: Topology, draft: Draft, plugins: Plugins, splits: PipelineConfig['splits']): string {
  const nodes = draft.nodes.map(({ config }) => {
    const { retry: _retry, guards: _guards, ...settings } = { retry: null, guards: null, ...config }
    return settings
  })
  const files = [...plugins].flatMap(([{ name }, plugin]) =>
    plugin.files.map(({ path, content }) => [name, path, content.ok ? content.sha256 : null]),
  )
  const subject = { topology, nodes, ...(files.length === 0 ? {} : { files }), ...(splits === null ? {} : { splits }) }
  return createHash('sha256')
    .update(canonicalize(asJson(subject)))
    .digest('hex')
}

/** Config and topology are JSON by their types; what is undefined in them is left out. */
const asJson = (value: unknown): Json => parseJson(JSON.stringify(value)) as Json

export function planValue(pipeline: PipelineFile, draft: Draft, plugins: Plugins, flow: Flow): PlanValue {
  const expressions: { [node: string]: readonly ExpressionText[] } = {}
  const options: { [node: string]: Json } = {}
  const closes: { [node: string]: Json } = {}
  for (const node of draft.nodes) {
    const facts = flow.facts.get(node)
    const texts = facts === undefined ? [] : expressionTexts(facts)
    if (texts.length > 0) expressions[node.name] = texts
    const plugin = plugins.get(node)
    if (plugin !== undefined) options[node.name] = asJson(plugin.shown ?? null)
    const { config } = node
    if (config.kind === 'coalesce') closes[node.name] = asJson(config.policy)
    if (config.kind === 'aggregate') {
      const { trigger, per } = config
      closes[node.name] = asJson(per === null ? trigger : { ...trigger, per })
    }
  }
  // A ledger's URL may hold a password, and isn't part of what the run does.
  const set = (pipeline.overrides ?? []).filter(each => setPath(each)?.[0] !== 'ledger')
  const { text, file, folder } = pipeline
  const written = { text, file, folder, fields: fieldsOf(draft), expressions, options }
  return { ...written, ...(set.length > 0 ? { set } : {}), ...(Object.keys(closes).length > 0 ? { closes } : {}) }
}

function fieldsOf({ config }: Draft): PlanValue['fields'] {
  const declared = config.sources.map(({ name, schema }) => {
    // cast: a schema is JSON, though its type doesn't say so.
    const fields = schema.fields.map(field => ({ ...field, schema: asJson(field.schema) as DeclaredField['schema'] }))
    return [name, fields] as const
  })
  return Object.fromEntries(declared.filter(([, fields]) => fields.length > 0))
}

/** `for`: `gate`, a case's label, `trigger.when`, or the path of an option. */
function expressionTexts({ decision, input, when, expressions }: NodeFacts): readonly ExpressionText[] {
  const texts: ExpressionText[] = []
  const add = (what: string, { source, reads }: Expression) => texts.push({ for: what, source, reads })
  const decides = (what: string, { source, reads }: Expression) =>
    texts.push({ for: what, source, reads, ...seenBy(reads, input) })
  if (decision?.kind === 'boolean' || decision?.kind === 'string') decides('gate', decision.expression)
  if (decision?.kind === 'cases')
    for (const each of decision.cases) if (each.when !== null) decides(each.label, each.when)
  if (when !== null) add('trigger.when', when)
  for (const [path, expression] of expressions) add(path, expression)
  return texts
}

/** What is known of the fields that an expression reads; of one that reads the row as a whole, of all. */
function seenBy(reads: Expression['reads'], { fields, rest }: RowSchema): Pick<ExpressionText, 'sees'> {
  const all = reads.some(path => path.length === 0)
  const read = new Set(reads.map(([field]) => field))
  const known = [...fields].filter(([field]) => all || read.has(field))
  if (known.length === 0 && rest === undefined) return {}
  const seen = { fields: Object.fromEntries(known), ...(rest === undefined ? {} : { rest }) }
  return { sees: parseJson(JSON.stringify(seen)) as NonNullable<ExpressionText['sees']> }
}
