/** The rows of a run that fit what the URL asks for. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useState } from 'react'
import { ServerError } from '../app/client.ts'
import { planQuery, runQuery, soundOf } from '../app/queries.ts'
import { useMay } from '../app/session-context.tsx'
import { useTitle } from '../app/title.ts'
import { Commands, commandRun } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { ColumnsDialog } from './columns-dialog.tsx'
import { dataColumns, fieldsOf } from './data-columns.ts'
import { ExportLinks } from './export-links.tsx'
import { FilterBar } from './filter-bar.tsx'
import { FoundLine } from './found-line.tsx'
import { NothingFits } from './nothing-fits.tsx'
import { type RowPages, type Span, useRowPages } from './row-pages.ts'
import { conditionsOf, type RowsSearch, rowsSearchOf, withoutCondition, withoutFilter, wordsOf } from './rows-search.ts'
import { RowsTable } from './rows-table.tsx'
import '../parts/checked.css'
import './rows.css'

/** So that the address line isn't written with every key that is held down. */
const WRITTEN_AFTER_MS = 400

export function RowsScreen() {
  const { run } = useParams({ from: '/runs/$run/rows' })
  const search = rowsSearchOf(useSearch({ from: '/runs/$run/rows' }))
  const navigate = useNavigate()
  const go = (to: RowsSearch, replace = false) =>
    void navigate({ to: '/runs/$run/rows', params: { run }, search: wordsOf(to), replace })
  // Whoever changes the filter begins at its first row, in a table of its own.
  const { at: _, columns: _columns, ...filter } = search
  return <FilteredRows key={JSON.stringify(filter)} run={run} search={search} go={go} />
}

interface Props {
  readonly run: string
  readonly search: RowsSearch
  readonly go: (to: RowsSearch, replace?: boolean) => void
}

function FilteredRows({ run, search, go }: Props) {
  useTitle('Rows')
  // What is unsound is said by the frame of the run.
  const shown = soundOf(useQuery(runQuery(run)).data)
  const plan = soundOf(useQuery(planQuery(run)).data)
  const [span, setSpan] = useState<Span>([0, 0])
  const [stopped, setStopped] = useState(false)
  const pages = useRowPages({ run, search, span, live: shown?.status === 'running', stopped })
  const onAt = useWrittenAt(search, go)
  const [choosing, setChoosing] = useState(false)
  const values = useMay('analyst')
  const fields = values ? dataColumns(search, pages.lines.slice(0, 200)) : []
  const onColumns = (columns: readonly string[] | null) => {
    const { columns: _, ...others } = search
    go(columns === null ? others : { ...others, columns }, true)
  }
  const sources = (plan?.nodes.filter(each => each.kind === 'source').length ?? 1) > 1
  const refused = search.where !== undefined && isRefusal(pages.error)
  return (
    <div className="rows-screen">
      <FilterBar run={shown} plan={plan} search={search} refused={refused ? pages.error : null} go={go} />
      <div className="rows-tools">
        <FoundLine pages={pages} filtered={conditionsOf(search).length > 0} stopped={stopped} onStop={setStopped} />
        <span className="actions">
          {values && (
            <button type="button" className="button" onClick={() => setChoosing(true)}>
              <Icon name="columns" size={14} />
              Columns
            </button>
          )}
          <ExportLinks run={run} search={search} />
        </span>
      </div>
      <Answer run={run} pages={pages} refused={refused}>
        {pages.count === 0 && !pages.goes_on ? (
          <NothingFits
            {...{ run, search, plan }}
            onDrop={condition => go(withoutCondition(search, condition))}
            onDropAll={() => go(withoutFilter(search))}
          />
        ) : (
          <RowsTable {...{ run, search, pages, fields, sources }} onSpan={setSpan} onAt={onAt} />
        )}
      </Answer>
      {!values && <p className="quiet small">You see structure and counts: values need the role analyst.</p>}
      <Commands of={commandsOf(run, search, pages.lines[0]?.row ?? 1)} />
      {choosing && (
        <ColumnsDialog
          fields={fieldsOf(pages.lines)}
          shown={fields}
          automatic={search.columns === undefined}
          onColumns={onColumns}
          onClose={() => setChoosing(false)}
        />
      )}
    </div>
  )
}

interface AnswerProps {
  readonly run: string
  readonly pages: RowPages
  readonly refused: boolean
  readonly children: React.ReactNode
}

/** The rows, or what is known of why there are none. */
function Answer({ run, pages, refused, children }: AnswerProps) {
  if (refused) return <p className="quiet">No rows are shown until the expression can be understood.</p>
  if (pages.unsound !== null) return <UnsoundNotice of={pages.unsound} what={`run ${run}`} run={run} />
  if (pages.error !== null) return <ErrorNotice error={pages.error} onRetry={pages.again} />
  if (pages.page === undefined) return <Skeleton lines={14} height={1.75} />
  return children
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ServerError && error.status >= 400 && error.status < 500 && ![401, 403, 404].includes(error.status)

/** Writes into the URL where the reader is, once they rest there; not while they are on their way elsewhere, to which it would put an end. */
function useWrittenAt(search: RowsSearch, go: Props['go']): (at: number) => void {
  const [at, setAt] = useState<number | null>(null)
  const router = useRouter()
  const write = useEffectEvent((to: number) => {
    const stays = router.latestLocation.pathname.endsWith('/rows')
    if (stays && to !== (search.at ?? 0)) go({ ...search, at: to }, true)
  })
  useEffect(() => {
    if (at === null) return
    const timer = setTimeout(() => write(at), WRITTEN_AFTER_MS)
    return () => clearTimeout(timer)
  }, [at])
  return setAt
}

/** What the command line answers of the same. */
function commandsOf(run: string, search: RowsSearch, first: number): ReadonlyArray<ReadonlyArray<string | number>> {
  const short = commandRun(run)
  const { where } = search
  return [
    where === undefined ? ['explain', short, '--row', first] : ['explain', short, '--where', where],
    // It knows no filter: what is filtered is exported from here.
    ...(conditionsOf(search).length === 0 ? [['export', short, '--format', 'jsonl']] : []),
  ]
}
