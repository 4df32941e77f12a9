/** What was erased, as it stands on record: which values, never what they were. */
import { Link } from '@tanstack/react-router'
import type { Evidence } from '../../api/evidence.ts'
import { Panel, TableFrame } from '../parts/panel.tsx'
import { countText } from '../parts/units.ts'
import { Time } from '../parts/values.tsx'

/** Too many are not counted by the server. */
const numberText = (number: number | null): string => (number === null ? 'many' : countText(number))

export function Erasures({ of }: { readonly of: Evidence['erasures'] }) {
  if (of.length === 0)
    return (
      <Panel title="Erasures" className="nothing">
        <p className="quiet">
          Nothing was erased. An erasure removes values for good and is itself an entry of the ledger.
        </p>
      </Panel>
    )
  return (
    <Panel title="Erasures" flush className="wide">
      <TableFrame label="Table of erasures">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">When</th>
              <th scope="col" className="number">
                Rows
              </th>
              <th scope="col" className="number">
                Values
              </th>
              <th scope="col" className="number">
                Entries of the run
              </th>
              <th scope="col" className="number">
                On record as entry
              </th>
            </tr>
          </thead>
          <tbody>
            {of.map(({ index, run, at, entries, rows, values }) => (
              <tr key={`${index} ${run}`}>
                <td>
                  <Link to="/runs/$run" params={{ run }}>
                    <code>{run.slice(0, 13)}</code>
                  </Link>
                </td>
                <td>
                  <Time at={at} />
                </td>
                <td className="number">{numberText(rows)}</td>
                <td className="number">{numberText(values)}</td>
                <td className="number">{countText(entries)}</td>
                <td className="number">{countText(index)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </Panel>
  )
}
