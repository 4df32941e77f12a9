/** Where rows parted, the biggest group first: each a bar that leads to its rows. */
import type { Parting, RunDiff } from '../../api/diff.ts'
import { partingText } from '../../read/words/parting.ts'
import { Panel } from '../parts/panel.tsx'
import { countText, shareText } from '../parts/units.ts'
import { AboutErrorField, isInGroups } from './error-field.tsx'

interface Props {
  readonly of: RunDiff
  readonly at: number
  readonly onGroup: (at: number) => void
}

export function Groups({ of: { groups, rows }, at, onGroup }: Props) {
  const most = groups[0]?.rows ?? 1
  return (
    <Panel title="Where they parted" note="the first step at which two rows did anything else">
      <ol className="groups">
        {groups.map((group, i) => (
          <li key={i}>
            <button
              type="button"
              className={`group${i === at ? ' at' : ''}`}
              aria-pressed={i === at}
              onClick={() => onGroup(i)}
            >
              <span>
                <PartingWords of={group} />
              </span>
              <span className="number">
                <strong>{countText(group.rows)}</strong>{' '}
                <span className="quiet">{shareText(group.rows, rows.compared)}</span>
              </span>
              <span className="group-bar" aria-hidden="true">
                <span style={{ width: `${Math.max(1, (100 * group.rows) / most)}%` }} />
              </span>
            </button>
          </li>
        ))}
      </ol>
      {isInGroups(groups) && <AboutErrorField />}
    </Panel>
  )
}

/** The node apart from what happened there. */
function PartingWords({ of }: { readonly of: Parting }) {
  const text = partingText(of)
  const node = of.node
  const rest = text.startsWith(node) ? text.slice(node.length) : text
  return (
    <>
      {rest !== text && <strong>{node}</strong>}
      {rest}
    </>
  )
}
