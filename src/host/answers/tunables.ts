/**
 * What of a pipeline can be changed for a try: the expressions and options of its nodes, as the run had them. Ways, plugins and what lies
 * outside of the pipeline are not for trying: whoever tries is refused them.
 */
import { parse } from 'yaml'
import type { Tunable } from '../../api/runs.ts'
import { setPath } from '../../config/set.ts'
import type { RecordedPlan } from '../../read/runs/opening-values.ts'
import { whyNotTried } from '../operate/settings-allowed.ts'

const EXPRESSION = /(^|\.)(gate|when|keep)$|^options\.set\./

type Map = { readonly [key: string]: unknown }
// cast: an object that is no list; of its keys nothing is known.
const asMap = (value: unknown): Map | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Map) : null

/** Those of gates and conditions stand first. Empty where the plan is erased. */
export function tunablesOf({ text, set = [] }: Pick<RecordedPlan, 'text' | 'set'>): readonly Tunable[] {
  const nodes = asMap(asMap(text === null ? null : parse(text, { merge: true, logLevel: 'silent' }))?.nodes) ?? {}
  const given = new Map(set.map(each => [setPath(each)?.join('.'), each.slice(each.indexOf('=') + 1)]))
  const all = Object.entries(nodes)
    .flatMap(([node, spec]) => within(spec, [], node))
    .map(each => ({ ...each, value: given.get(each.path) ?? each.value }))
    .filter(each => whyNotTried(each.path.split('.'), each.value) === null)
  return [...all.filter(each => each.kind === 'expression'), ...all.filter(each => each.kind !== 'expression')]
}

function within(value: unknown, steps: readonly string[], node: string): readonly Tunable[] {
  // A path is made of steps between dots.
  if (steps.some(each => each.includes('.') || each.includes('='))) return []
  if (Array.isArray(value)) return value.flatMap((each, i) => within(each, [...steps, String(i)], node))
  const map = asMap(value)
  if (map !== null) return Object.entries(map).flatMap(([key, each]) => within(each, [...steps, key], node))
  const name = steps.join('.')
  const kind = kindOf(value, name)
  return kind === null ? [] : [{ path: `nodes.${node}.${name}`, node, name, kind, value: String(value) }]
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
