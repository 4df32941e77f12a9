/** Runs as a table; only the lines in sight are there, however many runs there are. On a narrow page each is a card. */
import { Link } from '@tanstack/react-router'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from 'react'
import type { RunLine } from '../../api/runs.ts'
import { dollars, madeFrom, shortRun } from '../../read/words/text.ts'
import { useNarrow } from '../app/narrow.ts'
import { StatusBadge } from '../parts/badges.tsx'
import { Icon } from '../parts/icons.tsx'
import { Skeleton } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { countText, durationText, shareText } from '../parts/units.ts'
import { Ago, RunIdText } from '../parts/values.tsx'
import { isReadable, type Line, type TrendPoint, trendsOf } from './run-list.ts'
import { Trend } from './trend.tsx'

const LINE_PX = 49
const CARD_PX = 98
/** Lines from the end at which the next page is asked for. */
const AHEAD = 30
/** As many as are ever compared. */
const CHOSEN = 2

interface Props {
  readonly lines: readonly Line[]
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (chosen: ReadonlySet<string>) => void
  /** null while there is no more, or it is on its way. */
  readonly onMore: (() => void) | null
}

export function RunsTable({ lines, chosen, onChoose, onMore }: Props) {
  const ref = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const trends = useMemo(() => trendsOf(lines), [lines])
  const size = narrow ? CARD_PX : LINE_PX
  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => size,
    overscan: 12,
    scrollMargin: ref.current?.offsetTop ?? 0,
    getItemKey: index => lines[index]?.run ?? index,
  })
  useEffect(() => virtual.measure(), [size])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (onMore !== null && last >= lines.length - AHEAD) onMore()
  }, [last, lines.length, onMore])
  const choose = (run: string) =>
    onChoose(new Set(chosen.has(run) ? [...chosen].filter(each => each !== run) : [...chosen, run].slice(-CHOSEN)))
  const focus = (index: number) => {
    if (index < 0 || index >= lines.length) return
    virtual.scrollToIndex(index, { align: 'auto' })
    requestAnimationFrame(() => ref.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus())
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: lines of a table element can't be placed one by one
    <div className="panel" role="table" aria-label="Runs" aria-rowcount={lines.length + 1}>
      <Head />
      <div ref={ref} className="runs-lines" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key }) => {
          const line = lines[index]
          if (line === undefined) return null
          const place = { height: size, transform: `translateY(${start - virtual.options.scrollMargin}px)` }
          return (
            // biome-ignore lint/a11y/useSemanticElements: as above
            // biome-ignore lint/a11y/useFocusableInteractive: its link has the focus
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              className="runs-line"
              style={place}
              onKeyDown={event => moved(event, index, focus)}
            >
              {isReadable(line) ? (
                <RunCells
                  line={line}
                  trend={trends.get(line.run) ?? []}
                  chosen={chosen.has(line.run)}
                  onChoose={() => choose(line.run)}
                />
              ) : (
                <UnreadableCells run={line.run} problem={line.problem} />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function moved(event: KeyboardEvent, index: number, focus: (index: number) => void): void {
  const to = { ArrowDown: index + 1, ArrowUp: index - 1 }[event.key]
  if (to === undefined || event.target instanceof HTMLInputElement) return
  event.preventDefault()
  focus(to)
}

const COLUMNS: ReadonlyArray<readonly [key: string, title: ReactNode]> = [
  [
    'choose',
    <span key="choose" className="spoken">
      Choose
    </span>,
  ],
  ['pipeline', 'Pipeline'],
  ['status', 'Status'],
  ['started', 'Started'],
  ['took', 'Duration'],
  ['rows', 'Rows'],
  ['failed', 'Failed'],
  ['cost', 'Cost'],
  ['history', 'Last runs'],
]

function Head() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    // biome-ignore lint/a11y/useFocusableInteractive: nothing is to be done with it
    <div role="row" className="runs-line runs-head">
      {COLUMNS.map(([key, title]) => (
        // biome-ignore lint/a11y/useSemanticElements: as above
        // biome-ignore lint/a11y/useFocusableInteractive: nothing is to be done with it
        <div role="columnheader" key={key} className={`run-${key}`}>
          {title}
        </div>
      ))}
    </div>
  )
}

function Cell({ of, children }: { readonly of: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div role="cell" className={`run-${of}`}>
      {children}
    </div>
  )
}

interface RunProps {
  readonly line: RunLine
  readonly trend: readonly TrendPoint[]
  readonly chosen: boolean
  readonly onChoose: () => void
}

function RunCells({ line, trend, chosen, onChoose }: RunProps) {
  const { run, name, rows, failed_rows, tokens } = line
  return (
    <>
      <Cell of="choose">
        <input
          type="checkbox"
          checked={chosen}
          onChange={onChoose}
          aria-label={`compare run ${shortRun(run)} of ${name}`}
        />
      </Cell>
      <Cell of="pipeline">
        <Link to="/runs/$run" params={{ run }} className="run-name">
          <Text of={name} />
        </Link>
        <span className="run-ids">
          <RunIdText run={run} />
          <Origin line={line} />
        </span>
      </Cell>
      <Cell of="status">
        <StatusBadge status={line.status} short />
      </Cell>
      <Cell of="started">
        <Ago at={line.started_at} />
      </Cell>
      <Cell of="took">{durationText(line.duration_ms * 1000)}</Cell>
      <Cell of="rows">
        {countText(rows.read)}
        <span className="unit"> rows</span>
        {tokens.open > 0 && <small>{countText(tokens.open)} open</small>}
      </Cell>
      <Cell of="failed">
        {failed_rows === 0 ? (
          <span className="quiet">
            none<span className="unit"> failed</span>
          </span>
        ) : (
          <>
            <Link to="/runs/$run/problems" params={{ run }} className="failures">
              {countText(failed_rows)}
              <span className="unit"> failed</span>
            </Link>
            <small>{shareText(failed_rows, rows.read)}</small>
          </>
        )}
      </Cell>
      <Cell of="cost">{line.cost_usd === 0 ? <span className="quiet">–</span> : dollars(line.cost_usd)}</Cell>
      <Cell of="history">
        <Trend points={trend} />
      </Cell>
    </>
  )
}

/** Which run it is made from, if from one. */
function Origin({ line }: { readonly line: RunLine }) {
  const from = madeFrom(line)
  if (from === null) return null
  return (
    <span>
      {from.how}{' '}
      <Link to="/runs/$run" params={{ run: from.run }} title={from.run}>
        <code>{shortRun(from.run)}</code>
      </Link>
    </span>
  )
}

/** One that can't be read is no run to be shown as if it could be. */
function UnreadableCells({ run, problem }: { readonly run: string; readonly problem: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div role="cell" className="run-unreadable">
      <Icon name="broken" />
      <strong>Can’t be read:</strong>
      <Link to="/runs/$run" params={{ run }}>
        <code>{shortRun(run)}</code>
      </Link>
      <span title={problem}>
        <Text of={problem} />
      </span>
    </div>
  )
}

/** As high as the first lines. */
export function RunsWaiting() {
  const narrow = useNarrow()
  return (
    <div className="panel">
      <Skeleton lines={10} height={narrow ? 7 : 2.9} />
    </div>
  )
}
