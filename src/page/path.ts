/**
 * The way of a row through its pipeline as a graph, from its story: the nodes at which its tokens were, the edges that they took. Laid out
 * from top to bottom in layers, so that each edge leads down.
 */
import type { Story, TokenStory } from '../read/explain/story.ts'
import { printable } from '../read/words/text.ts'

export interface PathNode {
  readonly name: string
  /** Of the node, in words; `discard` is none. */
  readonly kind: string
  /** From 0, downwards and to the right. */
  readonly layer: number
  readonly lane: number
  /** Whether a token ended there, and how. */
  readonly ended: 'success' | 'failure' | null
}

export interface PathEdge {
  readonly from: string
  readonly to: string
  /** Of the gate's route or the fork's branch; empty where an edge needs none. */
  readonly label: string
}

export interface Path {
  /** In order of layers, and of lanes within them. */
  readonly nodes: readonly PathNode[]
  readonly edges: readonly PathEdge[]
  readonly layers: number
  /** Of the widest layer. */
  readonly lanes: number
}

const DISCARD = 'discard'
/** The label of an edge that is the only one. */
const PLAIN = 'to'

export function pathOf(story: Story): Path {
  const found = new Found()
  found.take(story)
  return found.path()
}

interface Seen {
  kind: string
  ended: PathNode['ended']
}

class Found {
  /** In the order in which the story comes to them. */
  readonly #nodes = new Map<string, Seen>()
  readonly #edges = new Map<string, PathEdge>()

  take(story: Story): void {
    for (const token of story.tokens) this.#token(token)
    for (const next of story.onward) this.take(next)
  }

  #token({ visits, branch, born_of, ending }: TokenStory): void {
    let at = born_of?.node ?? null
    let label = branch ?? ''
    for (const visit of visits) {
      this.#see(visit.node, visit.plugin ?? visit.kind)
      // Attempts at one node are one place on the way.
      if (at !== null && at !== visit.node) this.#edge(at, visit.node, label)
      at = visit.node
      label = visit.left?.label ?? ''
    }
    const to = visits.at(-1)?.left?.to ?? null
    if (at !== null && to !== null) {
      this.#see(to, to === DISCARD ? '' : 'sink')
      this.#edge(at, to, label)
    }
    if (ending === null || ending.class === 'passed on') return
    const place = this.#nodes.get(to ?? ending.sink ?? ending.node)
    if (place !== undefined && place.ended !== 'failure') place.ended = ending.class
  }

  #see(name: string, kind: string): void {
    if (!this.#nodes.has(name)) this.#nodes.set(name, { kind, ended: null })
  }

  #edge(from: string, to: string, label: string): void {
    const shown = label === PLAIN ? '' : label
    this.#edges.set(JSON.stringify([from, to, shown]), { from, to, label: shown })
  }

  path(): Path {
    const names = [...this.#nodes.keys()]
    const edges = [...this.#edges.values()].filter(each => this.#nodes.has(each.from) && each.from !== each.to)
    const layers = layersOf(names, edges)
    const lanes: number[] = []
    const nodes = [...this.#nodes].map(([name, { kind, ended }]): PathNode => {
      const layer = layers.get(name) ?? 0
      const lane = lanes[layer] ?? 0
      lanes[layer] = lane + 1
      return { name, kind: printable(kind), layer, lane, ended }
    })
    return {
      nodes: nodes.sort((a, b) => a.layer - b.layer || a.lane - b.lane),
      edges: edges.map(each => ({ ...each, label: printable(each.label) })),
      layers: lanes.length,
      lanes: lanes.reduce((most, each) => Math.max(most, each), 0),
    }
  }
}

/** Each below all from which an edge leads to it. What goes round in a circle, which no plan does, stays where it is found. */
function layersOf(names: readonly string[], edges: readonly PathEdge[]): ReadonlyMap<string, number> {
  const layers = new Map<string, number>(names.map(name => [name, 0]))
  for (let round = 0, moved = true; moved && round < names.length; round++) {
    moved = false
    for (const { from, to } of edges) {
      const least = (layers.get(from) ?? 0) + 1
      if ((layers.get(to) ?? 0) >= least) continue
      layers.set(to, Math.min(least, names.length))
      moved = true
    }
  }
  const used = [...new Set(layers.values())].sort((a, b) => a - b)
  return new Map([...layers].map(([name, layer]) => [name, used.indexOf(layer)]))
}
