/** One step of a token: the node, what it did to the data or decided, what it asked, and how long it took. */
import type { VisitStory } from '../../read/explain/story.ts'
import { callText, type Step } from '../../read/words/steps.ts'
import { JsonView } from '../parts/json-view.tsx'
import { counted, durationText } from '../parts/units.ts'
import { CallView } from './call-view.tsx'
import { type DataChange, dataChange } from './changes.ts'
import { ChangesView, FoldedFields } from './fields-view.tsx'
import { GateLine, StepLine } from './step-lines.tsx'

interface Props {
  readonly step: Step
  readonly visit: VisitStory
  /** By which the graph leads here. */
  readonly id: string
}

export function StepView({ step, visit, id }: Props) {
  const { node, by, failed } = step
  // Calls have a view of their own here; every other line is as `explain` has it.
  const calls = new Set(visit.calls.map(each => callText(each, visit.error)))
  const lines = step.more.filter(line => !calls.has(line))
  return (
    <li className={`step kind-${visit.kind}${failed ? ' failed' : ''}`} id={id} tabIndex={-1}>
      <div className="step-head">
        <strong className="step-node">{node}</strong>
        <span className="step-by">{by}</span>
        {visit.attempt > 1 && <span className="attempt">attempt {visit.attempt}</span>}
        <span className="step-took">{visit.status === 'held' ? '' : durationText(visit.duration_us)}</span>
      </div>
      <Head step={step} visit={visit} />
      {lines.map(line => (
        <StepLine key={line} of={line} />
      ))}
      {visit.calls.map(call => (
        <CallView key={call.call} of={call} />
      ))}
      <Details visit={visit} />
      <Data visit={visit} />
    </li>
  )
}

function Head({ step: { head, failed }, visit }: { readonly step: Step; readonly visit: VisitStory }) {
  switch (head.kind) {
    case 'gate':
      return <GateLine of={head} />
    case 'error':
      return (
        <p className="failure">
          <code>{head.code}</code> {head.message} {head.way !== '' && <span className="way">{head.way}</span>}
        </p>
      )
    case 'text':
      return visit.kind !== 'coalesce' &&
        visit.changed !== null &&
        dataChange(visit) !== null &&
        visit.sorted === null ? null : (
        <p className={failed ? 'failure' : 'step-text'}>
          {visit.kind === 'coalesce' && visit.changed !== null ? 'merged' : head.text}
        </p>
      )
  }
}

/** Of an error. */
function Details({ visit: { error } }: { readonly visit: VisitStory }) {
  if (error === null || error.details === null) return null
  return (
    <details className="folded">
      <summary>details of the error</summary>
      <JsonView value={error.details} />
    </details>
  )
}

const SEEN: { readonly [kind in VisitStory['kind']]: string } = {
  source: 'read',
  transform: 'as it came in',
  gate: 'as the gate saw it',
  fork: 'as each branch begins',
  coalesce: 'as it came in',
  aggregate: 'as it went into the batch',
  join: 'as it came in',
  sort: 'as it came in',
  sink: 'as it was written',
}

function Data({ visit }: { readonly visit: VisitStory }) {
  const change = dataChange(visit)
  if (change === null) return null
  if (change.changes.length > 0 && visit.status !== 'error')
    return visit.kind === 'coalesce' ? <OfOtherBranches of={change} /> : <ChangesView of={change} />
  const fields = change.unchanged
  return <FoldedFields fields={fields} what={`${counted(fields.length, 'field')}, ${SEEN[visit.kind]}`} />
}

/** The merged row is shown where it is born: here only what this branch didn't have itself. */
function OfOtherBranches({ of }: { readonly of: DataChange }) {
  return (
    <details className="folded">
      <summary>{counted(of.changes.length, 'field')} of other branches</summary>
      <ChangesView of={of} />
    </details>
  )
}
