/** A target as it is written: the name of a node or sink, and, of a join, its side: `enriched.left`. */
import type { JoinSide } from '../format/topology.ts'

export const SIDES: readonly JoinSide[] = ['left', 'right']

export interface Target {
  /** As written. */
  readonly text: string
  readonly name: string
  /** What stands behind the name and a dot; null if nothing does. */
  readonly port: string | null
  /** The same, if it is a side. */
  readonly side: JoinSide | null
}

/** Names have no dots. */
export function readTarget(text: string): Target {
  const dot = text.indexOf('.')
  if (dot === -1) return { text, name: text, port: null, side: null }
  const port = text.slice(dot + 1)
  return { text, name: text.slice(0, dot), port, side: SIDES.find(side => side === port) ?? null }
}
