/** Others who vouch for heads of the ledger: witnesses, and timestamp authorities. */
import type { Evidence } from '../../api/evidence.ts'
import { Panel } from '../parts/panel.tsx'
import { Table } from '../parts/table.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import { Time } from '../parts/values.tsx'

interface Of<T> {
  readonly of: T
  /** Of the head now; null if there is none. */
  readonly head: number | null
}

export function Witnesses({ of, head }: Of<Evidence['witnesses']>) {
  if (of.length === 0)
    return (
      <Panel title="Witnesses" className="nothing">
        <p className="quiet">
          Nobody has cosigned a head. Without witnesses, whoever holds the key could show different histories to
          different people, until two of them compare. A policy names witnesses: see <code>custody witness --help</code>
          .
        </p>
      </Panel>
    )
  return (
    <Panel title="Witnesses" flush className="wide">
      <Table
        label="Table of witnesses"
        columns={['Witness', 'Cosigned', 'When, as it says', 'Known by policy']}
        rows={of.map(({ name, size, at, trusted }) => ({
          key: `${name} ${size}`,
          cells: [
            <Text key="name" of={name} />,
            sizeText(size, head),
            at === null ? 'it doesn’t say' : <Time key="at" at={at} />,
            trusted ? 'yes' : 'no',
          ],
        }))}
      />
    </Panel>
  )
}

export function Timestamps({ of, head }: Of<Evidence['timestamps']>) {
  if (of.length === 0)
    return (
      <Panel title="Timestamps" className="nothing">
        <p className="quiet">
          No head was dated by an authority. Times in entries are what this machine’s clock said; only a timestamp or a
          witness shows by when they existed.
        </p>
      </Panel>
    )
  return (
    <Panel title="Timestamps" flush className="wide">
      <Table
        label="Table of timestamps"
        columns={['Head of', 'Existed by', 'Authority', 'Trusted where the server runs']}
        rows={of.map(({ size, at, authority, trusted }) => ({
          key: `${size} ${at} ${authority}`,
          cells: [
            sizeText(size, head),
            at === null ? 'can’t be read' : <Time key="at" at={at} />,
            authority === null ? 'can’t be read' : <Text key="authority" of={authority} />,
            trusted ? 'yes' : 'no',
          ],
        }))}
      />
    </Panel>
  )
}

function sizeText(size: number, head: number | null): string {
  const behind = head === null ? 0 : head - size
  return `${counted(size, 'entry', 'entries')}${behind === 0 ? ', the head of now' : behind > 0 ? `, ${countText(behind)} fewer than now` : ''}`
}
