/**
 * How the record of a row stands: checked in this page, by the verifier's own code, against keys that only the reader can give. It says as
 * plainly what such a check can't show.
 */
import type { CheckedProof } from '../../read/check/check-proof.ts'
import type { Story } from '../../read/explain/story.ts'
import { listed, printable } from '../../read/words/text.ts'
import { LOOKS_AT, verdictOf } from '../../read/words/verdict.ts'
import { ServerError } from '../app/client.ts'
import { useMay } from '../app/session-context.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { Skeleton } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { counted, durationText } from '../parts/units.ts'
import { useKeptTrust } from './kept-trust.ts'
import { type ProofCheck, useProofCheck } from './proof-check.ts'
import { ProofFiles } from './proof-files.tsx'
import { storyDifferences } from './story-differences.ts'
import { TrustBox } from './trust-box.tsx'

interface Props {
  readonly run: string
  readonly row: number
  /** As it is shown beside this. */
  readonly story: Story
}

export function RecordPanel({ run, row, story }: Props) {
  const may = useMay('analyst')
  const trust = useKeptTrust()
  const check = useProofCheck(run, row, trust, may && story.sealed !== null)
  return (
    <Panel title="How its record stands" className="record">
      <div className="record-body" data-checked={check.result?.ok === true ? verdictOf(check.result.checked).kind : ''}>
        {!may ? (
          <p>A proof holds values, and your role sees none. An analyst can download it and hand it to you.</p>
        ) : story.sealed === null ? (
          <p>
            The run isn’t sealed yet. What you read was checked by the server against the latest signed head; a proof
            can be made once the run has ended.
          </p>
        ) : (
          <Verdict check={check} story={story} />
        )}
        {may && story.sealed !== null && (
          <>
            <TrustBox key={trust} kept={trust} />
            <ProofFiles run={run} row={row} text={check.text} />
          </>
        )}
      </div>
    </Panel>
  )
}

function Verdict({ check: { result, error, took_ms }, story }: { readonly check: ProofCheck; readonly story: Story }) {
  if (error !== null)
    return (
      <div className="verdict broken" role="alert">
        <p className="verdict-line">
          <Icon name="warning" size={18} /> There is no proof to check
        </p>
        <p>
          <Text of={error instanceof Error ? error.message : String(error)} />
        </p>
        {error instanceof ServerError && error.hint !== null && (
          <p className="quiet">
            <Text of={error.hint} />
          </p>
        )}
      </div>
    )
  if (result === null)
    return (
      <div className="verdict" aria-busy="true">
        <p className="verdict-line">Checking in this page …</p>
        <Skeleton lines={3} />
      </div>
    )
  if (!result.ok)
    return (
      <div className="verdict broken" role="alert">
        <p className="verdict-line">
          <Icon name="broken" size={18} /> The proof can’t be read
        </p>
        <p>
          <Text of={result.message} />
        </p>
      </div>
    )
  return (
    <>
      <VerdictOf checked={result.checked} />
      <SameStory checked={result.checked} story={story} />
      <p className="quiet small">
        Checked in this page in {durationText(took_ms * 1000)}, by the code that <code>custody check</code> runs.
      </p>
      <Findings checked={result.checked} />
      <Limits />
    </>
  )
}

const ICONS = { holds: 'check', untrusted: 'info', broken: 'broken' } as const

