/** What ended in failure, grouped by where and why, with an example each; and what can be done about it. */
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { ErrorGroup, ShownRun } from '../../api/runs.ts'
import { errorsQuery, isUnsound, runQuery, soundOf } from '../app/queries.ts'
import { useMay, useSession } from '../app/session-context.tsx'
import { useTitle } from '../app/title.ts'
import { Command, Commands, commandRun } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { Empty, ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { counted, countText, shareText } from '../parts/units.ts'
import { RerunDialog } from '../run/rerun-dialog.tsx'
import { FailureEndings } from './failure-endings.tsx'
import { ProblemGroup } from './problem-group.tsx'
import './problems.css'

export function ProblemsScreen() {
  const { run } = useParams({ from: '/runs/$run/problems' })
  const answer = useQuery(errorsQuery(run))
  const { data: found } = useQuery(runQuery(run))
  const shown = soundOf(found)
  useTitle('Problems')
  if (answer.error !== null) return <ErrorNotice error={answer.error} onRetry={() => void answer.refetch()} />
  if (answer.data === undefined || shown === undefined) return <Skeleton lines={4} height={7} />
  if (isUnsound(answer.data)) return <UnsoundNotice of={answer.data} what={`run ${run}`} run={run} />
  return <Problems shown={shown} groups={answer.data.errors} />
}

function Problems({ shown, groups }: { readonly shown: ShownRun; readonly groups: readonly ErrorGroup[] }) {
  const { run, failed_rows, rows, status } = shown
  if (failed_rows === 0 && groups.length === 0)
    return (
      <Empty title={status === 'running' ? 'No row has failed yet' : 'No row failed'}>
        <p>Each row of this run that has ended, ended as its pipeline meant it to.</p>
        <Link to="/runs/$run/rows" params={{ run }} className="button">
          All rows
        </Link>
      </Empty>
    )
  return (
    <>
      <div className="screen-head">
        <p className="problems-sum">
          <b>{countText(failed_rows)}</b> of {counted(rows.read, 'row')} failed{' '}
          <span className="quiet">({shareText(failed_rows, rows.read)})</span>
        </p>
        <div className="actions">
          <Link to="/runs/$run/rows" params={{ run }} search={{ class: 'failure' }} className="button">
            All failed rows
          </Link>
          <RunAgain shown={shown} />
        </div>
      </div>
      <FailureEndings shown={shown} />
      <ol className="problem-list">
        {groups.map(group => (
          <ProblemGroup key={`${group.node} ${group.code}`} run={run} group={group} failed={failed_rows} />
        ))}
      </ol>
      <Commands
        of={[
          ['show', commandRun(run)],
          ['rerun', commandRun(run), '--failed'],
        ]}
      />
    </>
  )
}

/** For operators a button; for others, why there is none, and the command. */
function RunAgain({ shown }: { readonly shown: ShownRun }) {
  const [asked, setAsked] = useState(false)
  const may = useMay('operator')
  const { operates } = useSession()
  if (shown.failed_rows === 0 || shown.status === 'running') return null
  if (!may || !operates)
    return (
      <details className="why-not">
        <summary className="button">Run them again …</summary>
        <div className="why-not-text panel">
          <p className="small">
            {may
              ? 'This server was started without --pipelines, so it starts no runs. Where the pipeline is, this does:'
              : 'Only operators start runs here. Where the pipeline is, this does:'}
          </p>
          <Command words={['rerun', commandRun(shown.run), '--failed']} />
        </div>
      </details>
    )
  return (
    <>
      <button type="button" className="button first" onClick={() => setAsked(true)}>
        <Icon name="again" size={14} />
        Run them again
      </button>
      {asked && <RerunDialog shown={shown} onClose={() => setAsked(false)} />}
    </>
  )
}
