/** How those that failed ended: a bar of all of them, and a line each. */
import { Link } from '@tanstack/react-router'
import type { ShownRun } from '../../api/runs.ts'
import { OutcomeBadge, saysSink, withSink } from '../parts/badges.tsx'
import { Text } from '../parts/text.tsx'
import { countText } from '../parts/units.ts'

export function FailureEndings({ shown }: { readonly shown: ShownRun }) {
  const endings = shown.endings.filter(each => each.class === 'failure').sort((a, b) => b.count - a.count)
  if (endings.length === 0) return null
  const all = endings.reduce((sum, each) => sum + each.count, 0)
  return (
    <ul className="failure-endings">
      {endings.map(({ outcome, cause, sink, words, count }) => (
        <li key={`${outcome} ${cause} ${sink}`} style={{ flexGrow: count }}>
          <span className="failure-bar" aria-hidden="true">
            <span style={{ width: `${(100 * count) / all}%` }} />
          </span>
          <Link
            to="/runs/$run/rows"
            params={{ run: shown.run }}
            search={{ outcome, cause, ...(sink === null ? {} : { sink }) }}
          >
            {countText(count)}
          </Link>{' '}
          <OutcomeBadge of="failure" words={withSink(words, sink)} bare />
          {sink !== null && !saysSink(words) && (
            <span className="quiet small">
              {' '}
              into <Text of={sink} />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}
