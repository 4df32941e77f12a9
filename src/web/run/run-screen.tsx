/** One run: how its rows flowed, how they ended, what it wrote, asked and cost. */
import { useParams } from '@tanstack/react-router'
import { useTitle } from '../app/title.ts'
import { Commands, commandRun } from '../parts/command.tsx'
import { LiveSign } from '../parts/live-sign.tsx'
import { Skeleton } from '../parts/states.tsx'
import { CallsPanel } from './calls-panel.tsx'
import { ErrorsPanel } from './errors-panel.tsx'
import { Figures } from './figures.tsx'
import { GraphPanel } from './graph-panel.tsx'
import { LimitsPanel } from './limits-panel.tsx'
import { Operate } from './operate.tsx'
import { OutcomesPanel } from './outcomes-panel.tsx'
import { OutputsPanel } from './outputs-panel.tsx'
import { PlanPanel } from './plan-panel.tsx'
import { RecordPanel } from './record-panel.tsx'
import './run.css'
import { SplitsPanel } from './splits-panel.tsx'
import { StopNotice } from './stop-notice.tsx'
import { useLiveRun } from './use-live-run.ts'

export function RunScreen() {
  const { run } = useParams({ from: '/runs/$run/' })
  const { shown, connection, rows_per_second } = useLiveRun(run)
  useTitle(shown === null ? 'Run' : `${shown.name} ${run.slice(0, 8)}`)
  if (shown === null)
    return (
      <div className="run-parts">
        <Skeleton height={4} />
        <Skeleton height={22} />
        <Skeleton lines={4} height={3} />
      </div>
    )
  const { stopped } = shown
  return (
    <div className="run-parts">
      {stopped !== null && <StopNotice run={run} stop={stopped} />}
      <div className="run-top">
        <Figures shown={shown} rate={rows_per_second} />
        <div className="actions">
          <LiveSign connection={connection} />
          <Operate shown={shown} />
        </div>
      </div>
      <div className="run-grid">
        <div className="run-flow">
          <GraphPanel shown={shown} rate={rows_per_second} />
        </div>
        <div className="run-stack run-side">
          <OutcomesPanel shown={shown} />
          <ErrorsPanel shown={shown} />
          <LimitsPanel shown={shown} />
          <RecordPanel shown={shown} />
        </div>
        <div className="run-stack run-rest">
          <SplitsPanel shown={shown} />
          <OutputsPanel shown={shown} />
          <CallsPanel shown={shown} />
          <PlanPanel run={run} />
        </div>
      </div>
      <Commands
        of={[
          ['show', commandRun(run)],
          ['explain', commandRun(run), '--row', 1],
          ['verify', commandRun(run)],
        ]}
      />
    </div>
  )
}
