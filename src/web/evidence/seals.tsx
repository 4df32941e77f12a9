/** Runs that are sealed: the newest of them. */
import { Link } from '@tanstack/react-router'
import type { Evidence } from '../../api/evidence.ts'
import { Panel, TableFrame } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import { Hash, RunIdText, Time } from '../parts/values.tsx'

export function Seals({ of }: { readonly of: Evidence['seals'] }) {
  return (
    <Panel
      title="Seals"
      note={of.length === 0 ? 'no run is sealed yet' : `the newest ${counted(of.length, 'run')}`}
      flush
      className="wide"
    >
      {of.length > 0 && (
        <TableFrame label="Table of sealed runs">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Pipeline</th>
                <th scope="col">Sealed</th>
                <th scope="col" className="number">
                  Entry
                </th>
                <th scope="col" className="number">
                  Entries of the run
                </th>
                <th scope="col">Root</th>
              </tr>
            </thead>
            <tbody>
              {of.map(({ run, name, at, index, size, root }) => (
                <tr key={`${run} ${index}`}>
                  <td>
                    <RunIdText run={run} />
                  </td>
                  <td>
                    <Link to="/runs/$run" params={{ run }}>
                      <Text of={name} />
                    </Link>
                  </td>
                  <td>
                    <Time at={at} />
                  </td>
                  <td className="number">{countText(index)}</td>
                  <td className="number">{countText(size)}</td>
                  <td>
                    <Hash of={root} what="root of the run" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </Panel>
  )
}
