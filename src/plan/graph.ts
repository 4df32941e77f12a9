/** The graph of a pipeline as data (`validate --json`), and drawn: as text for a terminal, as Mermaid, as Graphviz DOT. */
import type { JoinSide, NodeKind } from '../format/topology.ts'
import { counted } from '../model/number-text.ts'
import type { Draft } from './draft.ts'
import { pluginUse } from './plugins.ts'

export interface GraphNode {
  readonly name: string
  readonly kind: NodeKind
  readonly plugin?: string
}
export interface GraphEdge {
  readonly from: string
  readonly label: string
  /** A node's name, or `discard`. */
  readonly to: string
  /** Of a join: to which side it leads. */
  readonly side?: JoinSide
}
export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** Into how many the input is cut; absent: it isn't. */
  readonly splits?: number
}

export function graphOf(draft: Draft): Graph {
  return {
    nodes: draft.nodes.map(node => {
      const plugin = pluginUse(node)?.use.plugin
      return { name: node.name, kind: node.kind, ...(plugin ? { plugin } : {}) }
    }),
    edges: draft.edges.map(({ from, label, to, side }) => ({
      from: from.name,
      label,
      to: to?.name ?? 'discard',
      ...(side === null ? {} : { side }),
    })),
    ...(draft.config.splits === null ? {} : { splits: draft.config.splits.count }),
  }
}

/**
 * The ways from each source, indented: a node's ways stand under it, under the first of the ways that lead to it; where
 * others lead to it, its name alone stands, with `↑` if more follows there. Error ways stand behind the node they leave.
 */
export function graphText(graph: Graph): string {
  const nodes = new Map(graph.nodes.map(node => [node.name, node]))
  const out = Map.groupBy(graph.edges, edge => edge.from)
  const shown = new Set<string>()
  const lines: string[] = []
  const visit = (name: string, lead: string, indent: string, target = name) => {
    const node = nodes.get(name)
    if (node === undefined) return lines.push(`${lead}${name}`)
    if (shown.has(name)) return lines.push(`${lead}${target}${node.kind === 'sink' ? '' : ' ↑'}`)
    shown.add(name)
    const edges = out.get(name) ?? []
    const errors = edges.filter(edge => isErrorEdge(edge))
    const ways = edges.filter(edge => !isErrorEdge(edge))
    const what = node.plugin === undefined ? node.kind : `${node.kind} ${node.plugin}`
    const after = errors.map(edge => `  ${edge.label} → ${targetOf(edge)}`).join('')
    lines.push(`${lead}${target}  (${what})${after}`)
    ways.forEach((edge, index) => {
      const last = index === ways.length - 1
      const label = edge.label === 'to' ? '' : `${edge.label} → `
      visit(edge.to, `${indent}${last ? '└─ ' : '├─ '}${label}`, `${indent}${last ? '   ' : '│  '}`, targetOf(edge))
    })
    return lines.length
  }
  for (const node of graph.nodes) if (node.kind === 'source') visit(node.name, '', '')
  // What only errors lead to, and what nothing leads to.
  for (const node of graph.nodes) if (!shown.has(node.name)) visit(node.name, '', '')
  if (graph.splits !== undefined) lines.push('', splitsText(graph.splits))
  return `${lines.join('\n')}\n`
}

const splitsText = (splits: number) =>
  `${counted(splits, 'split')}: each reads its part of the input, and what they write is put together in their order`

/** As it is written in the file. */
const targetOf = ({ to, side }: GraphEdge) => (side === undefined ? to : `${to}.${side}`)

/** What stands at an arrow; empty if there is nothing to say. */
const labelOf = ({ label, side }: GraphEdge) => [label === 'to' ? [] : label, side ?? []].flat().join(' → ')

const isErrorEdge = (edge: GraphEdge) => edge.label === 'on_error' || edge.label === 'on_invalid'

const MERMAID_SHAPES: { readonly [kind in NodeKind]: readonly [string, string] } = {
  source: ['([', '])'],
  transform: ['[', ']'],
  gate: ['{', '}'],
  fork: ['[/', '\\]'],
  coalesce: ['[\\', '/]'],
  aggregate: ['[[', ']]'],
  sort: ['>', ']'],
  join: ['[/', '/]'],
  sink: ['[(', ')]'],
}

/** A Mermaid flowchart. Error ways are dotted. */
export function graphMermaid(graph: Graph): string {
  const ids = idsOf(graph)
  const lines = ['flowchart LR']
  for (const { name, kind, plugin } of graph.nodes) {
    const [open, close] = MERMAID_SHAPES[kind]
    const text = plugin === undefined ? name : `${name}<br/>${plugin}`
    lines.push(`  ${ids.get(name)}${open}"${mermaidText(text)}"${close}`)
  }
  if (graph.edges.some(edge => edge.to === 'discard')) lines.push('  discard(("discard"))')
  for (const edge of graph.edges) {
    const arrow = isErrorEdge(edge) ? '-.->' : '-->'
    const text = labelOf(edge)
    const label = text === '' ? '' : `|"${mermaidText(text)}"|`
    lines.push(`  ${ids.get(edge.from)} ${arrow}${label} ${ids.get(edge.to) ?? 'discard'}`)
  }
  return `${lines.join('\n')}\n`
}

const mermaidText = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll(/<(?!br\/>)/g, '&lt;')
    .replaceAll(/[\r\n]+/g, ' ')

const DOT_SHAPES: { readonly [kind in NodeKind]: string } = {
  source: 'cds',
  transform: 'box',
  gate: 'diamond',
  fork: 'trapezium',
  coalesce: 'invtrapezium',
  aggregate: 'box3d',
  sort: 'larrow',
  join: 'parallelogram',
  sink: 'cylinder',
}

/** A Graphviz digraph. Error ways are dashed. */
export function graphDot(graph: Graph): string {
  const ids = idsOf(graph)
  const quoted = (text: string) =>
    `"${text
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll(/[\r\n]+/g, ' ')}"`
  const lines = ['digraph pipeline {', '  rankdir=LR;', '  node [fontname="sans-serif"];']
  for (const { name, kind, plugin } of graph.nodes) {
    const text = plugin === undefined ? name : `${name} (${plugin})`
    lines.push(`  ${ids.get(name)} [shape=${DOT_SHAPES[kind]}, label=${quoted(text)}];`)
  }
  if (graph.edges.some(edge => edge.to === 'discard')) lines.push('  discard [shape=point, xlabel="discard"];')
  for (const edge of graph.edges) {
    const text = labelOf(edge)
    const label = text === '' ? [] : [`label=${quoted(text)}`]
    const settings = [...label, ...(isErrorEdge(edge) ? ['style=dashed'] : [])]
    const list = settings.length === 0 ? '' : ` [${settings.join(', ')}]`
    lines.push(`  ${ids.get(edge.from)} -> ${ids.get(edge.to) ?? 'discard'}${list};`)
  }
  return `${[...lines, '}'].join('\n')}\n`
}

/** Ids that no drawing language mistakes for one of its words. */
function idsOf(graph: Graph): ReadonlyMap<string, string> {
  return new Map(graph.nodes.map((node, index) => [node.name, `n${index + 1}`]))
}
