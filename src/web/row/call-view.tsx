/** One request to a service, with what was asked and answered. */

import { idText } from '../../model/part-ids.ts'
import type { CallStory, Known } from '../../read/explain/story.ts'
import { IS_ABSENT } from '../../read/words/absent.ts'
import { callText } from '../../read/words/steps.ts'
import { dollars } from '../../read/words/text.ts'
import { Icon, type IconName } from '../parts/icons.tsx'
import { JsonView, LongText } from '../parts/json-view.tsx'
import { Text } from '../parts/text.tsx'
import { countText, durationText } from '../parts/units.ts'
import { Hash } from '../parts/values.tsx'
import { answerIn, conversationIn } from './exchange.ts'
import { isRecord } from './values.ts'

const SIGNS: { readonly [status in CallStory['status']]: { readonly icon: IconName; readonly tone: string } } = {
  ok: { icon: 'check', tone: 'good' },
  error: { icon: 'diamond', tone: 'bad' },
  throttled: { icon: 'pause', tone: 'open' },
  recorded: { icon: 'again', tone: 'passed' },
  recorded_error: { icon: 'diamond', tone: 'bad' },
  refused: { icon: 'diamond', tone: 'bad' },
  recorded_refused: { icon: 'diamond', tone: 'bad' },
}

export function CallView({ of: call }: { readonly of: CallStory }) {
  const { service, status, duration_us, input_tokens, output_tokens, cost_usd } = call
  const { icon, tone } = SIGNS[status]
  return (
    <details className={`call tone-${tone}`}>
      <summary>
        <Icon name={icon} size={13} className="call-sign" />
        <span className="spoken">{callText(call)}</span>
        <span className="call-facts" aria-hidden="true">
          <strong>
            <Text of={service} />
          </strong>
          <span>{status.replaceAll('_', ' ')}</span>
          <span>{durationText(duration_us)}</span>
          {input_tokens + output_tokens > 0 && (
            <span>
              {countText(input_tokens)} → {countText(output_tokens)} LLM tokens
            </span>
          )}
          {cost_usd > 0 && <span>{dollars(cost_usd)}</span>}
          <span className="quiet">call {idText(call.call)}</span>
        </span>
      </summary>
      <div className="call-body">
        <Side title="Asked" of={call.request} hash={call.request_hash} View={Request} />
        <Side title="Answered" of={call.response} hash={call.response_hash} View={Response} />
      </div>
    </details>
  )
}

interface SideProps {
  readonly title: string
  readonly of: Known<unknown>
  readonly hash: string | null
  readonly View: (props: { readonly value: unknown }) => React.ReactNode
}

function Side({ title, of, hash, View }: SideProps) {
  return (
    <section>
      <h4>
        {title}
        {hash !== null && <Hash of={hash} what={`commitment to what was ${title.toLowerCase()}`} />}
      </h4>
      {of.kind === 'known' ? <View value={of.value} /> : <p className="quiet">It {IS_ABSENT[of.kind]}.</p>}
    </section>
  )
}

function Request({ value }: { readonly value: unknown }) {
  const conversation = conversationIn(value)
  if (conversation === null) return <JsonView value={value} />
  return (
    <>
      <ol className="said">
        {conversation.said.map(({ role, text }, i) => (
          <li key={i} className="message">
            <span className="message-role">
              <Text of={role} />
            </span>
            <LongText text={text} />
          </li>
        ))}
      </ol>
      <Rest of={conversation.rest} what="model, settings, form of the answer" />
    </>
  )
}

function Response({ value }: { readonly value: unknown }) {
  const answer = answerIn(value)
  if (answer === null) return <JsonView value={value} />
  return (
    <>
      <div className="message answer">
        {answer.json === undefined ? <LongText text={answer.text} /> : <JsonView value={answer.json} />}
      </div>
      <Rest of={answer.rest} what="what came with it" />
    </>
  )
}

function Rest({ of, what }: { readonly of: unknown; readonly what: string }) {
  if (isRecord(of) && Object.keys(of).length === 0) return null
  return (
    <details className="folded">
      <summary>{what}</summary>
      <JsonView value={of} />
    </details>
  )
}
