/** What entry 0 says of the values of nodes, by the names of these. */
import type { RunEntry } from './entry.ts'
import type { NodeValues } from './run-values.ts'

/** What `of` makes of the number that a node has under this key; those that have none are left out, and so are numbers without a node. */
export function byNode<T>(
  { topology, values }: Pick<Extract<RunEntry, { k: 'open' }>, 'topology' | 'values'>,
  key: keyof NodeValues,
  of: (number: number) => T,
): ReadonlyMap<string, T> {
  return new Map(
    topology.nodes.flatMap(({ name }, i) => {
      const number = values.nodes[i]?.[key]
      return number === undefined ? [] : [[name, of(number)] as const]
    }),
  )
}
