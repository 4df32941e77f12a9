/** Splits of a run, a page of them at a time, since there may be very many; which page that is stands in the URL. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import type { ShownSplit, SplitSummary } from '../../api/splits.ts'
import { NOBODY_WORKS, SPLIT_STATUS } from '../../read/words/splits.ts'
import { isUnsound, splitsQuery } from '../app/queries.ts'
import { oneOf } from '../app/search-words.ts'
import { Icon, type IconName } from '../parts/icons.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Text } from '../parts/text.tsx'
import { countText, durationText } from '../parts/units.ts'
import { Time } from '../parts/values.tsx'
import { Worker } from './split-worker.tsx'
import { pageWith, SPLITS_PAGE } from './splits-pages.ts'

export function SplitsTable({ run, summary }: { readonly run: string; readonly summary: SplitSummary }) {
  const search = useSearch({ from: '/runs/$run/' })
  const { count } = summary
  const { at, to, asked } = pageWith(oneOf(search, 'split'), count)
  const { data, error, refetch } = useQuery(splitsQuery(run, at, SPLITS_PAGE))
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what="its splits" run={run} />
  if (data === undefined)
    return (
      <div className="panel-body">
        <Skeleton lines={Math.min(SPLITS_PAGE, count)} height={1.7} />
      </div>
    )
  const { splits } = data
  const at_work = splits.some(each => each.worker !== null)
  return (
    <>
      <Table
        label="Splits"
        columns={[
          { number: 'Split' },
          'Status',
          { number: 'Rows' },
          { number: 'Took' },
          'Last entry',
          ...(at_work ? ['Worked on by'] : []),
          'Signed by',
        ]}
        rows={splits.map(each => ({
          key: `${each.split}`,
          cells: cellsOf(each, { at_work, asked: each.split === asked, mark: markOf(each, summary) }),
        }))}
      />
      {count > SPLITS_PAGE && <Pages count={count} at={at} to={to} />}
    </>
  )
}

interface Around {
  readonly at_work: boolean
  /** Whether somebody asked for this one. */
  readonly asked: boolean
  readonly mark: string | null
}

function cellsOf(each: ShownSplit, { at_work, asked, mark }: Around): readonly ReactNode[] {
  const begun = each.status !== 'not_begun'
  return [
    asked ? <AskedFor key={each.split} split={each.split} /> : countText(each.split),
    <Status key="status" of={each.status} mark={mark} />,
    begun ? countText(each.rows) : '',
    begun ? durationText(each.duration_ms * 1000) : '',
    each.last_entry_at === null ? '' : <Time key="last" at={each.last_entry_at} />,
    ...(at_work ? [each.worker === null ? '' : <Worker key="worker" of={each.worker} />] : []),
    each.signed_by === null ? (
      ''
    ) : (
      <code key="key">
        <Text of={each.signed_by} />
      </code>
    ),
  ]
}

/** Comes to be seen. */
function AskedFor({ split }: { readonly split: number }) {
  const place = useRef<HTMLElement>(null)
  useEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [])
  return (
    <mark ref={place} className="split-asked" aria-current="true">
      {countText(split)}
    </mark>
  )
}

/** What stands out among the splits of a run. */
function markOf({ split, status, worker }: ShownSplit, { slowest, behind, closed }: SplitSummary): string | null {
  const marks = [
    ...(behind.some(each => each.split === split) ? ['behind'] : []),
    ...(status === 'under_way' && worker === null ? [NOBODY_WORKS] : []),
    // Where all that are closed are named none of them stands out.
    ...(slowest?.some(each => each.split === split) === true && closed > slowest.length ? ['among the slowest'] : []),
  ]
  return marks.length === 0 ? null : marks.join(', ')
}

const SIGNS: { readonly [status in ShownSplit['status']]: readonly [tone: string, icon: IconName] } = {
  not_begun: ['passed', 'ring'],
  under_way: ['accent', 'half'],
  closed: ['good', 'check'],
}

function Status({ of, mark }: { readonly of: ShownSplit['status']; readonly mark: string | null }) {
  const [tone, icon] = SIGNS[of]
  return (
    <span className="split-status">
      <span className={`badge bare tone-${tone}`}>
        <Icon name={icon} size={12} />
        {SPLIT_STATUS[of]}
      </span>
      {mark !== null && (
        <span className="badge bare tone-open">
          <Icon name="warning" size={12} />
          {mark}
        </span>
      )}
    </span>
  )
}

function Pages({ count, at, to }: { readonly count: number; readonly at: number; readonly to: number }) {
  const search = useSearch({ from: '/runs/$run/' })
  const navigate = useNavigate({ from: '/runs/$run/' })
  const id = useId()
  const goTo = (split: number) =>
    void navigate({ search: { ...search, split: `${split}` }, replace: true, resetScroll: false })
  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const wanted = new FormData(event.currentTarget).get('split')
    if (typeof wanted === 'string' && wanted !== '') goTo(Number(wanted))
  }
  // Who has pressed a button stays on it, also where it leads no further.
  const button = (words: string, split: number, works: boolean) => (
    <button type="button" className="button" aria-disabled={!works} onClick={() => works && goTo(split)}>
      {words}
    </button>
  )
  return (
    <nav className="splits-pages" aria-label="Pages of splits">
      <span className="quiet small" role="status">
        {countText(at + 1)} to {countText(to)} of {countText(count)}
      </span>
      <form onSubmit={find}>
        <label className="small" htmlFor={id}>
          Split
        </label>
        <input id={id} name="split" type="number" className="input" min={1} max={count} required />
        <button type="submit" className="button">
          Show
        </button>
      </form>
      <div className="actions">
        {button('Previous', at + 1 - SPLITS_PAGE, at > 0)}
        {button('Next', to + 1, to < count)}
      </div>
    </nav>
  )
}
