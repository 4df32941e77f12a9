/** Which row it is, how it ended, and its neighbours among those that fit. */
import { Link, useNavigate } from '@tanstack/react-router'
import type { Plan } from '../../api/runs.ts'
import { idArgument, idText } from '../../model/part-ids.ts'
import type { Story, TokenStory } from '../../read/explain/story.ts'
import { endingText } from '../../read/words/ending.ts'
import { stepsOf } from '../../read/words/steps.ts'
import { dollars } from '../../read/words/text.ts'
import { WHOLE } from '../../read/words/wording.ts'
import { useKeys } from '../app/keys.ts'
import { OutcomeBadge } from '../parts/badges.tsx'
import { commandRun } from '../parts/command.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { Icon } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText, durationText } from '../parts/units.ts'
import { Chips } from '../rows/chips.tsx'
import {
  conditionsOf,
  type RowsSearch,
  rowWords,
  withoutCondition,
  withoutFilter,
  wordsOf,
} from '../rows/rows-search.ts'
import { type Neighbour, useNeighbours } from './neighbours.ts'
import { GateLine } from './step-lines.tsx'

interface Props {
  readonly story: Story
  readonly plan: Plan
  readonly search: RowsSearch
}

export function RowHead({ story, plan, search }: Props) {
  const { run, subject } = story
  if (subject.kind !== 'row') return null
  const { row, source, index, line, path } = subject
  const id = `${commandRun(run)} --row ${idArgument(row)}`
  return (
    <header className="row-head">
      <div className="row-title">
        <h2>Row {idText(row)}</h2>
        <span className="copied">
          <code title={`run ${run}, row ${idText(row)}`}>{id}</code>
          <CopyButton text={id} what="run and row, as commands take them" />
        </span>
        <span className="quiet">
          from <Text of={path ?? source} />
          {line > 0 ? ` line ${countText(line)}` : `, record ${countText(index)}`}
        </span>
      </div>
      <Neighbouring run={run} row={row} search={search} plan={plan} />
      <Endings story={story} />
    </header>
  )
}

/** All that ended for good, and what it took in all. */
function Endings({ story }: { readonly story: Story }) {
  const all = [story, ...story.onward].flatMap(each => each.tokens)
  const last = all.filter(({ ending }) => ending?.class !== 'passed on')
  const [only] = last
  const visits = all.flatMap(each => each.visits)
  // As the story numbers them: what it came in by is none.
  const steps = visits.filter(each => each.kind !== 'source').length
  const calls = visits.flatMap(each => each.calls)
  const cost = calls.reduce((sum, each) => sum + each.cost_usd, 0)
  const took = visits.reduce((sum, each) => sum + (each.status === 'held' ? 0 : each.duration_us), 0)
  return (
    <div className="row-endings">
      {last.slice(0, 8).map(({ token, ending }) => (
        <OutcomeBadge
          key={token}
          of={ending?.class ?? 'open'}
          words={`${last.length > 1 ? `token ${idText(token)}: ` : ''}${ending === null ? 'not ended yet' : endingText(ending)}`}
        />
      ))}
      {last.length > 8 && <span className="quiet">and {countText(last.length - 8)} more</span>}
      <span className="quiet small">
        {all.length > 1 && `${counted(all.length, 'token')} · `}
        {counted(steps, 'step')} · {durationText(took)}
        {calls.length > 0 && ` · ${counted(calls.length, 'call')}`}
        {cost > 0 && ` · ${dollars(cost)}`}
      </span>
      {only !== undefined && last.length === 1 && <Deciding of={only} />}
    </div>
  )
}

/** What its end came of, where one step says it: the gate that sent it there, or the error. */
function Deciding({ of: { visits } }: { readonly of: TokenStory }) {
  const last = visits.findLast(each => each.kind === 'gate' || each.status === 'error')
  const step = last === undefined ? undefined : stepsOf([last], 0, WHOLE)[0]
  if (step === undefined || step.head.kind === 'text') return null
  return (
    <div className="deciding">
      <strong>{step.node}</strong>
      {step.head.kind === 'gate' ? <GateLine of={step.head} /> : <p className="failure">{step.head.message}</p>}
    </div>
  )
}

interface NeighbouringProps {
  readonly run: string
  readonly row: number
  readonly search: RowsSearch
  readonly plan: Plan
}

function Neighbouring({ run, row, search, plan }: NeighbouringProps) {
  const neighbours = useNeighbours(run, row, search)
  const navigate = useNavigate()
  const go = (to: Neighbour | null | undefined) => {
    if (to == null) return
    void navigate({
      to: '/runs/$run/rows/$row',
      params: { run, row: String(to.row) },
      search: rowWords(search, to.at),
    })
  }
  useKeys([
    { keys: 'n', what: 'Next row that fits', do: () => go(neighbours?.after) },
    { keys: 'p', what: 'Row before that fits', do: () => go(neighbours?.before) },
  ])
  const filtered = conditionsOf(search).length > 0
  const total = neighbours?.matches
  const goTo = (to: RowsSearch) => void navigate({ to: '/runs/$run/rows', params: { run }, search: wordsOf(to) })
  return (
    <nav className="neighbours" aria-label="Rows that fit">
      <Step run={run} search={search} to={neighbours?.before ?? null} label="Row before (p)" icon="before" />
      <Link to="/runs/$run/rows" params={{ run }} search={wordsOf(search)}>
        {total === undefined
          ? 'All rows'
          : `${countText(Math.min((search.at ?? row - 1) + 1, total.count))} of ${total.exact ? '' : 'at least '}${countText(total.count)} ${filtered ? 'that fit' : 'rows'}`}
      </Link>
      <Step run={run} search={search} to={neighbours?.after ?? null} label="Next row (n)" icon="after" />
      {filtered && (
        <Chips
          search={search}
          plan={plan}
          onDrop={condition => goTo(withoutCondition(search, condition))}
          onDropAll={() => goTo(withoutFilter(search))}
        />
      )}
    </nav>
  )
}

interface StepProps {
  readonly run: string
  readonly search: RowsSearch
  readonly to: Neighbour | null
  readonly label: string
  readonly icon: 'before' | 'after'
}

function Step({ run, search, to, label, icon }: StepProps) {
  const sign = <Icon name="arrow" size={15} {...(icon === 'before' ? { className: 'turned' } : {})} />
  if (to === null)
    return (
      <span className="icon-button off" aria-hidden="true">
        {sign}
      </span>
    )
  return (
    <Link
      to="/runs/$run/rows/$row"
      params={{ run, row: String(to.row) }}
      search={rowWords(search, to.at)}
      className="icon-button"
      aria-label={`${label}: row ${idText(to.row)}`}
      title={label}
    >
      {sign}
    </Link>
  )
}
