/**
 * Layouts that were found before, kept in this browser: to find one takes a processor longer than all else of a graph. They are known by a
 * hash of what was asked, so that no name of a plan is kept, and what is asked otherwise by a later version is found anew.
 */

import { parseJson } from '../../model/json.ts'
import { keepHere, keptHere } from '../app/kept.ts'
import type { Laid, Point } from './graph-layout.ts'
import type { Graph } from './graph-model.ts'

const KEY = 'custody-layouts'
/** The newest stay. */
const MOST = 24
/** Of all together, in characters: a browser keeps a few million for a site. */
const LARGEST = 500_000

type Numbers = readonly number[]
/** Width and height, corners of the nodes; then of each edge the middle of its label and its corners. In the order of the graph. */
type Packed = readonly [hash: string, nodes: Numbers, ...edges: readonly Numbers[]]

export const keepsLayouts = (): boolean => packedHere().length > 0

/** `asked`: all that the layout depends on. */
export function keptLayout(asked: string, graph: Graph): Laid | null {
  const hash = hashOf(asked)
  const [, nodes, ...edges] = packedHere().find(each => each[0] === hash) ?? []
  if (nodes?.length !== 2 + 2 * graph.nodes.length || edges.length !== graph.edges.length) return null
  const [size, ...places] = pointsIn(nodes)
  return {
    width: size?.x ?? 0,
    height: size?.y ?? 0,
    nodes: new Map(graph.nodes.map(({ name }, i) => [name, places[i] ?? ORIGIN])),
    edges: new Map(
      graph.edges.map(({ id }, i) => {
        const [label = ORIGIN, ...points] = pointsIn(edges[i] ?? [])
        return [id, { label, points }]
      }),
    ),
  }
}

export function keepLayout(asked: string, graph: Graph, { width, height, nodes, edges }: Laid): void {
  const places = graph.nodes.map(({ name }) => nodes.get(name) ?? ORIGIN)
  const ways = graph.edges.map(({ id }) => edges.get(id) ?? { label: ORIGIN, points: [] })
  const packed: Packed = [
    hashOf(asked),
    numbersOf([{ x: width, y: height }, ...places]),
    ...ways.map(({ label, points }) => numbersOf([label, ...points])),
  ]
  const others = packedHere().filter(each => each[0] !== packed[0])
  const kept = [packed, ...others].slice(0, MOST)
  while (kept.length > 1 && JSON.stringify(kept).length > LARGEST) kept.pop()
  const text = JSON.stringify(kept)
  if (text.length <= LARGEST) keepHere(KEY, text)
}

const ORIGIN: Point = { x: 0, y: 0 }

/** Tenths of a pixel are more than is seen. */
const numbersOf = (points: readonly Point[]): Numbers =>
  points.flatMap(({ x, y }) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10])

function pointsIn(numbers: Numbers): readonly Point[] {
  return Array.from({ length: numbers.length / 2 }, (_, i) => ({ x: numbers[2 * i] ?? 0, y: numbers[2 * i + 1] ?? 0 }))
}

/** What isn't as it was kept is as if it weren't there. */
function packedHere(): readonly Packed[] {
  try {
    const kept: unknown = parseJson(keptHere(KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter(isPacked) : []
  } catch {
    return []
  }
}

function isPacked(value: unknown): value is Packed {
  if (!Array.isArray(value)) return false
  const [hash, ...lists] = value
  const numbers = (list: unknown) => Array.isArray(list) && list.length % 2 === 0 && list.every(Number.isFinite)
  return typeof hash === 'string' && lists.length > 0 && lists.every(numbers)
}

/** FNV-1a, twice: what is asked by mistake for the same would have to be of as many nodes and edges, too. */
function hashOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193]
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193)
    b = Math.imul(b ^ text.charCodeAt(text.length - 1 - i), 0x01000193)
  }
  return `${(a >>> 0).toString(36)}-${(b >>> 0).toString(36)}`
}
