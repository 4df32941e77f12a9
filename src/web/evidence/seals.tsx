/** Runs that are sealed: the newest of them. */
import { Link } from '@tanstack/react-router'
import type { Evidence } from '../../api/evidence.ts'
import { Panel } from '../parts/panel.tsx'
import { Table } from '../parts/table.tsx'
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
        <Table
          label="Table of sealed runs"
          columns={['Run', 'Pipeline', 'Sealed', { number: 'Entry' }, { number: 'Entries of the run' }, 'Root']}
          rows={of.map(({ run, name, at, index, size, root }) => ({
            key: `${run} ${index}`,
            cells: [
              <RunIdText key="run" run={run} />,
              <Link key="name" to="/runs/$run" params={{ run }}>
                <Text of={name} />
              </Link>,
              <Time key="at" at={at} />,
              countText(index),
              countText(size),
              <Hash key="root" of={root} what="root of the run" />,
            ],
          }))}
        />
      )}
    </Panel>
  )
}
