/** At the foot while runs are chosen: compares the two. */
import { Link } from '@tanstack/react-router'
import { shortRun } from '../../read/words/text.ts'
import { Icon } from '../parts/icons.tsx'
import { type Line, pairOf } from './run-list.ts'

interface Props {
  readonly lines: readonly Line[]
  readonly chosen: ReadonlySet<string>
  readonly onClear: () => void
}

export function CompareBar({ lines, chosen, onClear }: Props) {
  if (chosen.size === 0) return null
  const pair = pairOf(lines, chosen)
  return (
    <section className="compare-bar" aria-label="Chosen runs">
      {pair === null ? (
        <span>One run is chosen. Choose another one to compare them.</span>
      ) : (
        <span className="compared">
          <code>{shortRun(pair.old)}</code>
          <Icon name="arrow" />
          <code>{shortRun(pair.new)}</code>
        </span>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={onClear}>
          Clear
        </button>
        {pair !== null && (
          <Link className="button first" to="/compare" search={pair}>
            Compare
          </Link>
        )}
      </div>
    </section>
  )
}
