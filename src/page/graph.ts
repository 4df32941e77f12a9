/** The way of a row as SVG. Its nodes lead to the steps of the story, which says the same in words. */
import { counted } from '../model/number-text.ts'
import { element, svgElement } from './element.ts'
import type { Path, PathEdge, PathNode } from './path.ts'

const BOX = { width: 176, height: 44 } as const
const GAP = { across: 28, down: 44 } as const
const MARGIN = 12
/** Characters of a name, and of a label, that fit. */
const MOST = { name: 22, label: 16 } as const

/** @param stepOf the id of the element that tells of a node. */
export function graphOf(path: Path, stepOf: (node: string) => string | null): HTMLElement {
  const width = path.lanes * (BOX.width + GAP.across) - GAP.across + 2 * MARGIN
  const height = path.layers * (BOX.height + GAP.down) - GAP.down + 2 * MARGIN
  const widths = path.nodes.reduce(
    (sum, { layer, lane }) => sum.set(layer, Math.max(sum.get(layer) ?? 0, lane + 1)),
    new Map<number, number>(),
  )
  const placeOf = ({ layer, lane }: PathNode) => {
    // Each layer stands in the middle.
    const own = (widths.get(layer) ?? 1) * (BOX.width + GAP.across) - GAP.across
    return {
      x: (width - own) / 2 + lane * (BOX.width + GAP.across),
      y: MARGIN + layer * (BOX.height + GAP.down),
    }
  }
  const places = new Map(path.nodes.map(each => [each.name, placeOf(each)]))
  const svg = svgElement(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, role: 'group', 'aria-label': wordsOf(path) },
    ...path.edges.map(each => edgeOf(each, places)),
    ...path.nodes.map(each => nodeOf(each, placeOf(each), stepOf(each.name))),
  )
  const figure = element('div', { class: 'graph', role: 'region', 'aria-label': 'The way as a graph' })
  // What is wider than the page is moved by arrow keys, too.
  if (path.lanes > 2) figure.tabIndex = 0
  figure.append(svg)
  return figure
}

function wordsOf({ nodes, edges }: Path): string {
  return `${counted(nodes.length, 'place')} that the row came to, and ${counted(edges.length, 'way')} between them; each leads to its step below.`
}

interface Place {
  readonly x: number
  readonly y: number
}

function edgeOf({ from, to, label }: PathEdge, places: ReadonlyMap<string, Place>): SVGElement {
  const [start, end] = [places.get(from), places.get(to)]
  if (start === undefined || end === undefined) return svgElement('g')
  const [x1, y1] = [start.x + BOX.width / 2, start.y + BOX.height]
  const [x2, y2] = [end.x + BOX.width / 2, end.y]
  const bend = Math.max(GAP.down / 2, (y2 - y1) / 2)
  const line = svgElement('path', {
    d: `M ${x1} ${y1} C ${x1} ${y1 + bend}, ${x2} ${y2 - bend}, ${x2} ${y2 - 5}`,
    class: 'edge',
  })
  const tip = svgElement('path', { d: `M ${x2 - 4} ${y2 - 7} L ${x2} ${y2} L ${x2 + 4} ${y2 - 7} Z`, class: 'tip' })
  if (label === '') return svgElement('g', { 'aria-hidden': 'true' }, line, tip)
  const text = svgElement(
    'text',
    { x: (x1 + x2) / 2 + 6, y: y1 + GAP.down / 2 + 4, class: 'label' },
    short(label, MOST.label),
  )
  return svgElement('g', { 'aria-hidden': 'true' }, line, tip, text)
}

const ENDED = { success: '(ended here)', failure: '(ended here, as a failure)' } as const

function nodeOf({ name, kind, ended }: PathNode, { x, y }: Place, step: string | null): SVGElement {
  // The title is its name for those who hear it; it begins with what can be seen, so that it can be asked for by that.
  const words = [name, kind, ended === null ? '' : ENDED[ended]].filter(each => each !== '').join(' ')
  const parts = [
    svgElement('title', {}, words),
    svgElement('rect', { x, y, width: BOX.width, height: BOX.height, rx: 6 }),
    svgElement('text', { x: x + 10, y: y + (kind === '' ? 27 : 19), class: 'name' }, short(name, MOST.name)),
    kind === '' ? null : svgElement('text', { x: x + 10, y: y + 35, class: 'kind' }, short(kind, MOST.name + 4)),
    // A mark beside the colour, for those to whom colours say nothing.
    ended === null
      ? null
      : svgElement('text', { x: x + BOX.width - 20, y: y + 19, class: 'mark' }, ended === 'success' ? '●' : '✗'),
  ]
  const kinds = `node ${ended ?? ''}`.trim()
  return step === null
    ? svgElement('g', { class: kinds }, ...parts)
    : svgElement('a', { class: kinds, href: `#${step}` }, ...parts)
}

function short(text: string, most: number): string {
  const letters = [...text]
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`
}
