/** The story of a row or a batch, top to bottom: as it came in, each token with its steps and its end, and what it went into. */
import { Link } from '@tanstack/react-router'
import { idText } from '../../model/part-ids.ts'
import type { CallStory, Story, TokenStory } from '../../read/explain/story.ts'
import { forKey } from '../../read/words/batch-key.ts'
import { closingOf, endingText } from '../../read/words/ending.ts'
import { tokenNamed } from '../../read/words/names.ts'
import { type Step, stepsOf } from '../../read/words/steps.ts'
import { type Entered, type StoryWords, storyWords } from '../../read/words/story.ts'
import { WHOLE } from '../../read/words/wording.ts'
import { OutcomeBadge } from '../parts/badges.tsx'
import { Text } from '../parts/text.tsx'
import { counted } from '../parts/units.ts'
import { CallView } from './call-view.tsx'
import { FieldsView } from './fields-view.tsx'
import { stepId, tokenId } from './lineage.ts'
import { leadTo } from './lineage-graph.tsx'
import { MergeView } from './merge-view.tsx'
import { StepView } from './step-view.tsx'
import { isRecord } from './values.ts'

interface Props {
  readonly story: Story
  /** The row of a token of another story, where it is known. */
  readonly rowOf: (token: number) => number | null
}

export function SubjectView({ story, rowOf }: Props) {
  const words = storyWords(story, WHOLE)
  const known = new Map(story.tokens.map(each => [each.token, each]))
  const roots = words.tokens.map(each => each.token)
  return (
    <div className="subject">
      {story.subject.kind === 'batch' && <BatchHead story={story} words={words} rowOf={rowOf} />}
      <EnteredView story={story} entered={words.entered} />
      {roots.map(root => (
        <TokenView key={root} token={root} known={known} story={story} rowOf={rowOf} named={!words.single} from={1} />
      ))}
      <p className="quiet small">{words.evidence}</p>
      {words.left_out !== null && <p className="quiet">{words.left_out}</p>}
      {story.left_out?.token != null && (
        <OtherToken run={story.run} token={story.left_out.token} row={rowOf(story.left_out.token)} />
      )}
      {story.onward.map(next => (
        <SubjectView key={subjectKey(next)} story={next} rowOf={rowOf} />
      ))}
    </div>
  )
}

function subjectKey({ subject }: Story): string {
  return subject.kind === 'batch' ? `batch ${idText(subject.batch)}` : `row ${idText(subject.row)}`
}

function EnteredView({ story, entered }: { readonly story: Story; readonly entered: Entered | null }) {
  const visit = story.tokens[0]?.visits.find(each => each.kind === 'source')
  if (entered === null || visit === undefined) return null
  const id = stepId(story.tokens[0]?.token ?? 0, visit.node)
  return (
    <section className="entered" id={id} tabIndex={-1} aria-label="As it came in">
      <h3>As it came in</h3>
      {entered.kind === 'rejected' ? (
        <>
          <p className="failure">{entered.text}</p>
          {entered.raw !== null && (
            <p>
              read as <code>{entered.raw}</code>
            </p>
          )}
          {entered.absent !== null && <p className="quiet">{entered.absent}</p>}
          {entered.details !== null && <code>{entered.details}</code>}
        </>
      ) : entered.kind === 'absent' ? (
        <p className={entered.why === 'altered' ? 'failure' : 'absent'}>{entered.text}</p>
      ) : visit.data?.kind === 'known' && isRecord(visit.data.value) ? (
        <FieldsView fields={Object.entries(visit.data.value)} />
      ) : (
        <code>{entered.kind === 'value' ? entered.text : ''}</code>
      )}
    </section>
  )
}

interface TokenProps extends Props {
  readonly token: number
  readonly known: ReadonlyMap<number, TokenStory>
  readonly named: boolean
  /** Number of its first step. */
  readonly from: number
}

function TokenView({ token: number, known, story, rowOf, named, from }: TokenProps) {
  const token = known.get(number)
  if (token === undefined) return null
  const children = story.tokens.filter(each => each.parents.findLast(parent => known.has(parent)) === number)
  const visits = token.visits.filter(each => each.kind !== 'source')
  const steps = stepsOf(visits, children.length, WHOLE)
  const { name, rest } = tokenNamed(token)
  return (
    <section
      className={named ? 'token named' : 'token'}
      id={tokenId(number)}
      tabIndex={-1}
      aria-label={`${name}${rest}`}
    >
      {named && (
        <h3 className="token-title">
          {name}
          <span>{rest}</span>
        </h3>
      )}
      {named && <Kin run={story.run} token={token} known={known} rowOf={rowOf} />}
      {token.merge !== null && <MergeView of={token.merge} />}
      <Steps steps={steps} visits={visits} token={number} from={from} />
      <Closing of={token} />
      {children.map(each => (
        <TokenView key={each.token} token={each.token} {...{ known, story, rowOf }} named from={from + visits.length} />
      ))}
    </section>
  )
}

