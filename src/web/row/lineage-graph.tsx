/**
 * The lineage as SVG. Each place leads to its step in the story, which says the same in words; arrow keys walk to parents, to children, and
 * to those beside.
 */
import { type KeyboardEvent, useRef, useState } from 'react'
import { counted } from '../parts/units.ts'
import type { Lineage, LineageNode } from './lineage.ts'

/** From left to right where there is room, else from top to bottom. */
export type Direction = 'across' | 'down'

const BOX = { width: 118, height: 40 } as const
/** Between layers stands the label of an edge; above the first place of a token its name. */
const GAPS = {
  across: { layers: 50, lanes: 26 },
  down: { layers: 34, lanes: 18 },
} as const
const NAME = 16
const MARGIN = 10
/** How much smaller it is drawn at most: smaller still, names couldn't be read. */
const READABLE = 0.85
/** Characters that fit in a box, and beside an edge. */
const MOST = { name: 16, label: { across: 8, down: 14 } } as const

interface Place {
  readonly x: number
  readonly y: number
}

interface Props {
  readonly of: Lineage
  readonly direction: Direction
}

export function LineageGraph({ of, direction }: Props) {
  const { nodes, edges } = of
  const [at, setAt] = useState(nodes[0]?.id ?? '')
  const svg = useRef<SVGSVGElement>(null)
  const { width, height, places, placeOf } = laidOut(of, direction)
  const walk = (event: KeyboardEvent) => {
    const to = neighbour(of, at, direction === 'across' ? TURNED[event.key] : event.key)
    if (to === null) return
    event.preventDefault()
    setAt(to)
    svg.current?.querySelector<SVGElement>(`[data-id="${CSS.escape(to)}"]`)?.focus()
  }
  return (
    <div className="lineage">
      {/* biome-ignore lint/a11y/useSemanticElements: a graph is no fieldset */}
      <svg
        ref={svg}
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        style={{ minWidth: Math.round(width * READABLE) }}
        role="group"
        aria-label={`${counted(nodes.length, 'place')} on its way; arrow keys walk to parents and children, Enter leads to the step`}
        onKeyDown={walk}
      >
        {edges.map(each => (
          <Edge
            key={`${each.from} ${each.to}`}
            label={each.label}
            through={[places.get(each.from), ...each.via.map(placeOf), places.get(each.to)]}
            direction={direction}
          />
        ))}
        {nodes.map(each => (
          <Vertex
            key={each.id}
            of={each}
            at={places.get(each.id)}
            focusable={each.id === at}
            onFocus={() => setAt(each.id)}
          />
        ))}
      </svg>
    </div>
  )
}

/** Where the corner of a box would be at each spot; each layer stands in the middle. */
function laidOut({ nodes, edges, layers, lanes }: Lineage, direction: Direction) {
  const gap = GAPS[direction]
  const name = nodes.some(each => each.begins !== null) ? NAME : 0
  const [along, beside] = direction === 'across' ? [BOX.width, BOX.height] : [BOX.height, BOX.width]
  const widths = new Map<number, number>()
  for (const { layer, lane } of [...nodes, ...edges.flatMap(each => each.via)])
    widths.set(layer, Math.max(widths.get(layer) ?? 0, lane + 1))
  const span = (many: number) => many * (beside + gap.lanes) - gap.lanes
  const placeOf = ({ layer, lane }: { readonly layer: number; readonly lane: number }): Place => {
    const at = layer * (along + gap.layers)
    const off = (span(lanes) - span(widths.get(layer) ?? 1)) / 2 + lane * (beside + gap.lanes)
    const [x, y] = direction === 'across' ? [at, off] : [off, at]
    return { x: MARGIN + x, y: MARGIN + name + y }
  }
  const places = new Map(nodes.map((each): [string, Place] => [each.id, placeOf(each)]))
  const length = layers * (along + gap.layers) - gap.layers
  const [width, height] = direction === 'across' ? [length, span(lanes)] : [span(lanes), length]
  return { places, placeOf, width: width + 2 * MARGIN, height: height + 2 * MARGIN + name }
}

/** Which key leads where when the graph goes from left to right. */
const TURNED: { readonly [key: string]: string } = {
  ArrowLeft: 'ArrowUp',
  ArrowRight: 'ArrowDown',
  ArrowUp: 'ArrowLeft',
  ArrowDown: 'ArrowRight',
}

function neighbour({ nodes, edges }: Lineage, at: string, key: string | undefined): string | null {
  const here = nodes.find(each => each.id === at)
  if (here === undefined) return null
  const beside = (step: number) =>
    nodes.find(each => each.layer === here.layer && each.lane === here.lane + step)?.id ?? null
  switch (key) {
    case 'ArrowUp':
      return edges.find(each => each.to === at)?.from ?? null
    case 'ArrowDown':
      return edges.find(each => each.from === at)?.to ?? null
    case 'ArrowLeft':
      return beside(-1)
    case 'ArrowRight':
      return beside(1)
    default:
      return null
  }
}

