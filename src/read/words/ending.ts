/** How a token ended, in words. */
import type { OutcomeClass } from '../../model/outcome.ts'
import type { TokenEnding, TokenStory } from '../explain/story.ts'
import { partnerText } from './names.ts'
import { printable, timeText } from './text.ts'

/** `Ended ROUTED` · `routed to sink high_risk by gate risk` · `, 2026-11-21 14:02:11.482Z` */
export interface EndingWords {
  readonly name: string
  readonly words: string
  readonly rest: string
  readonly class: OutcomeClass
}

/** Where it is while it hasn't ended; how it ended. */
export type ClosingWords = EndingWords | { readonly name: string; readonly class: 'open' }

export function closingOf({ ending, waits, joined_first }: TokenStory): ClosingWords {
  if (ending === null)
    return {
      name:
        waits === null
          ? 'Not ended yet'
          : `Not ended yet: it ${waits.held ? 'is held' : 'stands'} at ${printable(waits.node)}`,
      class: 'open',
    }
  const first = joined_first === null ? '' : `, first with ${partnerText(joined_first)}`
  return {
    name: `Ended ${ending.outcome}`,
    words: endingText(ending),
    rest: `${first}, ${timeText(ending.recorded_us)}`,
    class: ending.class,
  }
}

/** Causes whose words don't say at which node, and where that is worth a word. */
const AT_NODE: ReadonlySet<string> = new Set(['error', 'retries_exhausted', 'batch_failed', 'in_doubt'])

/** The words of the outcome with the names in them: "routed to sink high_risk by gate risk". */
export function endingText(ending: TokenEnding): string {
  const { cause, error } = ending
  const node = printable(ending.node)
  // An ending names the sink where the row was written; the one that refused a row is the node at which it ended.
  const sink = ending.sink === null ? null : `sink ${printable(ending.sink)}`
  const named = cause === 'sink_rejected' ? `sink ${node}` : sink
  const in_words = ending.words.includes('a sink') && named !== null
  const words = ending.words.replace('a gate', () => `gate ${node}`).replace('a sink', found => named ?? found)
  const at = AT_NODE.has(cause) ? ` at ${node}` : ''
  const code = error === null ? '' : ` (${printable(error.code)})`
  const written = sink === null || (in_words && named === sink) ? '' : `, written to ${sink}`
  return `${words}${at}${code}${written}`
}
