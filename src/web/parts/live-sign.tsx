/** Whether what is shown follows what happens. */
import type { Connection } from '../app/live.ts'
import { Icon, type IconName } from './icons.tsx'

const SIGNS: {
  readonly [state in Connection]: {
    readonly tone: string
    readonly icon: IconName
    readonly words: string
    readonly more: string
  }
} = {
  off: { tone: 'passed', icon: 'ring', words: '', more: '' },
  connecting: { tone: 'passed', icon: 'ring', words: 'connecting', more: 'Connecting to what the server reports' },
  live: { tone: 'good', icon: 'dot', words: 'live', more: 'What is committed appears here within two seconds' },
  lost: { tone: 'open', icon: 'warning', words: 'not live', more: 'The connection is lost; it is tried again' },
}

export function LiveSign({ connection }: { readonly connection: Connection }) {
  if (connection === 'off') return null
  const { tone, icon, words, more } = SIGNS[connection]
  return (
    <span className={`badge bare live-sign tone-${tone}`} role="status" title={more}>
      <Icon name={icon} size={10} />
      {words}
    </span>
  )
}