function VerdictOf({ checked }: { readonly checked: CheckedProof }) {
  const verdict = verdictOf(checked)
  const { as_of, as_of_by = [], rests_on = [] } = checked
  return (
    <div className={`verdict ${verdict.kind}`} role={verdict.kind === 'broken' ? 'alert' : 'status'}>
      <p className="verdict-line">
        <Icon name={ICONS[verdict.kind]} size={18} />
        {verdict.kind === 'holds'
          ? 'It holds, by keys that you trust'
          : verdict.kind === 'untrusted'
            ? 'It holds together; whose word it is isn’t shown'
            : `The record ${verdict.name}`}
      </p>
      {verdict.kind === 'holds' && (
        <p>
          Signed by <Signers of={checked.signed_by} />.
          {as_of !== undefined && ` It existed by ${printable(as_of)}, as ${listed(as_of_by.map(printable))} says.`}
        </p>
      )}
      {verdict.kind === 'untrusted' && (
        <p>
          Its entries lead to a sealed run and a signed head, and the signature is by <Signers of={checked.signed_by} />
          . The server gave you both the record and {checked.signed_by.length > 1 ? 'these keys' : 'that key'}: whoever
          holds the server could have made all of it. Get the key from whoever keeps the ledger, by another way, and
          paste it below.
        </p>
      )}
      {rests_on.length > 0 && (
        <p className="failure">
          It rests on {listed(rests_on.map(each => printable(each.key)))} alone, which was revoked.
        </p>
      )}
      {verdict.kind === 'broken' && (
        <ul className="problems">
          {checked.checks.flatMap(({ name, problems }) =>
            problems.map(each => (
              <li key={`${name} ${each}`}>
                <Text of={each} />
              </li>
            )),
          )}
        </ul>
      )}
    </div>
  )
}

function Signers({ of }: { readonly of: readonly string[] }) {
  return of.map((each, i) => (
    <span key={each}>
      {i > 0 && ' and '}
      <code>
        <Text of={each} />
      </code>
    </span>
  ))
}

/** Whether the verdict is about what the reader has read. */
function SameStory({ checked, story }: { readonly checked: CheckedProof; readonly story: Story }) {
  if (checked.story === null)
    return <p className="failure">The proof shows no story that could be compared with what is shown here.</p>
  const differences = storyDifferences(story, checked.story)
  if (differences.length === 0) return <p className="same-story">What is shown here is what the proof says.</p>
  return (
    <div className="verdict broken" role="alert">
      <p className="verdict-line">
        <Icon name="broken" size={18} /> What is shown here isn’t what the proof says
      </p>
      <ul className="problems">
        {differences.slice(0, 12).map(each => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      {differences.length > 12 && <p>And {counted(differences.length - 12, 'more place', 'more places')}.</p>}
    </div>
  )
}

function Findings({ checked: { checks, proven, not_proven, withheld } }: { readonly checked: CheckedProof }) {
  const failed = checks.filter(each => !each.ok && each.name !== 'trust').length
  return (
    <>
      <details className="folded">
        <summary>
          {counted(checks.length, 'check')}
          {failed > 0 ? `, ${failed} of them not passed` : ''}
        </summary>
        <ul className="checks">
          {checks.map(({ name, ok, unfinished, problems }) => (
            <li key={name} className={ok ? 'good' : 'bad'}>
              <Icon name={ok ? 'check' : unfinished === true && problems.length === 0 ? 'dash' : 'cross'} size={13} />
              <span>
                <strong>{name}</strong>{' '}
                {ok ? 'holds' : unfinished === true && problems.length === 0 ? 'not checked' : 'doesn’t hold'}
                {LOOKS_AT[name] !== undefined && <span className="quiet">: {LOOKS_AT[name]}</span>}
              </span>
            </li>
          ))}
        </ul>
      </details>
      <details className="folded">
        <summary>what is proven, and what isn’t</summary>
        <h4>Proven, by keys that you trust</h4>
        {proven.length === 0 ? <p>Nothing.</p> : <Sentences of={proven.map(each => `${each.what} (${each.by})`)} />}
        <h4>Not proven</h4>
        <Sentences of={not_proven} />
        <h4>Withheld</h4>
        <p>{withheld === 0 ? 'Nothing.' : counted(withheld, 'value')}</p>
      </details>
    </>
  )
}

function Sentences({ of }: { readonly of: readonly string[] }) {
  return (
    <ul>
      {of.map(each => (
        <li key={each}>
          <Text of={each} />
        </li>
      ))}
    </ul>
  )
}

function Limits() {
  return (
    <p className="quiet small">
      This page came from the server, too. A verdict that doesn’t rest on it takes the file below and a verifier that
      you got elsewhere: <code>custody check</code>, the verifier’s page, or the one in Python.
    </p>
  )
}
