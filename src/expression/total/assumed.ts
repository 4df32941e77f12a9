/** What a condition that holds, or doesn't, says of what it looked at: `row.b != 0` that the next division can rely on. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { type Kind, NUMBERS } from '../types.ts'
import { TypeValue } from '../values.ts'
import { atLeast, atMost, only, type Possible, without } from './possible.ts'

type Narrow = (possible: Possible) => Possible

/** A place that can be looked at again and is the same: a field of the row, a variable, or something in one. */
export type Place = readonly [root: string, ...names: string[]]

/** What is known of places beside their types, in one part of an expression. */
export class Assumed {
  static readonly NOTHING = new Assumed(new Map())
  readonly #narrowed: ReadonlyMap<string, readonly Narrow[]>

  private constructor(narrowed: ReadonlyMap<string, readonly Narrow[]>) {
    this.#narrowed = narrowed
  }

  and(place: Place, narrow: Narrow): Assumed {
    const key = JSON.stringify(place)
    return new Assumed(new Map([...this.#narrowed, [key, [...(this.#narrowed.get(key) ?? []), narrow]]]))
  }

  /** What can be there, if `possible` could be. */
  at(place: Place, possible: Possible): Possible {
    const narrowed = this.#narrowed.get(JSON.stringify(place)) ?? []
    return narrowed.reduce((so_far, narrow) => narrow(so_far), possible)
  }
}

/** What the analysis of an expression lends. */
export interface Looking {
  /** Null if the node is no place. */
  readonly placeOf: (node: ASTNode) => Place | null
  /** What the node can be, with no risk reported. */
  readonly valueOf: (node: ASTNode, assumed: Assumed) => Possible
}

/** What is known once `node` has been evaluated without an error and was `truth`. */
export function assuming(node: ASTNode, truth: boolean, assumed: Assumed, looking: Looking): Assumed {
  switch (node.op) {
    case '!_':
      return assuming(node.args, !truth, assumed, looking)
    case '&&':
    case '||': {
      // Nothing can be said of two that may each have settled it.
      if (truth !== (node.op === '&&')) return assumed
      const [left, right] = node.args
      return assuming(right, truth, assuming(left, truth, assumed, looking), looking)
    }
    case 'call':
      return assumingHas(node, truth, assumed, looking)
    case '==':
    case '!=':
      return assumingEqual(node.args, truth === (node.op === '=='), assumed, looking)
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [left, right] = node.args
      const op = truth ? node.op : OPPOSITE[node.op]
      return assumingOrder(right, MIRRORED[op], left, assumingOrder(left, op, right, assumed, looking), looking)
    }
    default:
      return assumed
  }
}

type Order = '<' | '<=' | '>' | '>='
const OPPOSITE: { readonly [op in Order]: Order } = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' }
const MIRRORED: { readonly [op in Order]: Order } = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

const notNull: Narrow = possible => without(possible, 'null')
/** Or an optional: what is read from that is one, too. */
const isMap: Narrow = possible => only(possible, ['map', 'optional'])

/** A value that isn't null is there, and what it stands in is a map. */
function there(place: Place, assumed: Assumed): Assumed {
  let known = assumed.and(place, notNull)
  const [root, ...names] = place
  for (let i = 0; i < names.length; i++) known = known.and([root, ...names.slice(0, i)], isMap)
  return known
}

function assumingHas(
  node: Extract<ASTNode, { op: 'call' }>,
  truth: boolean,
  assumed: Assumed,
  { placeOf }: Looking,
): Assumed {
  const [name, [field]] = node.args
  if (name !== 'has' || field === undefined || !truth) return assumed
  const place = placeOf(field)
  return place === null ? assumed : there(place, assumed)
}

function assumingEqual(
  [left, right]: readonly [ASTNode, ASTNode],
  equal: boolean,
  assumed: Assumed,
  looking: Looking,
): Assumed {
  const known = assumingSame(left, right, equal, assumed, looking)
  return assumingSame(right, left, equal, known, looking)
}

/** What `node == other`, or its opposite, says of `node`. */
function assumingSame(node: ASTNode, other: ASTNode, equal: boolean, assumed: Assumed, looking: Looking): Assumed {
  const value = looking.valueOf(other, assumed)
  const asked = typeAsked(node)
  const place = looking.placeOf(asked ?? node)
  if (place === null) return assumed
  if (asked !== null) {
    const kind = value.constant instanceof TypeValue && equal ? value.constant.name : null
    if (kind === null) return assumed
    return assumed.and(place, possible => only(possible, [kind === 'null_type' ? 'null' : (kind as Kind)]))
  }
  if (!equal) {
    if (value.constant === null) return there(place, assumed)
    const zero = value.constant === 0n || value.constant === 0
    return zero ? assumed.and(place, possible => ({ ...possible, nonzero: true })) : assumed
  }
  if (value.kinds.has('null')) return assumed
  return narrowedTo(place, value, there(place, assumed))
}

/** `type(x)`: the x. */
function typeAsked(node: ASTNode): ASTNode | null {
  return node.op === 'call' && node.args[0] === 'type' ? (node.args[1][0] ?? null) : null
}

/** Equal to something that is a number, or a text: nothing else is. */
function narrowedTo(place: Place, value: Possible, assumed: Assumed): Assumed {
  const kinds = [...value.kinds]
  // Never reached.
  if (kinds.length === 0) return assumed
  const numeric = kinds.every(kind => NUMBERS.includes(kind))
  if (!numeric) {
    return kinds.every(kind => kind === 'string')
      ? assumed.and(place, possible => ({
          ...only(possible, ['string']),
          length: Math.min(possible.length, value.length),
        }))
      : assumed
  }
  const [least, most] = boundsOf(value)
  return assumed.and(place, possible => bounded(possible, least, most, value.nonzero))
}

/** Decimals have none that is known. */
function boundsOf({ kinds, int: [least, most], double }: Possible): readonly [number, number] {
  if (kinds.has('decimal')) return [-Infinity, Infinity]
  const bounds = [
    ...(kinds.has('int') ? [notAbove(least), -notAbove(-most)] : []),
    ...(kinds.has('double') ? double : []),
  ]
  return [Math.min(...bounds), Math.max(...bounds)]
}

/** The integer as a decimal, or one a little below where it can't be held exactly. */
function notAbove(integer: bigint): number {
  const near = Number(integer)
  return BigInt(near) > integer ? near - Math.abs(near) * 2 ** -52 : near
}

/** What is left of numbers between two bounds, both included; nothing else than numbers is. */
function bounded(possible: Possible, least: number, most: number, nonzero = false): Possible {
  return {
    ...only(possible, NUMBERS),
    int: [atLeast(possible.int[0], least), atMost(possible.int[1], most)],
    double: [Math.max(possible.double[0], least), Math.min(possible.double[1], most)],
    nonzero: possible.nonzero || nonzero || least > 0 || most < 0,
  }
}

/** What `node op other` says of `node`, where `other` is a number, or of the size of something. */
function assumingOrder(node: ASTNode, op: Order, other: ASTNode, assumed: Assumed, looking: Looking): Assumed {
  const value = looking.valueOf(other, assumed)
  const kinds = [...value.kinds]
  if (kinds.length === 0 || !kinds.every(kind => NUMBERS.includes(kind))) return orderOfOthers(node, assumed, looking)
  const [least, most] = boundsOf(value)
  const above = op === '>' || op === '>='
  const strict = op === '<' || op === '>'
  const sized = sizeAsked(node)
  const place = looking.placeOf(sized ?? node)
  if (place === null) return assumed
  if (sized !== null) {
    if (!above) return assumed
    const size = strict ? Math.floor(least) + 1 : Math.ceil(least)
    return assumed.and(place, possible => ({ ...possible, size: [Math.max(possible.size[0], size), possible.size[1]] }))
  }
  const nonzero = strict && (above ? least >= 0 : most <= 0)
  const known = there(place, assumed)
  return known.and(place, possible =>
    above ? bounded(possible, least, Infinity, nonzero) : bounded(possible, -Infinity, most, nonzero),
  )
}

/** Whatever was compared wasn't null. */
function orderOfOthers(node: ASTNode, assumed: Assumed, { placeOf }: Looking): Assumed {
  const place = placeOf(node)
  return place === null ? assumed : there(place, assumed)
}

/** `size(x)` and `x.size()`: the x. */
function sizeAsked(node: ASTNode): ASTNode | null {
  if (node.op === 'call' && node.args[0] === 'size') return node.args[1][0] ?? null
  if (node.op === 'rcall' && node.args[0] === 'size' && node.args[2].length === 0) return node.args[1]
  return null
}
