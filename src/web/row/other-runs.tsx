/** The same record in other runs: that it repeats, and those that ran it again. */
import { Link } from '@tanstack/react-router'
import type { Story } from '../../api/story.ts'
import { shortRun } from '../../read/words/text.ts'

type OfRun = Pick<Story, 'run' | 'row'>

interface Props {
  readonly run: string
  readonly row: number | null
  readonly repeats: readonly Story[]
  readonly reruns: readonly Story[]
}

export function OtherRuns({ run, row, repeats, reruns }: Props) {
  const here = { run, row }
  if (repeats.length + reruns.length === 0) return null
  return (
    <section>
      <h3>The same record in other runs</h3>
      <ul>
        {repeats.map(each => (
          <OtherRun key={each.run} of={each} how="ran again here from" old={each} now={here} />
        ))}
        {reruns.map(each => (
          <OtherRun key={each.run} of={each} how="ran again in" old={here} now={each} />
        ))}
      </ul>
    </section>
  )
}

interface OtherProps {
  readonly of: Story
  readonly how: string
  readonly old: OfRun
  readonly now: OfRun
}

function OtherRun({ of: { run, row, tokens }, how, old, now }: OtherProps) {
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
      {old.row !== null && now.row !== null && (
        <>
          {' · '}
          <Link to="/compare" search={{ old: old.run, new: now.run, row: String(old.row), row_new: String(now.row) }}>
            compare
          </Link>
        </>
      )}
    </li>
  )
}
