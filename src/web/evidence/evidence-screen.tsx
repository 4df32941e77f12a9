/** How the record stands: its head and who signed it, what was sealed, witnessed, dated and erased, and a check of all of it. */
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { Evidence } from '../../api/evidence.ts'
import { get } from '../app/client.ts'
import { oneOf } from '../app/search-words.ts'
import { useTitle } from '../app/title.ts'
import { Commands, commandRun } from '../parts/command.tsx'
import { ErrorNotice, Notice, Skeleton } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { Erasures } from './erasures.tsx'
import { HeadPanel } from './head-panel.tsx'
import { Keys } from './keys-panel.tsx'
import { Seals } from './seals.tsx'
import { SightNotice } from './sight.tsx'
import { VerifyPanel } from './verify-panel.tsx'
import { Timestamps, Witnesses } from './vouchers.tsx'
import '../parts/checked.css'
import './evidence.css'

export function EvidenceScreen() {
  useTitle('Evidence')
  const run = oneOf(useSearch({ from: '/evidence' }), 'run')
  const { data, error, refetch } = useQuery({
    queryKey: ['evidence'],
    queryFn: ({ signal }) => get<Evidence>('/evidence', {}, signal),
  })
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} />
  return (
    <>
      <div className="screen-head">
        <h1>Evidence</h1>
        <p className="quiet">
          What the ledger can show of itself. It convinces whoever holds an older head or a key from elsewhere; by
          itself it is the word of the machine that keeps it.
        </p>
      </div>
      {data === undefined ? <Skeleton lines={10} height={2.5} /> : <Standing of={data} run={run} />}
    </>
  )
}

function Standing({ of, run }: { readonly of: Evidence; readonly run: string | null }) {
  return (
    <div className="evidence">
      {of.problems.length > 0 && (
        <Notice tone="bad" title="The ledger’s own log doesn’t hold">
          <ul>
            {of.problems.map(each => (
              <li key={each}>
                <Text of={each} />
              </li>
            ))}
          </ul>
        </Notice>
      )}
      <SightNotice of={of.sight} />
      <div className="evidence-columns">
        <HeadPanel of={of} />
        <VerifyPanel key={run} run={run} />
        <Keys of={of.keys} />
        <Seals of={of.seals} />
        <Witnesses of={of.witnesses} head={of.head?.size ?? null} />
        <Timestamps of={of.timestamps} head={of.head?.size ?? null} />
        <Erasures of={of.erasures} />
      </div>
      <Commands
        of={[
          run === null ? ['verify'] : ['verify', commandRun(run)],
          ['checkpoint'],
          ['verify', '--since', 'CHECKPOINT'],
          ['key', 'show'],
        ]}
      />
    </div>
  )
}
