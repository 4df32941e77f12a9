/** The record of the run itself: its seal, its size, who signed it, and whether it could be repeated. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ShownRun } from '../../api/runs.ts'
import { planQuery, soundOf } from '../app/queries.ts'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import { Hash, RunIdText, Time } from '../parts/values.tsx'
import { isSealed } from './sealed.ts'

const REPEATABLE: { readonly [grade in ShownRun['repeatable']]: string } = {
  fully: 'fully',
  from_record: 'from its record',
  no: 'no',
}

export function RecordPanel({ shown }: { readonly shown: ShownRun }) {
  const { data } = useQuery(planQuery(shown.run))
  const plan = soundOf(data)
  const sealed = isSealed(shown)
  const in_doubt = shown.in_doubt.length
  return (
    <Panel
      title="Record"
      note={
        <span className={`badge bare tone-${sealed ? 'good' : 'open'}`}>
          <Icon name={sealed ? 'check' : 'ring'} size={12} />
          {sealed ? 'sealed' : 'not sealed'}
        </span>
      }
      actions={
        <Link to="/evidence" search={{ run: shown.run }} className="small">
          Evidence
        </Link>
      }
    >
      <dl className="facts">
        <SealFacts shown={shown} sealed={sealed} />
        {plan !== undefined && (
          <>
            <dt>Plan</dt>
            <dd>
              <Hash of={plan.plan_hash} what="hash of the plan" />
            </dd>
          </>
        )}
        <dt>Repeatable</dt>
        <dd>
          <Text of={`${REPEATABLE[shown.repeatable]}: ${shown.repeatable_reason}`} />
        </dd>
        {in_doubt > 0 && (
          <>
            <dt>In doubt</dt>
            <dd className="toned tone-bad">
              <Link to="/runs/$run/rows" params={{ run: shown.run }} search={{ cause: 'in_doubt' }}>
                {counted(in_doubt, 'row')}
              </Link>{' '}
              may have been taken by the far side
            </dd>
          </>
        )}
      </dl>
    </Panel>
  )
}

function SealFacts({ shown, sealed }: { readonly shown: ShownRun; readonly sealed: boolean }) {
  return (
    <>
      <dt>Run</dt>
      <dd>
        <RunIdText run={shown.run} />
      </dd>
      <dt>{sealed ? 'Sealed root' : 'Latest root'}</dt>
      <dd>{shown.checkpoint === '' ? 'none yet' : <Hash of={shown.checkpoint} what="root of the log" />}</dd>
      <dt>Signed by</dt>
      <dd>{shown.signed_by === null ? 'nobody yet' : <code>{shown.signed_by}</code>}</dd>
      <dt>Entries</dt>
      <dd>{countText(shown.entries)}</dd>
      <dt>Started</dt>
      <dd>
        <Time at={shown.started_at} />
      </dd>
      <dt>Ended</dt>
      <dd>{shown.ended_at === null ? 'not yet' : <Time at={shown.ended_at} />}</dd>
    </>
  )
}
