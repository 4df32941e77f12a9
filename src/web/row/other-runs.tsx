/** The same record in other runs: that it repeats, and those that ran it again. */
import { Link } from '@tanstack/react-router'
import type { Story } from '../../api/story.ts'
import { shortRun } from '../../read/words/text.ts'

interface Props {
  readonly repeats: readonly Story[]
  readonly reruns: readonly Story[]
}

export function OtherRuns({ repeats, reruns }: Props) {
  if (repeats.length + reruns.length === 0) return null
  return (
    <section className="other-runs">
      <h3>The same record in other runs</h3>
      <ul>
        {repeats.map(each => (
          <OtherRun key={each.run} of={each} how="ran again here from" />
        ))}
        {reruns.map(each => (
          <OtherRun key={each.run} of={each} how="ran again in" />
        ))}
      </ul>
    </section>
  )
}

function OtherRun({ of: { run, row, tokens }, how }: { readonly of: Story; readonly how: string }) {
  const last = tokens.at(-1)
  return (
    <li>
      {how} run <code>{shortRun(run)}</code>
      {row !== null && (
        <>
          {' as '}
          <Link to="/runs/$run/rows/$row" params={{ run, row: String(row) }}>
            row {row}
          </Link>
        </>
      )}
      {last?.outcome != null && `: ${last.outcome} / ${last.cause}`}
      {row !== null && (
        <>
          {' · '}
          <Link to="/compare" search={{ new: run }}>
            compare
          </Link>
        </>
      )}
    </li>
  )
}
