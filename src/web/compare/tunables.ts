/**
 * What of a pipeline can be changed for a try: the expressions and options of its nodes, as they stand in its file. Ways, plugins and what lies
 * outside of the pipeline are not for trying: the server refuses them.
 */
import { isRecord } from '../row/values.ts'

export interface Tunable {
  /** As `--set` takes it: `nodes.tier.gate`. */
  readonly path: string
  readonly node: string
  /** Within its node: `gate`, `cases.0.when`, `options.threshold`. */
  readonly name: string
  readonly kind: 'expression' | 'number' | 'text' | 'switch'
  readonly value: string
}

/** Keys of a node that say which code it is, or where rows go. */
const NOT_TRIED: ReadonlySet<string> = new Set([
  ...[
    'transform',
    'aggregate',
    'plugin',
    'fork',
    'coalesce',
    'to',
    'routes',
    'on_error',
    'else',
    'label',
    'sort',
    'join',
  ],
])
/** As the server has it: what names something outside of the pipeline. */
const OUTSIDE =
  /^(.*_)?(path|paths|file|files|folder|dir|directory|url|uri|endpoint|address|host|command|module|headers?|secret|key_file)$/
const EXPRESSION = /(^|\.)(gate|when|keep)$|^options\.set\./

/** @param pipeline the file, parsed. Those of gates and conditions stand first. */
export function tunablesOf(pipeline: unknown): readonly Tunable[] {
  const nodes = isRecord(pipeline) && isRecord(pipeline.nodes) ? pipeline.nodes : {}
  const all = Object.entries(nodes).flatMap(([node, spec]) => within(spec, [], node))
  return [...all.filter(each => each.kind === 'expression'), ...all.filter(each => each.kind !== 'expression')]
}

function within(value: unknown, steps: readonly string[], node: string): readonly Tunable[] {
  // A path is made of steps between dots.
  if (steps.some(each => OUTSIDE.test(each) || each.includes('.') || each.includes('='))) return []
  if (steps.length === 1 && NOT_TRIED.has(steps[0] ?? '')) return []
  if (steps[0] === 'cases' && steps.length === 3 && steps[2] !== 'when') return []
  if (Array.isArray(value)) return value.flatMap((each, i) => within(each, [...steps, String(i)], node))
  if (isRecord(value)) return Object.entries(value).flatMap(([key, each]) => within(each, [...steps, key], node))
  const name = steps.join('.')
  const kind = kindOf(value, name)
  // What `--set` would take for YAML, and variables, are refused.
  if (kind === null || /^\s*[[{"']|\$\{/.test(String(value))) return []
  return [{ path: `nodes.${node}.${name}`, node, name, kind, value: String(value) }]
}

function kindOf(value: unknown, name: string): Tunable['kind'] | null {
  switch (typeof value) {
    case 'number':
      return 'number'
    case 'boolean':
      return 'switch'
    case 'string':
      return EXPRESSION.test(name) ? 'expression' : 'text'
    default:
      return null
  }
}

/** A number in an expression, where it can be changed by itself. */
interface Threshold {
  readonly at: number
  readonly text: string
}

/** Texts, names and what belongs to them are passed over. */
export function thresholdsIn(expression: string): readonly Threshold[] {
  const found = expression.matchAll(
    /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_][\w.]*|(?<![\w.\])])-?\d+(?:\.\d+)?|\d+(?:\.\d+)?/g,
  )
  return [...found].filter(([text]) => /^-?\d/.test(text)).map(({ 0: text, index }) => ({ at: index, text }))
}

export function withThreshold(expression: string, { at, text }: Threshold, to: string): string {
  return `${expression.slice(0, at)}${to}${expression.slice(at + text.length)}`
}
