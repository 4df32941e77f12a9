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
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { Icon } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import type { Laid, Point } from './graph-layout.ts'
import { NODE, roundedPath } from './graph-layout.ts'
import type { Counts, Graph, GraphEdge, GraphNode } from './graph-model.ts'
import { KindIcon } from './node-kind.tsx'

type NodeData = {
  readonly run: string
  readonly node: GraphNode
  readonly count: number
  readonly errors: number
  readonly held: number
  readonly ends: 'success' | 'failure' | null
}
type EdgeData = {
  readonly run: string
  readonly edge: GraphEdge
  readonly count: number
  readonly share: number
  readonly points: readonly Point[]
  readonly label: Point
}

interface Props {
  readonly run: string
  readonly graph: Graph
  readonly laid: Laid
  readonly counts: Counts
  readonly discarded: number
  readonly ends: (sink: string) => 'success' | 'failure' | null
  readonly live: boolean
}

const NODE_TYPES = { plan: PlanNode }
const EDGE_TYPES = { way: WayEdge }

export default function FlowGraph({ run, graph, laid, counts, discarded, ends, live }: Props) {
  const nodes = useMemo(
    () =>
      graph.nodes.map((node): Node<NodeData> => {
        const of = counts.nodes.get(node.name)
        const count = node.kind === 'discard' ? discarded : (of?.in ?? 0)
        const data = { run, node, count, errors: of?.error ?? 0, held: of?.held ?? 0, ends: ends(node.name) }
        return { id: node.name, type: 'plan', position: laid.nodes.get(node.name) ?? { x: 0, y: 0 }, data, ...NODE }
      }),
    [run, graph, laid, counts, discarded, ends],
  )
  const edges = useMemo(
    () =>
      graph.edges.map((edge): Edge<EdgeData> => {
        const count = counts.edges.get(edge.id) ?? 0
        const share = count === 0 ? 0 : Math.log(1 + count) / Math.log(1 + counts.most)
        const data = { run, edge, count, share, ...(laid.edges.get(edge.id) ?? { points: [], label: { x: 0, y: 0 } }) }
        return { id: edge.id, type: 'way', source: edge.from, target: edge.to, data }
      }),
    [run, graph, laid, counts],
  )
  return (
    <ReactFlow
      className={live ? 'flow running' : 'flow'}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      fitView
      fitViewOptions={{ maxZoom: 1, minZoom: 0.6, padding: 0.02 }}
      minZoom={0.3}
      maxZoom={1.6}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      zoomOnScroll={false}
      preventScrolling={false}
      proOptions={{ hideAttribution: true }}
      aria-label="Graph of the run"
    >
      <Controls showInteractive={false} position="bottom-right" />
    </ReactFlow>
  )
}

/** Kinds whose shape says enough to leave room for what they do. */
const SAID_BY_SHAPE: ReadonlySet<string> = new Set(['gate', 'transform'])

function PlanNode({ data: { run, node, count, errors, held, ends } }: NodeProps<Node<NodeData>>) {
  const { name, kind, does } = node
  const isNode = kind !== 'discard'
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
        <Link className={classes.join(' ')} to="/runs/$run/rows" params={{ run }} search={{ node: name }} title={does}>
          {inside}
        </Link>
      ) : (
        <div className={classes.join(' ')}>{inside}</div>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  )
}

function WayEdge({ data }: EdgeProps<Edge<EdgeData>>) {
  if (data === undefined) return null
  const { run, edge, count, share, points, label } = data
  const classes = `way${edge.error ? ' error' : ''}${count === 0 ? ' unused' : ''}`
  const named = edge.label === 'to' ? '' : edge.label
  return (
    <>
      <BaseEdge path={roundedPath(points)} className={classes} style={{ strokeWidth: 1.25 + 2.5 * share }} />
      <Tip points={points} className={classes} />
      <EdgeLabelRenderer>
        <Link
          className={`way-label nopan ${classes}`}
          style={{ transform: `translate(-50%, -50%) translate(${label.x}px, ${label.y}px)` }}
          to="/runs/$run/rows"
          params={{ run }}
          search={{ edge: edge.id }}
          aria-label={`${counted(count, 'row')} from ${edge.from} by ${edge.label} to ${edge.to}`}
        >
          {named !== '' && (
            <span>
              <Text of={named} />
            </span>
          )}
          <b>{countText(count)}</b>
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
