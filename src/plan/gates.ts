/**
 * What a gate decides, and whether its routes are those that it can take: exactly `true` and `false` for a boolean, one
 * for each label of a text, with `else` unless the type (an enum) proves the labels complete. Cases need an `else`, too:
 * a row for which none holds must have a way.
 */
import { nearestHint } from '../config/nearest.ts'
import type { GateConfig } from '../config/pipeline.ts'
import type { Expression } from '../expression/expression.ts'
import type { FieldSchema, RowSchema } from '../model/schema.ts'
import type { DraftNode } from './draft.ts'
import { checkResult, compileAt, words } from './expressions.ts'
import type { ResolvedPlugin } from './plugins.ts'
import type { Report } from './report.ts'
import { typesOf } from './schema-join.ts'

/** How a gate decides; null where that is wrong, which has been reported. */
export type GateDecision =
  | { readonly kind: 'boolean' | 'string'; readonly expression: Expression }
  | {
      readonly kind: 'cases'
      readonly cases: ReadonlyArray<{ readonly when: Expression | null; readonly label: string }>
    }
  | { readonly kind: 'plugin' }
  | null

/** `certain`: nothing upstream is wrong, so that an unknown type is one. Problems: CUSTODY_GATE_TYPE, CUSTODY_ROUTE_MISSING, CUSTODY_ROUTE_SURPLUS, and those of expressions. */
export function checkGate(
  node: DraftNode,
  config: GateConfig,
  input: RowSchema,
  plugin: ResolvedPlugin | undefined,
  report: Report,
  certain: boolean,
): GateDecision {
  switch (config.by.kind) {
    case 'expression':
      return checkExpression(node, config, config.by.source, input, report, certain)
    case 'cases':
      return checkCases(node, config.by.cases, input, report)
    case 'plugin':
      if (plugin?.spec.kind !== 'gate' || !plugin.valid) return null
      checkLabels(node, config, plugin.spec.labels?.(plugin.options) ?? null, report)
      return { kind: 'plugin' }
  }
}

function checkExpression(
  node: DraftNode,
  config: GateConfig,
  source: string,
  input: RowSchema,
  report: Report,
  certain: boolean,
): GateDecision {
  const path = [...node.path, 'gate']
  const expression = compileAt(source, path, { over: 'row', schema: input, in_run: true }, report)
  if (expression === null) {
    // The routes can be judged all the same.
    if (config.routes.every(({ label }) => BOOLEAN.includes(label))) checkBoolean(node, config, report)
    return null
  }
  const kind = kindOf(expression.gives, config)
  if (kind === null) {
    const given = words(typesOf(expression.gives.schema) ?? [])
    report.error('CUSTODY_GATE_TYPE', path, `a gate’s expression gives true or false, or a text; this gives ${given}`, {
      within: { offset: 0, length: source.length },
      hint: 'compare something, or choose a text field',
    })
    return null
  }
  const typed = typesOf(expression.gives.schema) !== null
  if (!typed && !certain) return { kind, expression }
  if (kind === 'boolean') checkBoolean(node, config, report)
  else checkLabels(node, config, enumOf(expression.gives), report)
  return { kind, expression }
}

const BOOLEAN = ['true', 'false']

/** Where the type is unknown, the routes show what is meant. */
function kindOf(gives: FieldSchema, config: GateConfig): 'boolean' | 'string' | null {
  const types = typesOf(gives.schema)
  const boolean_routes = config.routes.every(({ label }) => BOOLEAN.includes(label))
  if (types === null || (types.includes('boolean') && types.includes('string')))
    return boolean_routes ? 'boolean' : 'string'
  if (types.includes('boolean')) return 'boolean'
  return types.includes('string') ? 'string' : null
}

