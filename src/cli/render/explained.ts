/** What `explain` prints of one row: its story, with those of the same record in other runs. */
import type { StoryFound } from '../../host/answers/explained-row.ts'
import { idText, numberOf } from '../../model/part-ids.ts'
import type { Story } from '../../read/explain/story.ts'
import type { Bound } from '../../read/verify/bound.ts'
import { boundText } from './bound.ts'
import type { StoryView } from './steps.ts'
import { renderStory } from './story.ts'
import { shortRun } from './text.ts'

/** The stories of the same record in other runs stand before and behind it, in the order in which they happened. */
export function renderExplained({ story, joined, bound }: StoryFound, view: StoryView): string {
  const texts = [...joined.before, story, ...joined.again].map((each, i) => {
    const text = renderStory(each, view)
    if (i === 0 || each.subject.kind !== 'row') return text
    return `${view.paint('bold', `Again, as row ${idText(each.subject.row)} of run ${shortRun(each.run)}…`)}\n\n${text}`
  })
  return [texts.join('\n\n'), ...(bound === null ? [] : [boundLine(bound, story)])].join('\n')
}

/** Of a run that isn't sealed. */
function boundLine({ entries }: Bound, story: Story): string {
  const last = numberOf(story.entries.at(-1) ?? 0)
  if (last < entries) return 'The ledger’s own log binds what is shown here.'
  const binds = boundText(entries, story.head?.size ?? entries)
  return `The ledger’s own log doesn’t bind all of that yet: ${binds}.`
}
