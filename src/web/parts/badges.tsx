/** Statuses and outcomes: a colour, a shape, and a word. */
import type { OutcomeClass } from '../../model/outcome.ts'
import { Icon, type IconName } from './icons.tsx'
import { Text } from './text.tsx'

type Tone = 'good' | 'bad' | 'open' | 'passed' | 'accent'
interface Sign {
  readonly tone: Tone
  readonly icon: IconName
  readonly words: string
}

const STATUSES: { readonly [status: string]: Sign } = {
  running: { tone: 'accent', icon: 'half', words: 'running' },
  completed: { tone: 'good', icon: 'check', words: 'completed' },
  completed_with_failures: { tone: 'open', icon: 'warning', words: 'completed with failures' },
  empty: { tone: 'passed', icon: 'ring', words: 'empty' },
  failed: { tone: 'bad', icon: 'diamond', words: 'failed' },
  cancelled: { tone: 'passed', icon: 'pause', words: 'cancelled' },
  interrupted: { tone: 'bad', icon: 'dash', words: 'interrupted' },
  abandoned: { tone: 'passed', icon: 'cross', words: 'abandoned' },
}

/** `short`: as few words as tell it apart. */
export function StatusBadge({ status, short = false }: { readonly status: string; readonly short?: boolean }) {
  const { tone, icon, words } = STATUSES[status] ?? { tone: 'passed', icon: 'ring', words: status }
  return (
    <span className={`badge tone-${tone}`} title={words}>
      <Icon name={icon} size={13} />
      {short && status === 'completed_with_failures' ? 'with failures' : words}
    </span>
  )
}

export const CLASS_SIGNS: { readonly [kind in OutcomeClass | 'open']: Sign } = {
  success: { tone: 'good', icon: 'dot', words: 'success' },
  failure: { tone: 'bad', icon: 'diamond', words: 'failure' },
  'passed on': { tone: 'passed', icon: 'onward', words: 'passed on' },
  open: { tone: 'open', icon: 'ring', words: 'not ended yet' },
}

interface OutcomeProps {
  readonly of: OutcomeClass | 'open'
  /** In words, as the answer has them; the class where it has none. */
  readonly words?: string
  /** Without a ground of its own. */
  readonly bare?: boolean
}

export function OutcomeBadge({ of, words, bare = false }: OutcomeProps) {
  const sign = CLASS_SIGNS[of]
  return (
    <span className={`badge tone-${sign.tone}${bare ? ' bare' : ''}`}>
      <Icon name={sign.icon} size={13} />
      {words !== undefined && <span className="spoken">{sign.words}: </span>}
      <span>
        <Text of={words ?? sign.words} />
      </span>
    </span>
  )
}

const A_SINK = 'a sink'

/** Whether words of an ending say that there is a sink. */
export const saysSink = (words: string): boolean => words.includes(A_SINK)

/** `routed to approved by a gate`: which sink it was says more than that it was one. */
export const withSink = (words: string, sink: string | null): string =>
  sink === null ? words : words.replace(A_SINK, () => sink)
