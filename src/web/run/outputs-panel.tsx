/** What was written where: rows, place, size, and the hash that `verify --files` compares. */
import { Link } from '@tanstack/react-router'
import type { ShownRun } from '../../api/runs.ts'
import { Panel } from '../parts/panel.tsx'
import { Text } from '../parts/text.tsx'
import { bytesText, counted, countText } from '../parts/units.ts'
import { Hash } from '../parts/values.tsx'

export function OutputsPanel({ shown }: { readonly shown: ShownRun }) {
  const staged = shown.staged.length
  return (
    <Panel
      title="Outputs"
      flush
      note={staged > 0 ? `${counted(staged, 'file')} kept under a hidden name until the end` : undefined}
    >
      <ul className="output-list">
        {Object.entries(shown.sinks).map(([sink, { rows, path, sha256, bytes, files }]) => (
          <li key={sink} className={rows === 0 ? 'unused' : ''}>
            <Link to="/runs/$run/rows" params={{ run: shown.run }} search={{ sink }} className="output-rows">
              {countText(rows)}
              <span className="spoken"> rows in</span>
            </Link>
            <div>
              <p>
                <b>
                  <Text of={sink} />
                </b>
                {bytes !== undefined && <span className="quiet small output-size"> · {bytesText(bytes)}</span>}
                {files !== undefined && <span className="quiet small"> · {counted(files, 'file')}</span>}
              </p>
              {path !== undefined && (
                <p className="small quiet output-path" title={path}>
                  <bdi>
                    <Text of={path} />
                  </bdi>
                </p>
              )}
            </div>
            {sha256 !== undefined && <Hash of={sha256} what={`SHA-256 of ${sink}`} />}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
