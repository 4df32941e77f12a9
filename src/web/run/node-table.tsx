/** The graph as a table: each node, and how many left it by each way. */
import { Link } from '@tanstack/react-router'
import { CLASS_SIGNS } from '../parts/badges.tsx'
import { Icon } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { countText, shareText } from '../parts/units.ts'
import type { Counts, Graph, GraphEdge, GraphNode } from './graph-model.ts'
import { KindIcon } from './node-kind.tsx'

interface Props {
  readonly run: string
  readonly graph: Graph
  readonly counts: Counts
  readonly ends: (sink: string) => 'success' | 'failure' | null
}

export function NodeTable({ run, graph, counts, ends }: Props) {
  return (
    <ol className="node-list">
      {graph.nodes
        .filter(each => each.kind !== 'discard')
        .map(node => (
          <NodeItem
            key={node.name}
            run={run}
            node={node}
            counts={counts}
            ends={ends(node.name)}
            ways={graph.edges.filter(each => each.from === node.name)}
          />
        ))}
    </ol>
  )
}

interface ItemProps {
  readonly run: string
  readonly node: GraphNode
  readonly counts: Counts
  readonly ends: 'success' | 'failure' | null
  readonly ways: readonly GraphEdge[]
}

function NodeItem({ run, node, counts, ends, ways }: ItemProps) {
  const of = counts.nodes.get(node.name)
  const came = of?.in ?? 0
  return (
    <li className={came === 0 ? 'unused' : ''}>
      <div className="node-head">
        <span className="list-kind">
          <KindIcon kind={node.kind} />
        </span>
        <Link to="/runs/$run/rows" params={{ run }} search={{ node: node.name }} className="node-name">
          <Text of={node.name} />
        </Link>
        <span className="quiet small node-does">
          {node.kind}
          {node.does !== '' && (
            <>
              {' · '}
              <code>
                <Text of={node.does} />
              </code>
            </>
          )}
        </span>
        {ends !== null && (
          <span className={`ends tone-${CLASS_SIGNS[ends].tone}`}>
            <Icon name={CLASS_SIGNS[ends].icon} size={12} />
            <span className="spoken">{CLASS_SIGNS[ends].words}</span>
          </span>
        )}
        <span className="node-in">{countText(came)}</span>
      </div>
      {ways.length > 0 && (
        <ul className="ways">
          {ways.map(way => (
            <Way key={way.id} run={run} way={way} count={counts.edges.get(way.id) ?? 0} whole={came} />
          ))}
        </ul>
      )}
    </li>
  )
}

interface WayProps {
  readonly run: string
  readonly way: GraphEdge
  readonly count: number
  readonly whole: number
}

function Way({ run, way, count, whole }: WayProps) {
  return (
    <li className={`${way.error ? 'error' : ''} ${count === 0 ? 'unused' : ''}`}>
      <span className="way-name">
        {way.label !== 'to' && (
          <span className="way-title">
            <Text of={way.label} />{' '}
          </span>
        )}
        <Icon name="arrow" size={12} /> <Text of={way.to} />
      </span>
      <span className="way-bar" aria-hidden="true">
        <span className="way-fill" style={{ width: `${whole === 0 ? 0 : Math.min(100, (100 * count) / whole)}%` }} />
      </span>
      <span className="way-share quiet">{count === 0 ? '' : shareText(count, Math.max(count, whole))}</span>
      <Link to="/runs/$run/rows" params={{ run }} search={{ edge: way.id }} className="way-count">
        {countText(count)}
        <span className="spoken">
          {' '}
          by {way.label} to {way.to}
        </span>
      </Link>
    </li>
  )
}
