/**
 * What is known of rows at each node, from the sources on, and what plugins and expressions make of it.
 * Needs each node behind all that lead to it; nodes on or behind a cycle are left out.
 */
import type { ConfigPath, JoinConfig, SourceConfig } from '../config/pipeline.ts'
import type { Expression, SecretValues } from '../expression/expression.ts'
import type { JoinSide } from '../format/topology.ts'
import { type FieldSchema, OBSERVED, type RowSchema, withOthers } from '../model/schema.ts'
import type { ExpressionUse, FieldRequirement, SourceSpec } from '../sdk/spec.ts'
import type { Branches } from './branches.ts'
import { mergedSchema } from './coalesce-schema.ts'
import type { Draft, DraftEdge, DraftNode } from './draft.ts'
import { checkResult, compileAt } from './expressions.ts'
import { checkGate, type GateDecision } from './gates.ts'
import { checkKeyTypes, matchedSchema, type Sides } from './matched-schema.ts'
import { pluginUse, type ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'
import { checkRequirements } from './requirements.ts'
import { joinSchemas, REJECTED, withError } from './schema-join.ts'
import { SIDES } from './target.ts'
import { checkCannotFail } from './total-gates.ts'

export interface NodeFacts {
  /** Schema of rows that enter; for a source, of rows that leave. */
  readonly input: RowSchema
  /** Of a join: of rows that match. */
  readonly output: RowSchema
  /** Of a join: schemas of rows that enter by each side. */
  readonly sides: Sides | null
  readonly decision: GateDecision
  /** Expression of an aggregate's trigger. */
  readonly when: Expression | null
  /** Expressions among the plugin's options, by their path joined with dots. */
  readonly expressions: ReadonlyMap<string, Expression>
}

export class Flow {
  readonly facts = new Map<DraftNode, NodeFacts>()
  /** Nodes behind something that is wrong: what is known of their rows is too little, and says nothing. */
  readonly #uncertain = new Set<DraftNode>()
  /** Nodes whose rows may not be what is known of them, with the first node upstream that makes it so. */
  readonly #doubts = new Map<DraftNode, DraftNode>()
  readonly #draft: Draft
  readonly #plugins: ReadonlyMap<DraftNode, ResolvedPlugin>
  readonly #branches: Branches
  readonly #report: Report

  constructor(draft: Draft, plugins: ReadonlyMap<DraftNode, ResolvedPlugin>, branches: Branches, report: Report) {
    this.#draft = draft
    this.#plugins = plugins
    this.#branches = branches
    this.#report = report
  }

  /** Visits the nodes in this order. Problems: those of expressions, gates, requirements; CUSTODY_SCHEMA_MISMATCH. */
  run(order: readonly DraftNode[]): void {
    for (const node of order) {
      const into = this.#draft.into(node)
      if (node.kind !== 'source' && (into.length === 0 || into.some(edge => this.#uncertain.has(edge.from)))) {
        this.#uncertain.add(node)
      }
      const doubt = into.map(edge => this.#doubtOn(edge)).find(each => each !== undefined)
      if (doubt !== undefined) this.#doubts.set(node, doubt)
      this.facts.set(node, this.#visit(node))
      if (pluginUse(node) !== null && this.#plugins.get(node)?.valid !== true) this.#uncertain.add(node)
    }
  }

  /** What is known of rows that enter; null where too little is, because of what is wrong before. */
  known(node: DraftNode): RowSchema | null {
    return this.#uncertain.has(node) ? null : (this.facts.get(node)?.input ?? null)
  }

  #visit(node: DraftNode): NodeFacts {
    const { config } = node
    const plugin = this.#plugins.get(node)
    const input = config.kind === 'source' ? declaredSchema(config, plugin) : this.#input(node)
    const expressions = new Map<string, Expression>()
    const facts = { input, output: input, sides: null, decision: null, when: null, expressions }
    switch (config.kind) {
      case 'source':
        this.#checkAdded(node, config, plugin)
        return facts
      case 'fork':
        return facts
      case 'coalesce':
        return { ...facts, output: this.#merged(node, input) }
      case 'gate': {
        const { expressions } = this.#contracts(node, plugin, input)
        const certain = !this.#uncertain.has(node) && this.#report.pipeline.faulty !== true
        const decision = checkGate(node, config, input, plugin, this.#report, certain)
        if (certain && config.on_error === null)
          checkCannotFail(node, decision, input, this.#doubts.get(node) ?? null, this.#report)
        return { ...facts, expressions, decision }
      }
      case 'aggregate': {
        const path = [...node.path, 'trigger', 'when']
        const when =
          config.trigger.when === null ? null : compileAt(config.trigger.when, path, { over: 'batch' }, this.#report)
        if (when !== null) checkResult(when, 'bool', path, this.#report)
        const fields = config.per?.fields ?? []
        this.#require(
          node,
          '`per`',
          fields.map((field, i) => ({ field, path: ['per', i] })),
          input,
        )
        const { expressions, output } = this.#contracts(node, plugin, input)
        return {
          ...facts,
          when,
          expressions,
          output: config.output === 'transform' ? withKey(output, fields, input) : output,
        }
      }
      case 'sort':
        this.#require(
          node,
          '`sort`',
          config.keys.map(({ field }, i) => ({ field, path: ['sort', i] })),
          input,
        )
        return facts
      case 'join': {
        const sides = this.#sides(node, config)
        return { ...facts, sides, output: matchedSchema(config.merge, sides) }
      }
      case 'transform':
      case 'sink':
        return { ...facts, ...this.#contracts(node, plugin, input) }
    }
  }

  /** What the plugin adds isn't in the input, so that a schema has nothing to say of it. */
  #checkAdded(node: DraftNode, { schema }: SourceConfig, plugin: ResolvedPlugin | undefined): void {
    if (plugin?.spec.kind !== 'source' || !plugin.valid) return
    const added = plugin.spec.adds?.(plugin.options)
    const declared = schema.fields.find(({ name }) => added?.has(name))
    if (declared === undefined) return
    const message = `the source adds the field \`${declared.name}\` itself, and the schema declares it, too`
    const hint = 'Remove it from the schema, or choose another name for what is added.'
    this.#report.error('CUSTODY_PLUGIN_OPTIONS', [...node.path, 'options'], message, { hint })
  }

  /** What comes to each side of a join. Its key is named in both. */
  #sides(node: DraftNode, { keys }: JoinConfig): Sides {
    const of = (side: JoinSide) => {
      const input = this.#input(node, side)
      const at = [...node.path, 'join', side]
      const listed = this.#report.pipeline.has([...at, 0])
      const fields = keys[side].map((field, i) => ({ field, path: listed ? [i] : [] }))
      this.#require(node, 'the key of the join', fields, input, at, side)
      return input
    }
    const sides = { left: of('left'), right: of('right') }
    checkKeyTypes(node, sides, this.#report)
    return sides
  }

  #waysInto(node: DraftNode, side: JoinSide | null): DraftEdge[] {
    return this.#draft.into(node).filter(edge => this.facts.has(edge.from) && (side === null || edge.side === side))
  }

  /** `side`: of a join that by which they come; null for all. */
  #input(node: DraftNode, side: JoinSide | null = null): RowSchema {
    // Rows first, then what is left of rejected records.
    const edges = this.#waysInto(node, side)
    edges.sort((a, b) => Number(a.kind === 'on_invalid') - Number(b.kind === 'on_invalid'))
    const { schema, mismatches } = joinSchemas(edges.map(edge => this.schemaOn(edge)))
    // A sink takes what comes, coalesces and joins have rules of their own; elsewhere somebody may rely on the type.
    const lenient = node.kind === 'sink' || node.kind === 'coalesce' || (node.kind === 'join' && side === null)
    if (mismatches.length > 0 && !lenient) {
      const fields = mismatches.map(field => `\`${field}\``).join(', ')
      const from = [...new Set(edges.map(edge => `\`${edge.from.name}\``))].join(', ')
      const message = `rows that come to \`${side === null ? node.name : `${node.name}.${side}`}\` from ${from} have different types of ${fields}`
      this.#report.warning('CUSTODY_SCHEMA_MISMATCH', node.path, message, {
        part: 'key',
        hint: 'make the types the same, for example with coerce',
      })
    }
    return schema
  }

  /** Who makes it doubtful what rows hold that leave by an edge. */
  #doubtOn({ kind, from }: DraftEdge): DraftNode | undefined {
    if (kind === 'on_invalid') return undefined
    const doubtful = kind !== 'on_error' && this.facts.get(from)?.output.doubtful === true
    return this.#doubts.get(from) ?? (doubtful ? from : undefined)
  }

  /** What is known of rows that leave by an edge. */
  schemaOn(edge: DraftEdge): RowSchema {
    const facts = this.facts.get(edge.from)
    if (facts === undefined) return OBSERVED
    if (edge.kind === 'on_invalid') return REJECTED
    const { sides } = facts
    // Only left rows of a join can fail.
    if (edge.kind === 'on_error') return withError(sides?.left ?? facts.input)
    const own = SIDES.find(side => edge.label === side)
    return sides !== null && own !== undefined ? sides[own] : facts.output
  }

  #merged(node: DraftNode, input: RowSchema): RowSchema {
    if (node.config.kind !== 'coalesce') return input
    const { config } = node
    const into = this.#draft.into(node).filter(edge => this.facts.has(edge.from))
    const branches = new Map<string, RowSchema>()
    for (const branch of config.branches) {
      const ways = into.filter(edge => this.#branches.brings(edge, branch))
      branches.set(branch, joinSchemas(ways.map(edge => this.schemaOn(edge))).schema)
    }
    const fork = this.#branches.forkOfCoalesce(config)
    const parent = fork === undefined ? undefined : this.facts.get(fork)?.input
    return mergedSchema(config, branches, parent ?? OBSERVED)
  }

  /** What needs these fields of the rows that come to the node; `path`: where they are named. */
  #require(
    node: DraftNode,
    what: string,
    fields: readonly FieldRequirement[],
    input: RowSchema,
    path: ConfigPath = node.path,
    side: JoinSide | null = null,
  ): void {
    const known = this.#waysInto(node, side).map(edge => ({ from: edge.from.name, schema: this.schemaOn(edge) }))
    if (known.length > 0) checkRequirements(what, fields, input, known, path, this.#report)
  }

  /** Expressions and requirements of a plugin, and what it makes of rows. */
  #contracts(
    node: DraftNode,
    plugin: ResolvedPlugin | undefined,
    input: RowSchema,
  ): { readonly expressions: Map<string, Expression>; readonly output: RowSchema } {
    const expressions = new Map<string, Expression>()
    if (plugin === undefined || !plugin.valid || plugin.spec.kind === 'source') return { expressions, output: OBSERVED }
    const { spec, options, secrets, path } = plugin
    const types = new Map<string, FieldSchema>()
    for (const use of 'expressions' in spec ? (spec.expressions?.(options) ?? []) : []) {
      const at = [...path, ...use.path]
      const scope = { over: 'row', schema: input, in_run: true, ...secretsOf(use) } as const
      const expression = compileAt(use.source, at, scope, this.#report)
      const key = use.path.join('.')
      types.set(key, expression?.gives ?? { schema: {}, optional: true })
      if (expression === null) continue
      expressions.set(key, expression)
      checkResult(expression, use.gives, at, this.#report)
    }
    this.#require(node, spec.name, spec.requires?.(options, secrets) ?? [], input, path)
    if (spec.kind === 'sink')
      for (const { path: within, message, hint, severity = 'error' } of spec.checkInput?.(options, input) ?? [])
        this.#report[severity]('CUSTODY_PLUGIN_OPTIONS', [...path, ...within], message, { hint })
    if (spec.kind === 'gate' || spec.kind === 'sink') return { expressions, output: input }
    return { expressions, output: spec.guarantees?.(options, input, types) ?? unstated(node, input) }
  }
}

/** Their values are the plugin's alone. */
const secretsOf = ({ secrets }: ExpressionUse): { readonly secrets?: SecretValues } =>
  secrets === undefined ? {} : { secrets: new Map(secrets.map((name): [string, null] => [name, null])) }

/** With the fields of a batch's key, which the rows that are made of it have as well. */
function withKey(output: RowSchema, key: readonly string[], input: RowSchema): RowSchema {
  const known = (field: string): FieldSchema =>
    input.fields.get(field) ?? { ...(input.rest ?? ANYTHING), optional: true }
  const lacking = key.filter(field => !output.fields.has(field))
  if (lacking.length === 0) return output
  return { ...output, fields: new Map([...lacking.map(field => [field, known(field)] as const), ...output.fields]) }
}

const ANYTHING: FieldSchema = { schema: {}, optional: true }

/** What is known of rows that leave a plugin without `guarantees`: it may add any field. */
function unstated({ config }: DraftNode, input: RowSchema): RowSchema {
  return config.kind === 'aggregate' && config.output === 'transform' ? OBSERVED : withOthers(input)
}

/** What a source's schema declares, or, if it declares nothing, what its plugin knows by itself. */
function declaredSchema(config: SourceConfig, plugin: ResolvedPlugin | undefined): RowSchema {
  const spec = plugin?.spec.kind === 'source' ? plugin.spec : undefined
  const schema = schemaOfInput(config, plugin, spec)
  const added = plugin?.valid ? spec?.adds?.(plugin.options) : undefined
  return added === undefined ? schema : { ...schema, fields: new Map([...schema.fields, ...added]) }
}

function schemaOfInput(
  config: SourceConfig,
  plugin: ResolvedPlugin | undefined,
  spec: SourceSpec | undefined,
): RowSchema {
  const { mode, fields } = config.schema
  const rest = spec?.textual ? { rest: { schema: { type: 'string' }, optional: true } } : {}
  if (mode === 'observed') {
    return (plugin?.valid ? spec?.yields?.(plugin.options) : undefined) ?? { ...OBSERVED, ...rest }
  }
  const declared = new Map(fields.map(({ name, schema, optional }) => [name, { schema, optional }]))
  return { fields: declared, closed: mode === 'fixed', observed: false, ...(mode === 'fixed' ? {} : rest) }
}
