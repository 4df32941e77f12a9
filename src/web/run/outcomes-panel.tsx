/** How tokens ended, in words; each line leads to its rows. */
import { Link } from '@tanstack/react-router'
import type { ShownRun } from '../../api/runs.ts'
import { CLASS_SIGNS, OutcomeBadge, saysSink, withSink } from '../parts/badges.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { countText, shareText } from '../parts/units.ts'

const ORDER = { success: 0, failure: 1, 'passed on': 2 } as const

export function OutcomesPanel({ shown }: { readonly shown: ShownRun }) {
  const endings = [...shown.endings].sort((a, b) => ORDER[a.class] - ORDER[b.class] || b.count - a.count)
  const most = Math.max(1, ...endings.map(each => each.count))
  const { born, open } = shown.tokens
  return (
    <Panel title="Outcomes" note={`${countText(born)} ${born === shown.rows.read ? 'rows' : 'tokens'}`} flush>
      <table className="table outcomes">
        <thead>
          <tr>
            <th scope="col">Ending</th>
            <th scope="col" className="number">
              Count
            </th>
            <th scope="col" className="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {endings.map(({ outcome, cause, sink, ...of }) => (
            <tr key={`${outcome} ${cause} ${sink}`}>
              <td>
                <OutcomeBadge of={of.class} words={withSink(of.words, sink)} bare />
                <span
                  className={`bar-share tone-${CLASS_SIGNS[of.class].tone}`}
                  style={{ width: `${(100 * of.count) / most}%` }}
                />
                <span className="outcome-line">
                  {sink !== null && !saysSink(of.words) && (
                    <span>
                      <Icon name="arrow" size={12} /> <Text of={sink} />
                    </span>
                  )}
                  <code className="quiet outcome-code">
                    {outcome} / {cause}
                  </code>
                </span>
              </td>
              <td className="number">
                <Link
                  to="/runs/$run/rows"
                  params={{ run: shown.run }}
                  search={{ outcome, cause, ...(sink === null ? {} : { sink }) }}
                >
                  {countText(of.count)}
                </Link>
              </td>
              <td className="number quiet">{shareText(of.count, born)}</td>
            </tr>
          ))}
          {open > 0 && (
            <tr>
              <td>
                <OutcomeBadge of="open" bare />
              </td>
              <td className="number">{countText(open)}</td>
              <td className="number quiet">{shareText(open, born)}</td>
            </tr>
          )}
        </tbody>
      </table>
      {endings.length === 0 && open === 0 && <p className="quiet panel-body">Nothing has ended yet.</p>}
    </Panel>
  )
}
