/** Where nodes, ways and their labels stand: found by ELK, in a thread of its own that is started when a graph is first looked at. */
import type { ELK, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Graph, GraphEdge } from './graph-model.ts'
import { keepLayout, keepsLayouts, keptLayout } from './kept-layouts.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Laid {
  readonly width: number
  readonly height: number
  readonly nodes: ReadonlyMap<string, Point>
  /** By id of the edge: its corners, from its beginning to its end, and the middle of its label. */
  readonly edges: ReadonlyMap<string, { readonly points: readonly Point[]; readonly label: Point }>
}

export const NODE = { width: 196, height: 50 } as const
const LABEL_HEIGHT = 22
/** More than is ever written in a letter of a label's size. */
const LETTER = 7

export type Direction = 'RIGHT' | 'DOWN'

let elk: Promise<ELK> | null = null

function engine(): Promise<ELK> {
  elk ??= Promise.all([import('elkjs/lib/elk-api.js'), import('elkjs/lib/elk-worker.min.js?url')]).then(
    ([{ default: api }, { default: url }]) => new api.default({ workerFactory: () => new Worker(url) }),
  )
  return elk
}

/** Starts it before there is a graph, where none is known yet: of what was looked at before it has nothing to find. */
export function warmUp(): void {
  if (!keepsLayouts()) void engine()
}

/** Room is left for counts up to a million, so that nothing moves while it runs. */
const labelWidth = ({ label }: GraphEdge) => (label === 'to' ? 8 : Math.min(18, label.length + 8)) * LETTER

/** From left to right where that fits into `width`, else from the top down. Both are never tried: it takes long enough once. */
export function directionFor({ nodes, edges }: Graph, width: number): Direction {
  const depth = new Map<string, number>()
  const depthOf = (name: string, on: ReadonlySet<string>): number => {
    const known = depth.get(name)
    if (known !== undefined || on.has(name)) return known ?? 0
    const before = edges.filter(each => each.to === name && !each.error).map(each => each.from)
    const found = 1 + Math.max(0, ...before.map(each => depthOf(each, new Set([...on, name]))))
    depth.set(name, found)
    return found
  }
  const layers = Math.max(1, ...nodes.map(each => depthOf(each.name, new Set())))
  return layers * NODE.width + (layers - 1) * GAP <= width * FIT ? 'RIGHT' : 'DOWN'
}

/** Between two layers, with the label that stands there. */
const GAP = 120
/** A graph that is a little too wide is drawn a little smaller. */
const FIT = 1.15

export async function layout(graph: Graph, direction: Direction): Promise<Laid> {
  const asked = question(graph, direction)
  const text = JSON.stringify(asked)
  const known = keptLayout(text, graph)
  if (known !== null) return known
  const laid = laidOut(await (await engine()).layout(asked))
  keepLayout(text, graph, laid)
  return laid
}

function question({ nodes, edges }: Graph, direction: Direction) {
  return {
    id: 'plan',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': direction,
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
      'elk.layered.spacing.nodeNodeBetweenLayers': direction === 'RIGHT' ? '24' : '16',
      'elk.layered.spacing.edgeNodeBetweenLayers': direction === 'RIGHT' ? '14' : '10',
      'elk.spacing.nodeNode': '24',
      'elk.spacing.edgeNode': '16',
      'elk.spacing.edgeEdge': '12',
      'elk.spacing.edgeLabel': '2',
      'elk.padding': '[top=12,left=12,bottom=12,right=12]',
    },
    children: nodes.map(({ name }) => ({ id: name, ...NODE })),
    edges: edges.map(edge => ({
      id: edge.id,
      sources: [edge.from],
      targets: [edge.to],
      labels: [
        {
          text: edge.label,
          width: labelWidth(edge),
          height: LABEL_HEIGHT,
          layoutOptions: { 'elk.edgeLabels.inline': 'true' },
        },
      ],
    })),
  }
}

function laidOut({ width = 0, height = 0, children = [], edges = [] }: ElkNode): Laid {
  return {
    width,
    height,
    nodes: new Map(children.map(({ id, x = 0, y = 0 }) => [id, { x, y }])),
    edges: new Map(
      edges.map(({ id, sections = [], labels = [] }) => {
        const points = sections.flatMap(each => [each.startPoint, ...(each.bendPoints ?? []), each.endPoint])
        const { x = 0, y = 0, width: wide = 0, height: high = 0 } = labels[0] ?? {}
        return [id, { points, label: { x: x + wide / 2, y: y + high / 2 } }]
      }),
    ),
  }
}

const CORNER = 8

/** An SVG path along the points, its corners rounded. */
export function roundedPath(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let path = `M${first.x},${first.y}`
  for (const [i, at] of rest.entries()) {
    const before = points[i] ?? at
    const after = points[i + 2]
    if (after === undefined) {
      path += `L${at.x},${at.y}`
      continue
    }
    const into = towards(at, before)
    const out = towards(at, after)
    path += `L${into.x},${into.y}Q${at.x},${at.y} ${out.x},${out.y}`
  }
  return path
}

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}
