/** What a condition asks, in words: as it stands on its chip. */
import type { Plan } from '../../api/runs.ts'
import { printable } from '../../read/words/text.ts'
import type { Condition, FilterKey } from './rows-search.ts'

/** The key and the value apart, so that they can look different. */
interface ConditionWords {
  readonly key: string
  readonly value: string
}

const KEYS: { readonly [key in FilterKey]: string } = {
  source: 'from',
  node: 'came to',
  edge: 'left by',
  sink: 'written to',
  outcome: 'ended',
  cause: 'because',
  class: 'ended in',
  error_code: 'error',
  branch: 'branch',
  value: 'value',
  since: 'since',
  until: 'before',
  min_cost_usd: 'cost from',
  max_cost_usd: 'cost up to',
  min_duration_us: 'took from',
  text: 'text',
  where: 'where',
}

export function conditionWords({ key, value }: Condition, plan: Plan | undefined): ConditionWords {
  return { key: KEYS[key], value: printable(valueWords(key, value, plan)) }
}

function valueWords(key: FilterKey, value: string, plan: Plan | undefined): string {
  switch (key) {
    case 'edge':
      return edgeWords(value, plan)
    case 'value':
      return value.replace('=', ' = ')
    case 'text':
      return `“${value}”`
    case 'min_cost_usd':
    case 'max_cost_usd':
      return `$${value}`
    case 'min_duration_us':
      return `${Number(value) / 1000} ms`
    case 'since':
    case 'until':
      return value.replace('T', ' ')
    case 'cause':
      return value.replaceAll('_', ' ')
    default:
      return value
  }
}

/** `tier: true → credit` */
function edgeWords(edge: string, plan: Plan | undefined): string {
  const at = edge.indexOf(':')
  const [node, label] = [edge.slice(0, at), edge.slice(at + 1)]
  const to = plan?.edges.find(each => each.from === node && each.label === label)?.to
  return `${node}: ${label}${to === undefined ? '' : ` → ${to}`}`
}
