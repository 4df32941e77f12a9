/** What the telling of a story needs of the run, as far as a proof shows it. */
import { byNode } from '../../format/node-values.ts'
import type { Json } from '../../model/row.ts'
import type { RunScene } from '../explain/telling.ts'
import { byName } from '../runs/opening-values.ts'
import { type RunValue, runValue } from '../runs/run-values.ts'
import { ShapeError } from '../shape.ts'
import type { Report } from '../verify/check.ts'
import type { RunPart } from './run-part.ts'

/** Values of the opening that have another form than they must are reported, and left out. */
export function sceneOf({ opening, opening_values, rows, seal }: RunPart, check: Report): RunScene {
  const shown = <K extends 'fields' | 'expressions'>(key: K) => {
    const found = new Map<string, RunValue<K>>()
    for (const [node, number] of byNode(opening, key, each => each)) {
      const value = valueIn(key, opening_values.get(number), check)
      if (value !== null) found.set(node, value)
    }
    return byName(found)
  }
  return {
    opening,
    topology: opening.topology,
    // Proofs have none of these.
    reads: new Map(),
    started_us: opening.replays === undefined ? opening.t : null,
    plan: { fields: shown('fields'), expressions: shown('expressions'), options: {} },
    paths: new Map(),
    named: new Map(),
    head: { size: rows.tree.size, root: rows.tree.root, signed_by: null },
    sealed: seal.status,
  }
}

function valueIn<K extends 'fields' | 'expressions'>(
  key: K,
  value: Json | undefined,
  check: Report,
): RunValue<K> | null {
  if (value === undefined) return null
  try {
    return runValue(key, value)
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    check.add(`in the first entry: ${error.message}`)
    return null
  }
}