interface StepsProps {
  readonly steps: readonly Step[]
  readonly visits: TokenStory['visits']
  readonly token: number
  readonly from: number
}

function Steps({ steps, visits, token, from }: StepsProps) {
  if (steps.length === 0) return null
  return (
    <ol className="steps" start={from} style={{ counterReset: `step ${from - 1}` }}>
      {visits.map((visit, i) => {
        const step = steps[i]
        const first = visits.findIndex(each => each.node === visit.node) === i
        const id = first ? stepId(token, visit.node) : `${stepId(token, visit.node)}-${visit.attempt}`
        return step === undefined ? null : <StepView key={id} step={step} visit={visit} id={id} />
      })}
    </ol>
  )
}

interface KinProps extends Pick<TokenProps, 'known' | 'rowOf'> {
  readonly run: string
  readonly token: TokenStory
}

/** Parents, to which one can go. Those of other rows have screens of their own. */
function Kin({ run, token, known, rowOf }: KinProps) {
  const parents = token.parents.filter(each => known.has(each))
  const others = token.parents.filter(each => !known.has(each))
  const of_batch = token.born_of?.kind === 'batch'
  if (token.parents.length === 0 || (of_batch && parents.length === 0)) return null
  return (
    <p className="kin">
      {parents.length > 0 && (
        <>
          of{' '}
          {parents.map(each => (
            <TokenLink key={each} token={each} />
          ))}
        </>
      )}
      {others.length > 0 && !of_batch && <OtherTokens run={run} tokens={others} rowOf={rowOf} />}
    </p>
  )
}

function TokenLink({ token }: { readonly token: number }) {
  return (
    <button type="button" className="link-button" onClick={() => leadTo(tokenId(token))}>
      token {token}
    </button>
  )
}

/** So many are named; the batch has all. */
const MOST = 30

interface OthersProps {
  readonly run: string
  readonly tokens: readonly number[]
  readonly rowOf: Props['rowOf']
}

function OtherTokens({ run, tokens, rowOf }: OthersProps) {
  return (
    <span className="others">
      {' '}
      {tokens.slice(0, MOST).map(token => (
        <OtherToken key={token} run={run} token={token} row={rowOf(token)} />
      ))}
      {tokens.length > MOST && (
        <span className="quiet">and {counted(tokens.length - MOST, 'more token', 'more tokens')}</span>
      )}
    </span>
  )
}

interface OtherProps {
  readonly run: string
  readonly token: number
  readonly row: number | null
}

function OtherToken({ run, token, row }: OtherProps) {
  if (row === null)
    return (
      <Link to="/runs/$run/tokens/$token" params={{ run, token: String(token) }}>
        token {token}
      </Link>
    )
  return (
    <Link to="/runs/$run/rows/$row" params={{ run, row: String(row) }}>
      row {row}
    </Link>
  )
}

function Closing({ of: token }: { readonly of: TokenStory }) {
  const closing = closingOf(token)
  if (closing.class === 'open' || token.ending === null)
    return (
      <p className="closing">
        <OutcomeBadge of="open" words={closing.name} />
      </p>
    )
  return (
    <p className="closing">
      <OutcomeBadge of={token.ending.class} words={endingText(token.ending)} />
      <span className="quiet">
        {token.ending.outcome} / {token.ending.cause}
      </span>
    </p>
  )
}

function BatchHead({
  story,
  words,
  rowOf,
}: {
  readonly story: Story
  readonly words: StoryWords
  readonly rowOf: Props['rowOf']
}) {
  if (story.subject.kind !== 'batch') return null
  const { members, calls, node, key, trigger } = story.subject
  return (
    <header className="batch-head">
      <h3>
        {words.title.name}
        <span>
          {' at '}
          <Text of={node} />
          {forKey(key, WHOLE.cut)}
          {trigger === null
            ? ', still open'
            : `, ${counted(members.length, 'member')}, closed by ${trigger.replaceAll('_', ' ')}`}
        </span>
      </h3>
      {members.length > 0 && (
        <p className="kin">
          Members: <OtherTokens run={story.run} tokens={members} rowOf={rowOf} />
        </p>
      )}
      {calls.map((call: CallStory) => (
        <CallView key={call.call} of={call} />
      ))}
    </header>
  )
}
