/** Both stories of a row, step beside step; what differs stands out. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Unsound } from '../../api/common.ts'
import { idText } from '../../model/part-ids.ts'
import type { Story, TokenStory, VisitStory } from '../../read/explain/story.ts'
import { endingText } from '../../read/words/ending.ts'
import { stepsOf } from '../../read/words/steps.ts'
import { shortRun } from '../../read/words/text.ts'
import { WHOLE } from '../../read/words/wording.ts'
import { isUnsound, planQuery, soundOf, storyQuery } from '../app/queries.ts'
import { OutcomeBadge } from '../parts/badges.tsx'
import { Panel } from '../parts/panel.tsx'
import { ErrorNotice, Skeleton, UnsoundNotice } from '../parts/states.tsx'
import { Text } from '../parts/text.tsx'
import { GateLine, StepLine } from '../row/step-lines.tsx'
import { storyFrom } from '../row/story-from-json.ts'
import { type AlignedStep, type AlignedToken, alignedStories } from './align.ts'

interface OfRun {
  readonly run: string
  readonly row: number
}

export function SideBySide({ old, now }: { readonly old: OfRun; readonly now: OfRun }) {
  const before = useStory(old)
  const after = useStory(now)
  const error = before.error ?? after.error
  if (error !== null) return <ErrorNotice error={error} />
  const unsound = before.unsound ?? after.unsound
  if (unsound !== null) return <UnsoundNotice of={unsound} what="this row" />
  if (before.story === null || after.story === null) return <Skeleton lines={6} height={2.5} />
  const tokens = alignedStories(before.story, after.story)
  return (
    <Panel title={`Row ${idText(old.row)}, side by side`} className="beside" flush>
      <div className="beside-grid">
        <p className="beside-title">
          Old: <RowName of={old} />
        </p>
        <p className="beside-title">
          New: <RowName of={now} />
        </p>
        {tokens.map(token => (
          <TokenBeside key={token.name} of={token} named={tokens.length > 1} />
        ))}
      </div>
    </Panel>
  )
}

function RowName({ of: { run, row } }: { readonly of: OfRun }) {
  return (
    <Link to="/runs/$run/rows/$row" params={{ run, row: String(row) }}>
      run {shortRun(run)}, row {idText(row)}
    </Link>
  )
}

interface Known {
  readonly story: Story | null
  readonly unsound: Unsound | null
  readonly error: unknown
}

function useStory({ run, row }: OfRun): Known {
  const answer = useQuery(storyQuery(run, `/rows/${row}`))
  const plan = useQuery(planQuery(run))
  const [explained, known] = [soundOf(answer.data), soundOf(plan.data)]
  return {
    story: explained && known ? storyFrom(explained, { plan: known, paths: new Map() }) : null,
    unsound: [answer.data, plan.data].find(isUnsound) ?? null,
    error: answer.error ?? plan.error,
  }
}

function TokenBeside({ of, named }: { readonly of: AlignedToken; readonly named: boolean }) {
  const first = of.steps.findIndex(each => each.differs)
  return (
    <>
      {named && <h3 className="beside-token">{of.name === '' ? 'The row' : <Text of={of.name} />}</h3>}
      {of.steps.map((step, i) => (
        <StepBeside key={i} of={step} parted={i === first} />
      ))}
      <Ending of={of.old} otherwise={of.ended_otherwise} side="old" />
      <Ending of={of.new} otherwise={of.ended_otherwise} side="new" />
    </>
  )
}

function StepBeside({ of, parted }: { readonly of: AlignedStep; readonly parted: boolean }) {
  return (
    <>
      {parted && <p className="parted">Here they parted</p>}
      <Cell of={of.old} differs={of.differs} side="old" />
      <Cell of={of.new} differs={of.differs} side="new" />
    </>
  )
}

interface CellProps {
  readonly of: VisitStory | null
  readonly differs: boolean
  readonly side: 'old' | 'new'
}

function Cell({ of: visit, differs, side }: CellProps) {
  const kind = `beside-cell ${side}${differs ? ' differs' : ''}`
  const step = visit === null ? undefined : stepsOf([visit], 0, WHOLE)[0]
  if (visit === null || step === undefined)
    return (
      <div className={`${kind} none`}>
        <span className="quiet">not on its way</span>
      </div>
    )
  const { head } = step
  return (
    <div className={kind}>
      <p className="step-head">
        <strong>{step.node}</strong>
        <span className="step-by">{step.by}</span>
        {differs && <span className="spoken">differs</span>}
      </p>
      {head.kind === 'gate' ? (
        <GateLine of={head} />
      ) : head.kind === 'error' ? (
        <p className="failure">
          <code>{head.code}</code> {head.message} {head.way}
        </p>
      ) : (
        <p className="step-text">{visit.kind === 'source' ? 'as it came in' : head.text}</p>
      )}
      {step.more.map(line => (
        <StepLine key={line} of={line} />
      ))}
    </div>
  )
}

interface EndingProps {
  readonly of: TokenStory | null
  readonly otherwise: boolean
  readonly side: 'old' | 'new'
}

function Ending({ of, otherwise, side }: EndingProps) {
  return (
    <div className={`beside-cell ${side}${otherwise ? ' differs' : ''}`}>
      {of === null ? (
        <span className="quiet">no such token</span>
      ) : of.ending === null ? (
        <OutcomeBadge of="open" />
      ) : (
        <OutcomeBadge of={of.ending.class} words={endingText(of.ending)} />
      )}
    </div>
  )
}