function enumOf({ schema }: FieldSchema): readonly string[] | null {
  const values: readonly unknown[] | null = Array.isArray(schema.enum)
    ? schema.enum
    : 'const' in schema
      ? [schema.const]
      : null
  const labels = values?.filter(value => value !== null)
  return labels?.every(value => typeof value === 'string') ? labels : null
}

function checkBoolean(node: DraftNode, config: GateConfig, report: Report): void {
  const labels = config.routes.map(({ label }) => label)
  for (const label of labels) {
    if (BOOLEAN.includes(label)) continue
    const path = [...node.path, 'routes', label]
    const hint =
      label === 'else' ? 'true and false are all there is; remove it' : 'a boolean gate has the routes true and false'
    report.error('CUSTODY_ROUTE_SURPLUS', path, `the gate gives true or false, never \`${label}\``, {
      part: 'key',
      hint,
    })
  }
  missing(
    node,
    BOOLEAN.filter(label => !labels.includes(label)),
    'a boolean gate needs both true and false',
    report,
  )
}

/** `labels`: all that the gate can give, or null if that isn't known. */
function checkLabels(node: DraftNode, config: GateConfig, labels: readonly string[] | null, report: Report): void {
  const routes = config.routes.map(({ label }) => label)
  const otherwise = routes.includes('else')
  if (labels === null) {
    if (otherwise || !hasRoutes(node, report)) return
    const hint = 'add else: a node, a sink or discard'
    const message = `\`${node.name}\` has no route \`else\`, and its labels can’t be known before the run`
    report.error('CUSTODY_ROUTE_MISSING', [...node.path, 'routes'], message, { part: 'key', hint })
    return
  }
  for (const label of routes) {
    if (label === 'else' || labels.includes(label)) continue
    const hint = nearestHint(label, labels, 'its labels are')
    const path = [...node.path, 'routes', label]
    report.error('CUSTODY_ROUTE_SURPLUS', path, `the gate never gives \`${label}\``, { part: 'key', hint })
  }
  const without = labels.filter(label => !routes.includes(label))
  if (!otherwise) missing(node, without, 'add it, or else', report)
  else if (without.length === 0) {
    const message = 'every label has a route of its own, so `else` is never taken'
    report.warning('CUSTODY_ROUTE_SURPLUS', [...node.path, 'routes', 'else'], message, {
      part: 'key',
      hint: 'remove it',
    })
  }
}

/** That there are none at all has been reported. */
function hasRoutes({ path }: DraftNode, report: Report): boolean {
  return report.pipeline.has([...path, 'routes'])
}

function missing(node: DraftNode, labels: readonly string[], hint: string, report: Report): void {
  if (labels.length === 0 || !hasRoutes(node, report)) return
  const list = labels.map(label => `\`${label}\``).join(', ')
  const message = `\`${node.name}\` has no route for ${list}`
  report.error('CUSTODY_ROUTE_MISSING', [...node.path, 'routes'], message, { part: 'key', hint })
}

function checkCases(
  node: DraftNode,
  cases: ReadonlyArray<{ readonly when: string | null; readonly label: string }>,
  input: RowSchema,
  report: Report,
): GateDecision {
  const compiled = cases.map(({ when, label }, index) => {
    if (when === null) return { when, label, sound: true }
    const path = [...node.path, 'cases', index, 'when']
    const expression = compileAt(when, path, { over: 'row', schema: input, in_run: true }, report)
    return { when: expression, label, sound: expression !== null && checkResult(expression, 'bool', path, report) }
  })
  if (cases.length > 0 && cases.every(({ when }) => when !== null)) {
    const hint = 'add { else: … } with a node, a sink or discard as the last case'
    const message = `\`${node.name}\` has no way for rows for which no case holds`
    report.error('CUSTODY_ROUTE_MISSING', [...node.path, 'cases'], message, { part: 'key', hint })
  }
  if (!compiled.every(({ sound }) => sound)) return null
  return { kind: 'cases', cases: compiled.map(({ when, label }) => ({ when, label })) }
}
