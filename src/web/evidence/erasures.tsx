/** What was erased, as it stands on record: which values, never what they were. */
import { Link } from '@tanstack/react-router'
import type { Evidence } from '../../api/evidence.ts'
import { shortRun } from '../../read/words/text.ts'
import { Panel } from '../parts/panel.tsx'
import { Table } from '../parts/table.tsx'
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
      <Table
        label="Table of erasures"
        columns={[
          'Run',
          'When',
          { number: 'Rows' },
          { number: 'Values' },
          { number: 'Entries of the run' },
          { number: 'On record as entry' },
        ]}
        rows={of.map(({ index, run, at, entries, rows, values }) => ({
          key: `${index} ${run}`,
          cells: [
            <Link key="run" to="/runs/$run" params={{ run }}>
              <code>{shortRun(run)}</code>
            </Link>,
            <Time key="at" at={at} />,
            numberText(rows),
            numberText(values),
            countText(entries),
            countText(index),
          ],
        }))}
      />
    </Panel>
  )
}