interface EdgeProps {
  readonly label: string
  /** From its beginning to its end, by what it passes between. */
  readonly through: ReadonlyArray<Place | undefined>
  readonly direction: Direction
}

function Edge({ label, through, direction }: EdgeProps) {
  const places = through.filter(each => each !== undefined)
  const [start, next] = places
  const end = places.at(-1)
  if (start === undefined || next === undefined || end === undefined) return null
  const { out, into, tip, beside } = SIDES[direction]
  const [from, to] = [out(start), into(next)]
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: lines and their labels never have the focus
    <g aria-hidden="true">
      <path className="lineage-edge" d={lineThrough(places, direction)} />
      <path className="lineage-tip" d={tip(into(end))} />
      {label !== '' && (
        <text
          className="lineage-label"
          x={(from.x + to.x) / 2 + beside.x}
          y={(from.y + to.y) / 2 + beside.y}
          textAnchor={direction === 'across' ? 'middle' : 'start'}
        >
          {short(label, MOST.label[direction])}
        </text>
      )}
    </g>
  )
}

/** Where an edge leaves a box and where it enters one; the head of its arrow; where its label stands from its middle. */
const SIDES = {
  across: {
    out: ({ x, y }: Place): Place => ({ x: x + BOX.width, y: y + BOX.height / 2 }),
    into: ({ x, y }: Place): Place => ({ x, y: y + BOX.height / 2 }),
    tip: ({ x, y }: Place) => `M ${x - 7} ${y - 4} L ${x} ${y} L ${x - 7} ${y + 4} Z`,
    beside: { x: -2, y: -5 },
  },
  down: {
    out: ({ x, y }: Place): Place => ({ x: x + BOX.width / 2, y: y + BOX.height }),
    into: ({ x, y }: Place): Place => ({ x: x + BOX.width / 2, y }),
    tip: ({ x, y }: Place) => `M ${x - 4} ${y - 7} L ${x} ${y} L ${x + 4} ${y - 7} Z`,
    beside: { x: 6, y: 3 },
  },
} as const

/** Bends between layers only; what it passes it passes straight, where a box would be. */
function lineThrough(places: readonly Place[], direction: Direction): string {
  const { out, into } = SIDES[direction]
  const parts = places.slice(1).map((place, i) => {
    const start = out(places[i] ?? place)
    const end = into(place)
    const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 }
    const bends = direction === 'across' ? [middle.x, start.y, middle.x, end.y] : [start.x, middle.y, end.x, middle.y]
    return `${i === 0 ? 'M' : 'L'} ${start.x} ${start.y} C ${bends[0]} ${bends[1]}, ${bends[2]} ${bends[3]}, ${end.x} ${end.y}`
  })
  return parts.join(' ')
}

const ENDED = { success: '(ended here)', failure: '(ended here, as a failure)', open: '(is here now)' } as const
const MARKS = { success: '●', failure: '◆', open: '○' } as const

interface VertexProps {
  readonly of: LineageNode
  readonly at: Place | undefined
  readonly focusable: boolean
  readonly onFocus: () => void
}

function Vertex({ of: { id, node, kind, begins, ended, step }, at, focusable, onFocus }: VertexProps) {
  if (at === undefined) return null
  const words = [begins ?? '', node, kind, ended === null ? '' : ENDED[ended]].filter(each => each !== '').join(' ')
  const lead = (event: { preventDefault: () => void }) => {
    event.preventDefault()
    leadTo(step)
  }
  return (
    <a
      data-id={id}
      href={`#${step ?? ''}`}
      className={`lineage-node ${ended ?? ''} ${step === null ? 'stub' : ''}`}
      tabIndex={focusable ? 0 : -1}
      onClick={lead}
      onFocus={onFocus}
    >
      <title>{words}</title>
      <rect x={at.x} y={at.y} width={BOX.width} height={BOX.height} rx={6} />
      {begins !== null && (
        <text className="lineage-token" x={at.x + 2} y={at.y - 5}>
          {short(begins, MOST.name + 4)}
        </text>
      )}
      <text className="lineage-name" x={at.x + 9} y={at.y + (kind === '' ? 24 : 17)}>
        {short(node, MOST.name)}
      </text>
      <text className="lineage-kind" x={at.x + 9} y={at.y + 31}>
        {short(kind, MOST.name + 2)}
      </text>
      {ended !== null && (
        <text className="lineage-mark" x={at.x + BOX.width - 18} y={at.y + 17}>
          {MARKS[ended]}
        </text>
      )}
    </a>
  )
}

/** To the step in the story, and whoever goes by keyboard goes on from there. */
export function leadTo(step: string | null): void {
  const element = step === null ? null : document.getElementById(step)
  if (element === null) return
  element.scrollIntoView({ block: 'center' })
  element.focus({ preventScroll: true })
}

function short(text: string, most: number): string {
  const letters = [...text]
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`
}
