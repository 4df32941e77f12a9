/** What differs between the plan that a run began with and another, in words. */
import type { PlanValue } from '../../format/run-values.ts'
import type { Topology } from '../../format/topology.ts'
import { canonicalize } from '../../model/canonical.ts'
import { counted } from '../../model/number-text.ts'
import { isObject, type Json } from '../../model/row.ts'

interface Compared {
  readonly topology: Topology
  readonly value: PlanValue
  /** Null: it has none. */
  readonly splits: number | null
}

export function differences(before: Compared, after: Compared): string[] {
  const found: string[] = []
  if (before.splits !== after.splits)
    found.push(`${splitsText(before.splits)} then, and ${splitsText(after.splits)} now`)
  const [was, is] = [describe(before), describe(after)]
  for (const name of was.keys()) if (!is.has(name)) found.push(`\`${name}\` is gone`)
  for (const [name, parts] of is) {
    const former = was.get(name)
    if (former === undefined) {
      found.push(`\`${name}\` is new`)
      continue
    }
    for (const part of PARTS)
      if (parts[part] !== former[part]) found.push(`${part} of \`${name}\` differ${part === 'kind' ? 's' : ''}`)
  }
  return found.length > 0 ? found : ['a schema, a policy or the order of its parts differs']
}

const splitsText = (splits: number | null) => (splits === null ? 'no splits' : counted(splits, 'split'))

const PARTS = ['kind', 'keys', 'options', 'expressions', 'ways'] as const

type Parts = { readonly [part in (typeof PARTS)[number]]: string }

function describe({ topology, value }: Omit<Compared, 'splits'>): Map<string, Parts> {
  const name = (number: number) => topology.nodes[number - 1]?.name ?? 'discard'
  return new Map(
    topology.nodes.map((node, i) => [
      node.name,
      {
        kind: `${node.kind} ${node.plugin ?? ''} ${node.policy ?? ''} ${(node.branches ?? []).join(',')}`,
        keys: text(node.per),
        options: text(bySecretName(value.options[node.name] ?? null)),
        expressions: text(value.expressions[node.name]),
        ways: topology.edges
          .filter(([from]) => from === i + 1)
          .map(([, label, to]) => `${label}→${name(to)}`)
          .join(' '),
      },
    ]),
  )
}

/** A secret is its name, as in the plan's hash: its fingerprint is another after the secret or the signing key has changed. */
function bySecretName(options: Json): Json {
  if (!isObject(options)) return Array.isArray(options) ? options.map(bySecretName) : options
  const { secret, fingerprint, ...rest } = options
  if (typeof secret === 'string' && fingerprint !== undefined && Object.keys(rest).length === 0) return { secret }
  return Object.fromEntries(Object.entries(options).map(([key, each]) => [key, bySecretName(each)]))
}

function text(value: unknown): string {
  // cast: values of the record are JSON, whose interfaces don't say so.
  return value === undefined ? '' : canonicalize(value as Json)
}
