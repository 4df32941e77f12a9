/** The splits of a run: how far they are, who works on which, which are behind, which took long; and a table of them. */
import { Link, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ShownRun } from '../../api/runs.ts'
import type { SplitSummary } from '../../api/splits.ts'
import { MOST_NUMBERS, MOST_WORKERS, NOBODY_WORKS, splitCountsText } from '../../read/words/splits.ts'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText, durationText } from '../parts/units.ts'
import { Time } from '../parts/values.tsx'
import { Trouble, Worker } from './split-worker.tsx'
import { SplitsTable } from './splits-table.tsx'
import './splits.css'

/** Nothing of a run without splits. */
export function SplitsPanel({ shown }: { readonly shown: ShownRun }) {
  const { split_summary: summary, run } = shown
  if (summary === undefined) return null
  return (
    <Panel title="Splits" flush note={splitCountsText(summary)}>
      <div className="panel-body splits-far">
        <Bar of={summary} />
        <Facts of={summary} />
      </div>
      <SplitsTable run={run} summary={summary} />
    </Panel>
  )
}

/** What the note beside the heading says, as lengths. */
function Bar({ of: { count, closed, under_way } }: { readonly of: SplitSummary }) {
  const share = (part: number) => ({ width: `${(100 * part) / count}%` })
  return (
    <div className="splits-bar" aria-hidden="true">
      {closed > 0 && <span className="splits-closed" style={share(closed)} />}
      {under_way > 0 && <span className="splits-under-way" style={share(under_way)} />}
    </div>
  )
}

function Facts({ of: { workers, behind, slowest, signed_by } }: { readonly of: SplitSummary }) {
  const facts: Array<readonly [title: string, lines: readonly ReactNode[]]> = [
    ['Worked on', workerLines(workers)],
    [
      'Behind',
      behind.map(({ split, rows, last_entry_at, worker }) => (
        <span key={split}>
          <SplitLink of={split} words />: {counted(rows, 'row')}, last entry{' '}
          {last_entry_at !== null && <Time at={last_entry_at} />}
          {worker === null && <Trouble>{NOBODY_WORKS}</Trouble>}
        </span>
      )),
    ],
    [
      'Slowest',
      (slowest ?? []).map(({ split, duration_ms }) => (
        <span key={split}>
          <SplitLink of={split} words /> {durationText(duration_ms * 1000)}
        </span>
      )),
    ],
    [
      'Signed by',
      (signed_by ?? []).map(({ key, splits }) => (
        <span key={key}>
          <code>
            <Text of={key} />
          </code>{' '}
          <span className="quiet">{counted(splits, 'split')}</span>
        </span>
      )),
    ],
  ]
  return (
    <dl className="facts splits-facts">
      {facts
        .filter(([, lines]) => lines.length > 0)
        .map(([title, lines]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              {lines.map((line, i) => (
                <p key={i}>{line}</p>
              ))}
            </dd>
          </div>
        ))}
    </dl>
  )
}

function workerLines(workers: SplitSummary['workers']): readonly ReactNode[] {
  const more = workers.length - MOST_WORKERS
  return [
    ...workers.slice(0, MOST_WORKERS).map(({ splits, ...worker }) => (
      <span key={`${worker.host} ${worker.pid} ${worker.lease}`}>
        by <Worker of={worker} />: {splits.length === 1 ? 'split' : 'splits'}{' '}
        {splits.slice(0, MOST_NUMBERS).map((split, i) => (
          <span key={split}>
            {i > 0 && ', '}
            <SplitLink of={split} />
          </span>
        ))}
        {splits.length > MOST_NUMBERS && ` and ${countText(splits.length - MOST_NUMBERS)} more`}
      </span>
    )),
    ...(more > 0 ? [`and by ${countText(more)} more`] : []),
  ]
}

/** Leads to its line in the table. */
function SplitLink({ of: split, words = false }: { readonly of: number; readonly words?: boolean }) {
  const search = useSearch({ from: '/runs/$run/' })
  return (
    <Link from="/runs/$run/" to="." search={{ ...search, split: `${split}` }} replace resetScroll={false}>
      {words ? 'split ' : <span className="spoken">split </span>}
      {countText(split)}
    </Link>
  )
}
