/** Splits of a run, a page of them at a time, since there may be very many; which page that is stands in the URL. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useEffect, useId, useRef } from 'react'
import type { ShownSplit, SplitSummary } from '../../api/splits.ts'
import { formatDuration } from '../../model/time.ts'
import { NOBODY_WORKS, SPLIT_STATUS } from '../../read/words/splits.ts'
import { useNarrow } from '../app/narrow.ts'
import { isUnsound, splitsQuery } from '../app/queries.ts'
import { oneOf } from '../app/search-words.ts'
import { Icon, type IconName } from '../parts/icons.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { Table } from '../parts/table.tsx'
import { Text } from '../parts/text.tsx'
import { countText } from '../parts/units.ts'
import { Time } from '../parts/values.tsx'
import { Worker } from './split-worker.tsx'
import { FEWER, pageWith, SPLITS_PAGE } from './splits-pages.ts'

interface Props {
  readonly run: string
  readonly summary: SplitSummary
  /** Key that signed the run. */
  readonly signer: string | null
}

export function SplitsTable({ run, summary, signer }: Props) {
  const search = useSearch({ from: '/runs/$run/' })
  const { count } = summary
  const most = useNarrow() ? FEWER : SPLITS_PAGE
  const { at, to, asked } = pageWith(oneOf(search, 'split'), count, most)
  const { data, error, refetch } = useQuery(splitsQuery(run, at, most))
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  if (isUnsound(data)) return <UnsoundNotice of={data} what="its splits" run={run} />
  if (data === undefined)
    return (
      <div className="panel-body">
        <Skeleton lines={to - at} height={1.7} />
      </div>
    )
  const { splits } = data
  // What is said above of all of them needn't be said of each.
  const keys = summary.signed_by?.some(({ key }) => key !== signer) ?? true
  const at_work = splits.some(each => each.worker !== null)
  return (
    <>
      <Table
        label="Each split"
        columns={[
          { number: 'Split' },
          'Status',
          { number: 'Rows' },
          { number: 'Took' },
          'Last entry',
          ...(at_work ? ['Worked on by'] : []),
          ...(keys ? ['Signed by'] : []),
        ]}
        rows={splits.map(each => ({
          key: `${each.split}`,
          cells: cellsOf(each, { at_work, keys, asked: each.split === asked, marks: marksOf(each, summary) }),
        }))}
      />
      {count > most && <Pages count={count} at={at} to={to} most={most} />}
    </>
  )
}

interface Around {
  readonly at_work: boolean
  readonly keys: boolean
  /** Whether somebody asked for this one. */
  readonly asked: boolean
  readonly marks: readonly Mark[]
}

function cellsOf(each: ShownSplit, { at_work, keys, asked, marks }: Around): readonly ReactNode[] {
  const begun = each.status !== 'not_begun'
  return [
    asked ? <AskedFor key={each.split} split={each.split} /> : countText(each.split),
    <Status key="status" of={each.status} marks={marks} />,
    begun ? countText(each.rows) : '',
    begun ? formatDuration(each.duration_ms * 1000) : '',
    each.last_entry_at === null ? (
      ''
    ) : (
      <span key="last" className="split-time">
        <Time at={each.last_entry_at} />
      </span>
    ),
    ...(at_work ? [each.worker === null ? '' : <Worker key="worker" of={each.worker} />] : []),
    ...(keys
      ? [
          each.signed_by === null ? (
            ''
          ) : (
            <code key="key">
              <Text of={each.signed_by} />
            </code>
          ),
        ]
      : []),
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

interface Mark {
  readonly words: string
  /** Whether something may be wrong. */
  readonly warns: boolean
}

/** What stands out among the splits of a run. */
function marksOf({ split, status, worker }: ShownSplit, { slowest, behind, closed }: SplitSummary): readonly Mark[] {
  const isAmong = (few: readonly ShownSplit[] | null) => few?.some(each => each.split === split) === true
  // Where all that are closed are named none of them stands out.
  const is_slow = isAmong(slowest) && closed > (slowest?.length ?? 0)
  return [
    ...(isAmong(behind) ? [{ words: 'behind', warns: false }] : []),
    ...(status === 'under_way' && worker === null ? [{ words: NOBODY_WORKS, warns: true }] : []),
    ...(is_slow ? [{ words: 'among the slowest', warns: false }] : []),
  ]
}

const SIGNS: { readonly [status in ShownSplit['status']]: readonly [tone: string, icon: IconName] } = {
  not_begun: ['passed', 'ring'],
  under_way: ['accent', 'half'],
  closed: ['good', 'check'],
}

function Status({ of, marks }: { readonly of: ShownSplit['status']; readonly marks: readonly Mark[] }) {
  const [tone, icon] = SIGNS[of]
  return (
    <span className="split-status">
      <span className={`badge bare tone-${tone}`}>
        <Icon name={icon} size={12} />
        {SPLIT_STATUS[of]}
      </span>
      {marks.map(({ words, warns }) => (
        <span key={words} className={warns ? 'badge bare tone-open' : 'quiet'}>
          {warns && <Icon name="warning" size={12} />}
          {words}
        </span>
      ))}
    </span>
  )
}

interface PagesProps {
  readonly count: number
  readonly at: number
  readonly to: number
  readonly most: number
}

function Pages({ count, at, to, most }: PagesProps) {
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
        {button('Previous', at + 1 - most, at > 0)}
        {button('Next', to + 1, to < count)}
      </div>
    </nav>
  )
}
