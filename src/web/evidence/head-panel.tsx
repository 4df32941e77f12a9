/** The signed head of the ledger’s own log, and its note as a file for whoever wants to hold it. */
import type { Evidence } from '../../api/evidence.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Icon } from '../parts/icons.tsx'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { countText } from '../parts/units.ts'
import { Hash } from '../parts/values.tsx'
import { useTextFile } from '../row/text-file.ts'

export function HeadPanel({ of: { ledger, url, head } }: { readonly of: Evidence }) {
  const file = useTextFile(head?.note ?? null, 'text/plain')
  return (
    <Panel
      title="Signed head"
      actions={
        file !== null && (
          <a className="button" href={file} download="checkpoint.txt">
            <Icon name="download" size={14} />
            Checkpoint
          </a>
        )
      }
    >
      <dl className="facts">
        <dt>Ledger</dt>
        <dd className="copied">
          <code>{ledger}</code>
          <CopyButton text={ledger} what="id of the ledger" />
        </dd>
        <dt>Where</dt>
        <dd>
          <Text of={url} />
        </dd>
        {head !== null && (
          <>
            <dt>Entries</dt>
            <dd>{countText(head.size)}</dd>
            <dt>Root</dt>
            <dd>
              <Hash of={head.root} what="root" />
            </dd>
            <dt>Signed by</dt>
            <dd>
              {head.signed_by.map(each => (
                <div key={each}>
                  <code>
                    <Text of={each} />
                  </code>
                </div>
              ))}
            </dd>
          </>
        )}
      </dl>
      {head === null ? (
        <p className="failure">It has no head that is signed as it must be.</p>
      ) : (
        <details className="folded">
          <summary>the note, as others hold it</summary>
          <pre className="note">
            <Text of={head.note} lines />
          </pre>
          <p className="quiet small">
            Whoever keeps this can later have proven to them that the ledger still begins as it did:{' '}
            <code>custody verify --since FILE</code>.
          </p>
        </details>
      )}
    </Panel>
  )
}
