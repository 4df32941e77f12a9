/** Recomputes everything from the stored bytes, on the server, and shows how far it is; then each check with what is wrong. */
import { useState } from 'react'
import type { Verified } from '../../api/evidence.ts'
import { shortRun } from '../../read/words/text.ts'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText, durationText } from '../parts/units.ts'
import { useVerify, type Verifying } from './verify.ts'

export function VerifyPanel({ run }: { readonly run: string | null }) {
  const [of, setOf] = useState(run)
  const { state, start, stop } = useVerify(of)
  return (
    <Panel
      title="Verify"
      className="verify-panel"
      actions={
        state.kind === 'running' ? (
          <button type="button" className="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="button" className="button first" onClick={start}>
            {of === null ? 'Verify the ledger' : 'Verify the run'}
          </button>
        )
      }
    >
      <div className="verify-body" aria-busy={state.kind === 'running'} data-verify={state.kind}>
        {run !== null && state.kind !== 'running' && (
          <label className="verify-what">
            <input type="checkbox" checked={of !== null} onChange={event => setOf(event.target.checked ? run : null)} />{' '}
            only run <code>{shortRun(run)}</code>
          </label>
        )}
        <State of={state} />
      </div>
    </Panel>
  )
}

function State({ of }: { readonly of: Verifying }) {
  switch (of.kind) {
    case 'idle':
      return (
        <p className="quiet">
          Every entry, value, ending, group and seal is recomputed from what is stored, by the server. It is the same as{' '}
          <code>custody verify</code>.
        </p>
      )
    case 'running':
      return <Progress of={of} />
    case 'failed':
      return (
        <p className="failure" role="alert">
          <Text of={of.message} />
        </p>
      )
    case 'verified':
      return <Result of={of.verified} took_ms={of.took_ms} />
  }
}

function Progress({ of: { progress } }: { readonly of: Extract<Verifying, { kind: 'running' }> }) {
  if (progress === null) return <p role="status">Beginning …</p>
  const { run, entries, of } = progress
  return (
    <>
      <progress value={entries} max={Math.max(1, of)} aria-label="How far it is" />
      <p className="quiet small">
        {countText(entries)} of {counted(of, 'entry', 'entries')}
        {run !== '' && (
          <>
            {' of run '}
            <code>{shortRun(run)}</code>
          </>
        )}
      </p>
    </>
  )
}

function Result({ of: { ok, runs }, took_ms }: { readonly of: Verified; readonly took_ms: number }) {
  const bad = runs.filter(each => !each.ok)
  return (
    <>
      <div className={`verdict ${ok ? 'holds' : 'broken'}`} role={ok ? 'status' : 'alert'}>
        <p className="verdict-line">
          <Icon name={ok ? 'check' : 'broken'} size={18} />
          {ok ? 'It holds' : 'It doesn’t hold'}
        </p>
        <p>
          The ledger’s own log and {counted(runs.length, 'run')}, in {durationText(took_ms * 1000)}
          {bad.length > 0 && `; ${countText(bad.length)} of them with problems`}.
        </p>
      </div>
      {[...bad, ...runs.filter(each => each.ok)].map(each => (
        <Checks key={each.run} of={each} open={!each.ok || runs.length === 1} />
      ))}
    </>
  )
}

function Checks({ of, open }: { readonly of: Verified['runs'][number]; readonly open: boolean }) {
  const { run, ok, entries, checks } = of
  return (
    <details className="verified" open={open}>
      <summary>
        <Icon name={ok ? 'check' : 'broken'} size={14} />
        <code>{shortRun(run)}</code>
        <span className="spoken">{ok ? 'holds' : 'doesn’t hold'}</span>
        <span className="quiet">{counted(entries, 'entry', 'entries')}</span>
      </summary>
      <ul className="checks">
        {checks.map(({ name, ok: fine, problems }) => (
          <li key={name} className={fine ? 'good' : 'bad'}>
            <Icon name={fine ? 'check' : 'cross'} size={13} />
            <span>
              <strong>{name}</strong> {fine ? 'holds' : 'doesn’t hold'}
              {problems.map(each => (
                <span key={each} className="check-problem">
                  <Text of={each} />
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
