/** The graph as a picture. What it says is also in the table of nodes; each node and each way leads to its rows. */
import {
  BaseEdge,
  Controls,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type Viewport,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { Link } from '@tanstack/react-router'
import { createContext, memo, useContext, useMemo } from 'react'
import { Icon } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import type { Laid, Point } from './graph-layout.ts'
import { NODE, roundedPath } from './graph-layout.ts'
import { type Counts, type Graph, type GraphEdge, type GraphNode, READABLE } from './graph-model.ts'
import { KindIcon } from './node-kind.tsx'

type NodeData = { readonly run: string; readonly node: GraphNode }
type EdgeData = {
  readonly run: string
  readonly edge: GraphEdge
  readonly points: readonly Point[]
  readonly label: Point
}

/** What changes while a run is under way: it reaches nodes and ways past the graph, which stays as it is. */
interface Numbers {
  readonly counts: Counts
  readonly discarded: number
  readonly ends: (sink: string) => 'success' | 'failure' | null
}

interface Props extends Numbers {
  readonly run: string
  readonly graph: Graph
  readonly laid: Laid
  /** Of its place, in pixels. */
  readonly width: number
}

const NumbersContext = createContext<Numbers>({
  counts: { nodes: new Map(), edges: new Map(), most: 1 },
  discarded: 0,
  ends: () => null,
})
/** Marks what is clicked, and doesn't drag the graph. */
const NO_PAN = 'nopan'
const NODE_TYPES = { plan: PlanNode }
const EDGE_TYPES = { way: WayEdge }

export default function FlowGraph({ run, graph, laid, width, counts, discarded, ends }: Props) {
  const numbers = useMemo(() => ({ counts, discarded, ends }), [counts, discarded, ends])
  return (
    <NumbersContext value={numbers}>
      <Drawn run={run} graph={graph} laid={laid} width={width} />
    </NumbersContext>
  )
}

const Drawn = memo(function Drawn({ run, graph, laid, width }: Omit<Props, keyof Numbers>) {
  const nodes = graph.nodes.map(
    (node): Node<NodeData> => ({
      ...{ id: node.name, type: 'plan', position: laid.nodes.get(node.name) ?? { x: 0, y: 0 }, ...NODE },
      data: { run, node },
    }),
  )
  const edges = graph.edges.map((edge): Edge<EdgeData> => {
    const data = { run, edge, ...(laid.edges.get(edge.id) ?? { points: [], label: { x: 0, y: 0 } }) }
    return { id: edge.id, type: 'way', source: edge.from, target: edge.to, data }
  })
  return (
    <ReactFlow
      className="flow"
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      {...(laid.width * READABLE <= width ? { fitView: true } : { defaultViewport: beginning(graph, laid, width) })}
      fitViewOptions={{ maxZoom: 1, padding: 0.02 }}
      minZoom={0.3}
      maxZoom={1.6}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      noPanClassName={NO_PAN}
      zoomOnScroll={false}
      preventScrolling={false}
      proOptions={{ hideAttribution: true }}
      aria-label="Graph of the run"
    >
      <Controls showInteractive={false} position="bottom-right" />
    </ReactFlow>
  )
})

/** What is wider than its place begins with its first node, in the middle, and is dragged. */
function beginning({ nodes }: Graph, laid: Laid, width: number): Viewport {
  const { x, y } = laid.nodes.get(nodes[0]?.name ?? '') ?? { x: 0, y: 0 }
  const middle = (width - NODE.width * READABLE) / 2
  return { x: Math.min(0, middle - x * READABLE), y: Math.min(0, GAP - y * READABLE), zoom: READABLE }
}

const GAP = 16

/** Kinds whose shape says enough to leave room for what they do. */
const SAID_BY_SHAPE: ReadonlySet<string> = new Set(['gate', 'transform'])

function PlanNode({ data: { run, node } }: NodeProps<Node<NodeData>>) {
  const { name, kind, does } = node
  const numbers = useContext(NumbersContext)
  const of = numbers.counts.nodes.get(name)
  const isNode = kind !== 'discard'
  const count = isNode ? (of?.in ?? 0) : numbers.discarded
  const [errors, held, ends] = [of?.error ?? 0, of?.held ?? 0, numbers.ends(name)]
  const classes = ['plan-node', `kind-${kind}`, count === 0 ? 'unused' : '', ends === null ? '' : `ends-${ends}`]
  const inside = (
    <>
      <span className="node-line">
        <KindIcon kind={kind} />
        <span className="node-name">
          <Text of={name} />
        </span>
        <span className="node-count">{countText(count)}</span>
      </span>
      <span className="node-line">
        <span className="node-does">
          <span className={does !== '' && SAID_BY_SHAPE.has(kind) ? 'spoken' : ''}>{kind} </span>
          {does !== '' && (
            <code>
              <Text of={does} />
            </code>
          )}
        </span>
        {errors > 0 && (
          <span className="node-errors" title={counted(errors, 'error')}>
            <Icon name="diamond" size={11} />
            {countText(errors)}
            <span className="spoken"> errors</span>
          </span>
        )}
        {held > 0 && errors === 0 && (
          <span className="node-held" title={`${countText(held)} held`}>
            <Icon name="ring" size={11} />
            {countText(held)}
            <span className="spoken"> held</span>
          </span>
        )}
      </span>
    </>
  )
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      {isNode ? (
        <Link
          className={classes.join(' ')}
          to="/runs/$run/rows"
          params={{ run }}
          search={{ node: name }}
          title={`${name} ${does}`}
        >
          {inside}
        </Link>
      ) : (
        <div className={classes.join(' ')}>{inside}</div>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  )
}

/** Of ways, in pixels. */
const WIDTHS = { least: 1.25, step: 0.3125, steps: 8 } as const

function WayEdge({ data }: EdgeProps<Edge<EdgeData>>) {
  const { counts } = useContext(NumbersContext)
  if (data === undefined) return null
  const { run, edge, points, label } = data
  const count = counts.edges.get(edge.id) ?? 0
  const share = count === 0 ? 0 : Math.log(1 + count) / Math.log(1 + counts.most)
  // In steps: else each count of a run under way would draw all ways anew.
  const width = WIDTHS.least + WIDTHS.step * Math.round(share * WIDTHS.steps)
  const classes = `way${edge.error ? ' error' : ''}${count === 0 ? ' unused' : ''}`
  const named = edge.label === 'to' ? '' : edge.label
  return (
    <>
      <BaseEdge path={roundedPath(points)} className={classes} style={{ strokeWidth: width }} />
      <Tip points={points} className={classes} />
      <EdgeLabelRenderer>
        <Link
          className={`way-label ${NO_PAN} ${classes}`}
          style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
          to="/runs/$run/rows"
          params={{ run }}
          search={{ edge: edge.id }}
        >
          {named !== '' && (
            <span className="label-name">
              <Text of={named} />
            </span>
          )}
          <b>{countText(count)}</b>
          <span className="spoken">{` ${count === 1 ? 'row' : 'rows'} from ${edge.from} to ${edge.to}`}</span>
        </Link>
      </EdgeLabelRenderer>
    </>
  )
}

/** The head of an arrow, at its end. */
function Tip({ points, className }: { readonly points: readonly Point[]; readonly className: string }) {
  const [before, end] = [points.at(-2), points.at(-1)]
  if (before === undefined || end === undefined) return null
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI
  return (
    <path
      className={`tip ${className}`}
      d="M-7,-4L0,0L-7,4z"
      transform={`translate(${end.x},${end.y}) rotate(${angle})`}
    />
  )
}
