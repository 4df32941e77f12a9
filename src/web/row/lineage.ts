/**
 * The lineage of a row as a graph: the steps of each of its tokens, and which tokens were born of which, through forks, merges, joins and
 * batches. Laid out from top to bottom in layers, so that each edge leads down; a token keeps to its lane.
 */

import { idText } from '../../model/part-ids.ts'
import type { Story, TokenStory } from '../../read/explain/story.ts'
import { printable } from '../../read/words/text.ts'

export interface LineageNode {
  readonly id: string
  readonly token: number
  readonly node: string
  /** Of the node, in words. */
  readonly kind: string
  /** Of its token: where that begins, `token 4, branch b`; null further on, and where there is only one. */
  readonly begins: string | null
  readonly ended: 'success' | 'failure' | 'open' | null
  /** Of what the graph leads to; null for what stands for others. */
  readonly step: string | null
  /** From 0, downwards and to the right. */
  readonly layer: number
  readonly lane: number
}

export interface LineageEdge {
  readonly from: string
  readonly to: string
  /** Empty where what begins at its end has that name. */
  readonly label: string
  /** Where it passes the layers between its ends, so that it runs behind no place. */
  readonly via: readonly Spot[]
}

interface Spot {
  readonly layer: number
  readonly lane: number
}

export interface Lineage {
  readonly nodes: readonly LineageNode[]
  readonly edges: readonly LineageEdge[]
  readonly layers: number
  readonly lanes: number
}

/** Of tokens born of one, so many are drawn; the story has all. */
const MOST_CHILDREN = 6
/** The label of an edge that is the only one. */
const PLAIN = 'to'

/** Of the element that tells of the first visit of a token at a node. */
export const stepId = (token: number, node: string): string => `step-${token}-${node}`
/** Of the element that tells of a token. */
export const tokenId = (token: number): string => `token-${token}`

export function lineageOf(story: Story): Lineage {
  const drawing = new Drawing()
  drawing.take(story)
  return drawing.lineage()
}

type Draft = Omit<LineageNode, 'layer' | 'lane'>
type DraftEdge = Omit<LineageEdge, 'via'>

class Drawing {
  readonly #drafts = new Map<string, Draft>()
  readonly #edges = new Map<string, DraftEdge>()
  /** Last place of a token. */
  readonly #last = new Map<number, string>()
  readonly #children = new Map<number, number>()
  #tokens = 0

  take(story: Story): void {
    this.#tokens += story.tokens.length
    for (const token of story.tokens) this.#token(token, story.subject)
    for (const next of story.onward) this.take(next)
  }

