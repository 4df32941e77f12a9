/**
 * The table of rows: only what is seen is there. The keys are those of a grid, whose one stop on the page is the table itself; what it is at is
 * told by its id. On narrow pages a row is a card.
 */
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import type { RowLine } from '../../api/rows.ts'
import { useNarrow } from '../app/narrow.ts'
import { Text } from '../parts/text.tsx'
import { type Column, columnsOf } from './row-columns.tsx'
import type { RowPages, Span } from './row-pages.ts'
import { RowCard, RowCells, rowId } from './row-views.tsx'
import { type RowsSearch, rowWords } from './rows-search.ts'
import { useVisibleRows, type VisibleRows } from './visible-rows.ts'

/** In pixels; the style sheet has the same. */
const HEIGHT = { row: 34, card: 104, head: 34 } as const

interface Props {
  readonly run: string
  readonly search: RowsSearch
  readonly pages: RowPages
  readonly fields: readonly string[]
  readonly sources: boolean
  readonly onSpan: (span: Span) => void
  /** Where the reader is now: the place among the rows that fit. */
  readonly onAt: (at: number) => void
}

export function RowsTable({ run, search, pages, fields, sources, onSpan, onAt }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const [wanted, setAt] = useState(search.at ?? 0)
  // An address may name a place beyond the last row.
  const at = Math.max(0, Math.min(wanted, pages.count - 1))
  const costs = pages.lines.some(line => line.cost_usd > 0) || search.min_cost_usd !== undefined
  const errors = pages.lines.some(line => line.endings.some(each => each.error_code !== null))
  const columns = columnsOf({ fields, sources, errors, costs })
  const head = narrow ? 0 : HEIGHT.head
  const visible = useVisibleRows(frame, pages.count, narrow ? HEIGHT.card : HEIGHT.row, head)
  const move = (to: number) => {
    const index = Math.max(0, Math.min(pages.count - 1, to))
    setAt(index)
    onAt(index)
    visible.show(index)
  }
  useReport(visible, onSpan)
  useFirstPlace(search.at ?? 0, pages.count, visible)
  const open = useOpen(run, search, pages)
  const template = columns.map(each => each.width).join(' ')
  return (
    <div ref={frame} className={narrow ? 'rows cards' : 'rows'}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a table whose rows are walked by keys is a grid
        role="grid"
        className="rows-table"
        style={{ height: visible.height + head }}
        tabIndex={0}
        aria-label="Rows that fit"
        aria-rowcount={pages.goes_on ? -1 : pages.count + 1}
        aria-colcount={narrow ? 1 : columns.length}
        aria-activedescendant={pages.count === 0 ? undefined : rowId(at)}
        aria-busy={pages.looking}
        onKeyDown={event => pressed(event, { at, per_page: visible.per_page, last: pages.count - 1, move, open })}
        onClick={event => {
          const picked = pickedIn(event.target)
          if (picked !== null) move(picked)
        }}
      >
        {!narrow && <Head columns={columns} template={template} />}
        <tbody>
          {visible.rows.map(({ index, top }) => {
            const shared = { index, line: pages.lineAt(index), is_at: index === at, run, search }
            const style = { transform: `translateY(${top}px)` }
            return narrow ? (
              <RowCard key={index} {...shared} fields={fields} style={style} />
            ) : (
              <RowCells key={index} {...shared} columns={columns} style={{ ...style, gridTemplateColumns: template }} />
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** The place of the row in which an element is. */
function pickedIn(element: EventTarget): number | null {
  const row = element instanceof Element ? element.closest('tr[data-index]') : null
  return row === null ? null : Number(row.getAttribute('data-index'))
}

function Head({ columns, template }: { readonly columns: readonly Column[]; readonly template: string }) {
  return (
    <thead>
      <tr aria-rowindex={1} className="rows-head" style={{ gridTemplateColumns: template }}>
        {columns.map(({ key, title, is_number, is_field }) => (
          <th
            key={key}
            scope="col"
            className={`${is_number === true ? 'number' : ''} ${is_field === true ? 'mono' : ''}`}
          >
            <Text of={title} />
          </th>
        ))}
      </tr>
    </thead>
  )
}

interface Move {
  readonly at: number
  readonly per_page: number
  readonly last: number
  readonly move: (to: number) => void
  readonly open: (at: number) => void
}

function pressed(event: KeyboardEvent, { at, per_page, last, move, open }: Move): void {
  if (event.target !== event.currentTarget || event.altKey || event.metaKey) return
  const to = new Map([
    ['ArrowDown', at + 1],
    ['ArrowUp', at - 1],
    ['PageDown', at + per_page],
    ['PageUp', at - per_page],
    ['Home', 0],
    ['End', last],
  ]).get(event.key)
  if (to !== undefined) move(to)
  else if (event.key === 'Enter') open(at)
  else return
  event.preventDefault()
}

/** Opens the row at a place, with the filter, so that its neighbours are those that fit. */
function useOpen(run: string, search: RowsSearch, pages: RowPages): (at: number) => void {
  const navigate = useNavigate()
  return at => {
    const line: RowLine | undefined = pages.lineAt(at)
    if (line === undefined) return
    void navigate({
      to: '/runs/$run/rows/$row',
      params: { run, row: String(line.row) },
      search: rowWords(search, at),
    })
  }
}

function useReport({ rows }: VisibleRows, onSpan: (span: Span) => void): void {
  const [from, to] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0]
  const report = useEffectEvent(onSpan)
  useEffect(() => report([from, to]), [from, to])
}

/** Once there are rows, where the URL says. */
function useFirstPlace(at: number, count: number, visible: VisibleRows): void {
  const done = useRef(false)
  const show = useEffectEvent(() => visible.show(Math.min(at, count - 1)))
  useLayoutEffect(() => {
    if (done.current || count === 0) return
    done.current = true
    if (at > 0) show()
  }, [at, count])
}
