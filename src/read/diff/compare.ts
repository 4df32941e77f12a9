/**
 * Whether two tales of the same subject differ, and where they parted. Pure, and symmetric: swapping the tales swaps the
 * sides of the result.
 *
 * COMPARE-1. Tales differ if path, outcome or output of some token does. A value that differs on the way and no more at the
 *     end is no difference.
 * COMPARE-2. They parted at the first step that differs, values included: parents before children, branches before what is merged.
 * COMPARE-3. Of values that are erased nothing is known: they never differ.
 */
import type { Both, Divergence } from './difference.ts'
import { endingOf, sameEnding } from './endings.ts'
import { sameValue } from './known-values.ts'
import { type Pair, type Place, placeOf, sameWay } from './parting.ts'
import { reasonOf } from './reason.ts'
import type { Instance, Tale } from './tale.ts'

export type Comparison =
  | { readonly kind: 'same' }
  /** Some output is erased; all else is the same. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'different'; readonly divergence: Divergence }

export function compareTales(tales: Both<Tale>): Comparison {
  const keys = new Set([...tales.old.instances.keys(), ...tales.new.instances.keys()])
  const differs = { path: false, outcome: false, output: false }
  let unknown = false
  let first: Place | null = null
  for (const key of [...keys].sort()) {
    const pair: Pair = { old: tales.old.instances.get(key), new: tales.new.instances.get(key) }
    first ??= placeOf(pair, tales)
    if (pair.old === undefined || pair.new === undefined) {
      differs.path = true
      continue
    }
    const written = sameOutput(pair.old, pair.new, tales)
    if (!samePath(pair.old, pair.new)) differs.path = true
    if (!sameEnding(endingOf(pair.old, tales.old), endingOf(pair.new, tales.new))) differs.outcome = true
    if (written === false) differs.output = true
    if (written === null) unknown = true
  }
  if (first !== null && (differs.path || differs.outcome || differs.output))
    return { kind: 'different', divergence: divergenceAt(first, differs, tales) }
  return { kind: unknown ? 'unknown' : 'same' }
}

function samePath(a: Instance, b: Instance): boolean {
  return (
    a.steps.length === b.steps.length &&
    a.steps.every((step, i) => {
      const other = b.steps[i]
      return other !== undefined && step.node === other.node && step.error === other.error && sameWay(step, other)
    })
  )
}

/** Where only one was written, path or outcome tell. null: not known. */
function sameOutput(a: Instance, b: Instance, tales: Both<Tale>): boolean | null {
  if (a.output === 0 || b.output === 0) return true
  return sameValue({ old: tales.old.values.get(a.output), new: tales.new.values.get(b.output) })
}

function divergenceAt(place: Place, differs: Divergence['differs'], tales: Both<Tale>): Divergence {
  const { pair, parting, changed, callers } = place
  return {
    parted_at: { ...parting, because: reasonOf(parting.node, callers, tales) },
    changed,
    token: { old: pair.old?.token ?? null, new: pair.new?.token ?? null },
    outcome: {
      old: pair.old === undefined ? null : endingOf(pair.old, tales.old),
      new: pair.new === undefined ? null : endingOf(pair.new, tales.new),
    },
    differs,
  }
}
