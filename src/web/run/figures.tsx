/** A run in a few numbers; each leads to its rows. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { ShownRun } from '../../api/runs.ts'
import { dollars } from '../../read/words/text.ts'
import type { SearchWords } from '../app/search-words.ts'
import { countText, durationText, shareText } from '../parts/units.ts'

export function Figures({ shown, rate }: { readonly shown: ShownRun; readonly rate: number | null }) {
  const { run, rows, tokens, failed_rows, duration_ms, calls } = shown
  const per_second = rate ?? (duration_ms === 0 ? null : (1000 * rows.read) / duration_ms)
  return (
    <dl className="figures">
      <Figure
        title="Rows read"
        run={run}
        search={{}}
        note={rows.rejected > 0 ? `${countText(rows.rejected)} rejected` : 'none rejected'}
      >
        {countText(rows.read)}
      </Figure>
      <Figure
        title="Rows failed"
        run={run}
        search={{ class: 'failure' }}
        tone={failed_rows > 0 ? 'bad' : undefined}
        note={failed_rows === 0 ? 'none' : shareText(failed_rows, rows.read)}
      >
        {countText(failed_rows)}
      </Figure>
      <Figure
        title={tokens.born === rows.read ? 'Ended' : 'Tokens ended'}
        note={tokens.open === 0 ? `of ${countText(tokens.born)}, each exactly once` : `${countText(tokens.open)} open`}
        tone={tokens.open > 0 && shown.status !== 'running' ? 'open' : undefined}
      >
        {countText(tokens.ended)}
      </Figure>
      <Figure title="Duration" note={per_second === null ? '' : `${countText(Math.round(per_second))} rows/s`}>
        {durationText(duration_ms * 1000)}
      </Figure>
      {calls !== undefined && (
        <Figure
          title="Cost"
          note={`${countText(calls.made)} calls · ${countText(calls.input_tokens + calls.output_tokens)} LLM tokens`}
        >
          {dollars(calls.cost_usd)}
        </Figure>
      )}
    </dl>
  )
}

interface Props {
  readonly title: string
  readonly note: string
  readonly tone?: 'bad' | 'open' | undefined
  readonly run?: string
  readonly search?: SearchWords
  readonly children: ReactNode
}

function Figure({ title, note, tone, run, search, children }: Props) {
  return (
    <div className={`figure ${tone === undefined ? '' : `tone-${tone} toned`}`}>
      <dt>{title}</dt>
      <dd>
        {run === undefined || search === undefined ? (
          <span className="figure-number">{children}</span>
        ) : (
          <Link className="figure-number" to="/runs/$run/rows" params={{ run }} search={search}>
            {children}
          </Link>
        )}
        <span className="figure-note">{note}</span>
      </dd>
    </div>
  )
}