  #token(token: TokenStory, subject: Story['subject']): void {
    const known = token.parents.filter(each => this.#last.has(each))
    const [parent] = known
    if (parent !== undefined) {
      const born = (this.#children.get(parent) ?? 0) + 1
      this.#children.set(parent, born)
      if (known.length === 1 && born > MOST_CHILDREN) return this.#others(parent)
    }
    const begins = `token ${idText(token.token)}${token.branch === null ? '' : `, ${printable(token.branch)}`}`
    let at: string | null = null
    let label = ''
    const visits = token.visits.filter(({ node }, i) => token.visits[i - 1]?.node !== node)
    for (const { node, kind, plugin, left } of visits) {
      const id = this.#place(token, node, plugin ?? kind, at === null ? begins : null)
      if (at === null) this.#born(token, id, known, subject)
      else this.#edge(at, id, label)
      at = id
      label = token.visits.findLast(each => each.node === node)?.left?.label ?? left?.label ?? ''
    }
    if (at === null) {
      at = this.#place(token, token.ending?.node ?? token.waits?.node ?? '', 'no step of its own', begins)
      this.#born(token, at, known, subject)
    }
    const to = token.visits.at(-1)?.left?.to ?? null
    if (to === 'discard') {
      const id = this.#place(token, 'discard', '', null)
      this.#edge(at, id, label)
      at = id
    }
    this.#last.set(token.token, at)
    this.#end(at, token)
  }

  #place({ token }: TokenStory, node: string, kind: string, begins: string | null): string {
    const id = stepId(token, node)
    if (!this.#drafts.has(id))
      this.#drafts.set(id, { id, token, node, kind: printable(kind), begins, ended: null, step: id })
    return id
  }

  /** Parents that aren't part of the story are the other members of its batch, or the rows that it was joined with. */
  #born(token: TokenStory, id: string, known: readonly number[], subject: Story['subject']): void {
    for (const each of known) this.#edge(this.#last.get(each) ?? '', id, '')
    const others = token.parents.length - known.length
    if (others === 0) return
    // All that a batch made is of the same members.
    const stub = subject.kind === 'batch' ? `members-of-${subject.batch}` : `others-of-${token.token}`
    const words = subject.kind === 'batch' ? 'members' : 'of other rows'
    this.#drafts.set(stub, {
      ...{ id: stub, token: token.token, kind: words, begins: null, ended: null, step: tokenId(token.token) },
      node: `${known.length === 0 ? '' : '+'}${others} ${others === 1 ? 'token' : 'tokens'}`,
    })
    this.#edge(stub, id, '')
  }

  #others(parent: number): void {
    const stub = `more-of-${parent}`
    const count = (this.#children.get(parent) ?? 0) - MOST_CHILDREN
    this.#drafts.set(stub, {
      ...{ id: stub, token: parent, kind: 'born of the same', begins: null, ended: null, step: null },
      node: `${count} more ${count === 1 ? 'token' : 'tokens'}`,
    })
    this.#edge(this.#last.get(parent) ?? '', stub, '')
  }

  #end(at: string, { ending }: TokenStory): void {
    const draft = this.#drafts.get(at)
    if (draft === undefined || ending?.class === 'passed on') return
    this.#drafts.set(at, {
      ...draft,
      ended: ending === null ? 'open' : ending.class === 'success' ? 'success' : 'failure',
    })
  }

  #edge(from: string, to: string, label: string): void {
    const shown = label === PLAIN ? '' : printable(label)
    if (from !== to) this.#edges.set(`${from}\n${to}`, { from, to, label: shown })
  }

  lineage(): Lineage {
    const edges = [...this.#edges.values()].filter(each => this.#drafts.has(each.from) && this.#drafts.has(each.to))
    const drafts = [...this.#drafts.values()]
    const layers = layersOf(drafts, edges)
    const ways = edges.map(edge => wayOf(edge, layers))
    const spots = spotsOf(drafts, ways, layers)
    const single = this.#tokens === 1
    const nodes = drafts.map(each => ({ ...each, ...spotOf(spots, each.id), ...(single ? { begins: null } : {}) }))
    return {
      nodes,
      edges: ways.map(({ edge, through }) => ({ ...edge, via: through.slice(1, -1).map(id => spotOf(spots, id)) })),
      layers: Math.max(0, ...nodes.map(each => each.layer + 1)),
      lanes: Math.max(0, ...[...spots.values()].map(each => each.lane + 1)),
    }
  }
}

/** An edge by what it passes in each layer, from its beginning to its end. */
interface Way {
  readonly edge: DraftEdge
  readonly through: readonly string[]
}

function wayOf(edge: DraftEdge, layers: ReadonlyMap<string, number>): Way {
  const { from, to } = edge
  const between = (layers.get(to) ?? 0) - (layers.get(from) ?? 0) - 1
  return { edge, through: [from, ...Array.from({ length: Math.max(0, between) }, (_, i) => `${from} ${to} ${i}`), to] }
}

const spotOf = (spots: ReadonlyMap<string, Spot>, id: string): Spot => spots.get(id) ?? { layer: 0, lane: 0 }

/** Each below all from which an edge leads to it; what goes round in a circle, which no plan does, stays where it is found. */
function layersOf(drafts: readonly Draft[], edges: readonly DraftEdge[]): ReadonlyMap<string, number> {
  const layers = new Map(drafts.map(each => [each.id, 0]))
  for (let round = 0, moved = true; moved && round < drafts.length; round++) {
    moved = false
    for (const { from, to } of edges) {
      const least = Math.min((layers.get(from) ?? 0) + 1, drafts.length)
      if ((layers.get(to) ?? 0) >= least) continue
      layers.set(to, least)
      moved = true
    }
  }
  // What has no parents stands right above what it leads to.
  for (const { id } of drafts) {
    if (edges.some(each => each.to === id)) continue
    const below = edges.filter(each => each.from === id).map(each => layers.get(each.to) ?? 0)
    if (below.length > 0) layers.set(id, Math.max(0, Math.min(...below) - 1))
  }
  return layers
}

/** From left to right in the order of the middle of what leads to it, so that few edges cross; an edge that only passes takes a lane, too. */
function spotsOf(
  drafts: readonly Draft[],
  ways: readonly Way[],
  layers: ReadonlyMap<string, number>,
): ReadonlyMap<string, Spot> {
  const above = new Map<string, string[]>()
  const members = new Map<number, Array<{ readonly id: string; readonly token: number }>>()
  const add = (layer: number, id: string, token: number) =>
    members.set(layer, [...(members.get(layer) ?? []), { id, token }])
  const tokens = new Map(drafts.map(each => [each.id, each.token]))
  for (const { id, token } of drafts) add(layers.get(id) ?? 0, id, token)
  for (const { edge, through } of ways)
    for (const [i, id] of through.entries()) {
      const before = through[i - 1]
      if (before !== undefined) above.set(id, [...(above.get(id) ?? []), before])
      if (i > 0 && i < through.length - 1) add((layers.get(edge.from) ?? 0) + i, id, tokens.get(edge.from) ?? 0)
    }
  const spots = new Map<string, Spot>()
  for (const layer of [...members.keys()].sort((a, b) => a - b)) {
    const middle = (id: string) => {
      const lanes = (above.get(id) ?? []).map(each => spotOf(spots, each).lane)
      return lanes.length === 0 ? 0 : lanes.reduce((sum, each) => sum + each, 0) / lanes.length
    }
    const ordered = (members.get(layer) ?? []).toSorted((a, b) => middle(a.id) - middle(b.id) || a.token - b.token)
    for (const [lane, { id }] of ordered.entries()) spots.set(id, { layer, lane })
  }
  return spots
}
