/** Keys on record, each with the sizes of the log whose heads it is good for. */
import type { Evidence } from '../../api/evidence.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Panel } from '../parts/panel.tsx'
import { Table } from '../parts/table.tsx'
import { Text } from '../parts/text.tsx'
import { counted, countText } from '../parts/units.ts'
import { Time } from '../parts/values.tsx'

type Key = Evidence['keys'][number]

export function Keys({ of }: { readonly of: Evidence['keys'] }) {
  const now = of.filter(each => each.until === null && !each.recovery && !each.revoked).length
  return (
    <Panel title="Keys" note={`${counted(now, 'key')} in force now`} flush className="wide">
      <Table
        label="Table of keys"
        columns={['Key', 'Good for heads of', 'Since', 'Trusted where the server runs']}
        rows={of.map(each => ({
          key: each.verifier_key,
          cells: [
            <NamedKey key="key" of={each} />,
            sizesText(each),
            <Time key="since" at={each.since} />,
            each.trusted ? 'yes' : 'no',
          ],
        }))}
      />
      <p className="quiet small keys-note">
        That the server names them makes none of them the right one: compare with what whoever keeps the ledger gave
        you.
      </p>
    </Panel>
  )
}

function NamedKey({ of: { name, verifier_key, recovery, revoked } }: { readonly of: Key }) {
  return (
    <>
      <span className="copied">
        <code title={verifier_key}>
          <Text of={name} />
        </code>
        <CopyButton text={verifier_key} what="verifier key" />
      </span>
      {recovery && <div className="quiet small">for recovery</div>}
      {revoked && <div className="failure small">revoked: somebody else may have it</div>}
    </>
  )
}

function sizesText({ from, until, recovery }: Key): string {
  if (recovery) return 'none: it may change the keys'
  if (until === null) return `${counted(from, 'entry', 'entries')} and more`
  return from === until ? counted(from, 'entry', 'entries') : `${countText(from)} to ${countText(until)} entries`
}
