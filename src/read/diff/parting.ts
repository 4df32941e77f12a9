/**
 * Where two tellings of the same token parted: the first step that differs, with the values there and whose calls may
 * explain it. Pure, and symmetric.
 */
import type { Both, Changed, Parting } from './difference.ts'
import { endingOf, endingWords, sameEnding } from './endings.ts'
import { changedBetween, type KnownValues, sameValue } from './known-values.ts'
import type { Instance, Step, Tale } from './tale.ts'

/** The same token in both runs; undefined where it isn't. */
export type Pair = Both<Instance | undefined>

export interface Place {
  readonly pair: Pair
  readonly parting: Omit<Parting, 'because'>
  /** Fields of the values that differ there. */
  readonly changed: Changed
  /** Who made the calls that may explain it: tokens, or 0 for a batch. */
  readonly callers: Both<number>
}

/** null: they are the same, as far as is known. */
export function placeOf(pair: Pair, tales: Both<Tale>): Place | null {
  const { old: before, new: after } = pair
  const born = bornApart(pair, tales)
  if (born !== null || before === undefined || after === undefined) return born
  const both = { old: before, new: after }
  for (let i = 0; i < Math.max(before.steps.length, after.steps.length); i++) {
    const apart = stepsApart(both, i) ?? valuesApart(both, i, tales)
    if (apart !== null) return { pair, callers: { old: before.token, new: after.token }, ...apart }
  }
  const callers = { old: before.token, new: after.token }
  const last = before.steps.at(-1)?.node ?? before.born_at ?? '?'
  if (!sameEnding(endingOf(before, tales.old), endingOf(after, tales.new))) {
    const apart = turning(last, 'outcome', { way: endingWords(before) }, { way: endingWords(after) })
    return { pair, callers, ...apart }
  }
  const written = { old: tales.old.values.get(before.output), new: tales.new.values.get(after.output) }
  return sameValue(written) === false ? { pair, callers, ...changing(last, written) } : null
}

/** What differs at a place. */
type Apart = Pick<Place, 'parting' | 'changed'>

/** Whether they were born otherwise: not at all, among more or fewer others, or with other data. */
function bornApart(pair: Pair, tales: Both<Tale>): Place | null {
  const any = pair.old ?? pair.new
  if (any === undefined) return null
  const node = any.born_at ?? any.steps[0]?.node ?? '?'
  const callers = { old: pair.old?.made_by ?? 0, new: pair.new?.made_by ?? 0 }
  const count = (tale: Tale) => ({ way: `${tale.families.get(any.family) ?? 0}` })
  const counts = { old: count(tales.old), new: count(tales.new) }
  if (counts.old.way !== counts.new.way) return { pair, callers, ...turning(node, 'rows', counts.old, counts.new) }
  if (pair.old === undefined || pair.new === undefined) {
    const branch = (side: Instance | undefined) => ({
      way: side === undefined ? 'not there' : (side.branch ?? 'there'),
    })
    return { pair, callers, ...turning(node, 'way', branch(pair.old), branch(pair.new)) }
  }
  if (any.born_at === null) return null
  const values = { old: tales.old.values.get(pair.old.value), new: tales.new.values.get(pair.new.value) }
  return sameValue(values) === false ? { pair, callers, ...changing(node, values) } : null
}

/** Whether they took another way at a step, or from the step before. */
function stepsApart(pair: Both<Instance>, at: number): Apart | null {
  const [step, other] = [pair.old.steps[at], pair.new.steps[at]]
  const turns = [turnAt(step, pair.old), turnAt(other, pair.new)] as const
  const node = step?.node ?? other?.node ?? '?'
  // One went on to this node; the other hasn't yet, or ended before.
  if (step === undefined || other === undefined) return turning(node, 'outcome', ...turns)
  // Edges of the step before are the same, so both were born onto this way.
  if (step.node !== other.node) {
    const born_onto = [
      { way: 'to', to: step.node },
      { way: 'to', to: other.node },
    ] as const
    return turning(pair.old.born_at ?? node, 'way', ...born_onto)
  }
  if (step.error !== other.error) return turning(node, 'error', ...turns)
  if (sameWay(step, other)) return null
  const ways = [turnAt({ ...step, error: null }, pair.old), turnAt({ ...other, error: null }, pair.new)] as const
  return turning(node, 'way', ...ways)
}

/** Whether other data left a step. */
function valuesApart(pair: Both<Instance>, at: number, tales: Both<Tale>): Apart | null {
  const [step, other] = [pair.old.steps[at], pair.new.steps[at]]
  if (step === undefined || other === undefined) return null
  const values = { old: tales.old.values.get(step.out), new: tales.new.values.get(other.out) }
  return sameValue(values) === false ? changing(step.node, values) : null
}

export function sameWay(a: Step, b: Step): boolean {
  return a.way?.label === b.way?.label && a.way?.to === b.way?.to && a.held === b.held
}

interface Turn {
  readonly way: string
  readonly to?: string | null
}

/** How a token left a step; how it ended, if it didn't. */
function turnAt(step: Step | undefined, instance: Instance): Turn {
  if (step === undefined) return { way: endingWords(instance) }
  const to = step.way?.to ?? null
  if (step.error !== null) return { way: `error ${step.error}`, to }
  return { way: step.way?.label ?? (step.held ? 'held' : endingWords(instance)), to }
}

function turning(node: string, kind: Parting['kind'], before: Turn, after: Turn): Apart {
  const to = { old: before.to ?? null, new: after.to ?? null }
  return { parting: { node, kind, old: before.way, new: after.way, to, fields: [] }, changed: {} }
}

function changing(node: string, values: KnownValues): Apart {
  const changed = changedBetween(values)
  const to = { old: null, new: null }
  return { parting: { node, kind: 'value', old: null, new: null, to, fields: Object.keys(changed) }, changed }
}
