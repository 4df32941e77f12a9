/** The splits of a run: how far they are, who works on which, which are behind, which took long; and a table of them. */
import { Link, useSearch } from '@tanstack/react-router'
import { Fragment, type ReactNode } from 'react'
import type { ShownRun } from '../../api/runs.ts'
import type { SplitSummary } from '../../api/splits.ts'
import { formatDuration } from '../../model/time.ts'
import { MOST_NUMBERS, MOST_WORKERS, NOBODY_WORKS, splitCountsText } from '../../read/words/splits.ts'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
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
      <SplitsTable run={run} summary={summary} signer={shown.signed_by} />
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
  return (
    <dl className="facts">
      <Fact title="Worked on" lines={workerLines(workers)} />
      <Fact
        title="Behind"
        lines={behind.map(({ split, rows, last_entry_at, worker }) => (
          <Fragment key={split}>
            <SplitLink of={split} words />: {counted(rows, 'row')}, last entry{' '}
            {last_entry_at !== null && <Time at={last_entry_at} />}
            {worker === null && <Trouble>{NOBODY_WORKS}</Trouble>}
          </Fragment>
        ))}
      />
      <Fact
        title="Slowest"
        lines={inOneLine(
          (slowest ?? []).map(({ split, duration_ms }) => (
            <Fragment key={split}>
              <SplitLink of={split} words /> {formatDuration(duration_ms * 1000)}
            </Fragment>
          )),
        )}
      />
      <Fact
        title="Signed by"
        lines={(signed_by ?? []).map(({ key, splits }) => (
          <Fragment key={key}>
            <code>
              <Text of={key} />
            </code>{' '}
            <span className="quiet">{counted(splits, 'split')}</span>
          </Fragment>
        ))}
      />
    </dl>
  )
}

/** Nothing where there is nothing to say. */
function Fact({ title, lines }: { readonly title: string; readonly lines: readonly ReactNode[] }) {
  if (lines.length === 0) return null
  return (
    <>
      <dt>{title}</dt>
      <dd>
        {lines.map((line, i) => (
          <p key={i}>{line}</p>
        ))}
      </dd>
    </>
  )
}

function inOneLine(parts: readonly ReactNode[]): readonly ReactNode[] {
  if (parts.length === 0) return []
  return [parts.map((part, i) => [i > 0 && ' · ', part])]
}

function workerLines(workers: SplitSummary['workers']): readonly ReactNode[] {
  const more = workers.length - MOST_WORKERS
  return [
    ...workers.slice(0, MOST_WORKERS).map(({ splits, ...worker }) => (
      <Fragment key={`${worker.host} ${worker.pid} ${worker.lease}`}>
        by <Worker of={worker} />: {splits.length === 1 ? 'split' : 'splits'}{' '}
        {splits.slice(0, MOST_NUMBERS).map((split, i) => (
          <span key={split}>
            {i > 0 && ', '}
            <SplitLink of={split} />
          </span>
        ))}
        {splits.length > MOST_NUMBERS && ` and ${countText(splits.length - MOST_NUMBERS)} more`}
      </Fragment>
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
