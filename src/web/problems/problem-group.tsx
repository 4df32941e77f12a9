/** Errors of one code at one node: how many, an example in its own words, and the ways to its story and its rows. */
import { Link } from '@tanstack/react-router'
import type { ErrorGroup } from '../../api/runs.ts'
import { idText } from '../../model/part-ids.ts'
import { Command, commandRun } from '../parts/command.tsx'
import { Icon } from '../parts/icons.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText, shareText } from '../parts/units.ts'

interface Props {
  readonly run: string
  readonly group: ErrorGroup
  /** Rows that failed in all. */
  readonly failed: number
}

export function ProblemGroup({ run, group, failed }: Props) {
  const { node, code, count, example } = group
  const search = { node, error_code: code }
  const row = example?.row ?? null
  return (
    <li className="panel problem">
      <div className="problem-count">
        <Link to="/runs/$run/rows" params={{ run }} search={search}>
          {countText(count)}
          <span className="spoken"> {count === 1 ? 'row' : 'rows'}</span>
        </Link>
        {failed >= count && failed > 0 && <span className="quiet small">{shareText(count, failed)}</span>}
      </div>
      <div className="problem-what">
        <h2>
          <Icon name="diamond" size={14} />
          <code>
            <Text of={code} />
          </code>{' '}
          <span className="quiet">
            at <Text of={node} />
          </span>
        </h2>
        {example !== null && <Example example={example} />}
        <div className="actions">
          {row !== null && (
            <Link className="button" to="/runs/$run/rows/$row" params={{ run, row: String(row) }}>
              Story of row {idText(row)}
              <Icon name="arrow" size={13} />
            </Link>
          )}
          <Link className="button" to="/runs/$run/rows" params={{ run }} search={search}>
            {count === 1 ? 'Its row' : `All ${counted(count, 'row')}`}
          </Link>
        </div>
        {example !== null && (
          <Command
            words={
              row === null
                ? ['explain', commandRun(run), '--token', example.token]
                : ['explain', commandRun(run), '--row', row]
            }
          />
        )}
      </div>
    </li>
  )
}

function Example({ example }: { readonly example: NonNullable<ErrorGroup['example']> }) {
  const which = example.row === null ? `token ${idText(example.token)}` : `row ${idText(example.row)}`
  if (example.message === null)
    return <p className="quiet small">For example {which}; its message is erased, or your role shows no values.</p>
  return (
    <blockquote className="problem-message">
      <p>
        <Text of={example.message} lines />
      </p>
      <footer className="quiet small">{which}, for example</footer>
    </blockquote>
  )
}
