/** Why a run stopped, and how it continues. */

import type { ShownRun } from '../../api/runs.ts'
import { Command, commandRun } from '../parts/command.tsx'
import { Notice } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'

const REASONS: { readonly [reason: string]: string } = {
  user: 'It was stopped by the user',
  budget_exhausted: 'It stopped because the next call could go beyond limits.spend',
}

export function StopNotice({ run, stop }: { readonly run: string; readonly stop: NonNullable<ShownRun['stopped']> }) {
  const title = REASONS[stop.reason] ?? (stop.message === null ? 'It stopped' : stop.message)
  return (
    <Notice tone={stop.code === null ? 'open' : 'bad'} title={<Text of={title} />}>
      {stop.code !== null && (
        <p className="quiet small">
          <code>
            <Text of={stop.code} />
          </code>
          {stop.message === null && ' · its message is erased, or your role doesn’t show values'}
        </p>
      )}
      <p>Nothing is lost and nothing is doubled: what had not ended is kept, and the run continues with</p>
      <Command words={['resume', commandRun(run)]} />
    </Notice>
  )
}
